"""Doing an operation on behalf of a caller: the one way that every door takes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.db import Error as DatabaseError
from django.utils.module_loading import autodiscover_modules

from opsadmin.core.errors import NotConfirmed, NotPermitted, OperationError, OperationFailed, UnknownOperation
from opsadmin.core.operation import Call, Caller, Effect, Operation, Preview, Progress, named, registered
from opsadmin.core.params import LongOnDatabase, OnDatabase, parse
from opsadmin.jobs.runner import carry_out, here
from opsadmin.jobs.state import find_run
from opsadmin.log import finished, started
from opsadmin.models import OperationRun
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.sentences import sentence_of

logger = logging.getLogger(__name__)


@cache
def load() -> None:
    """Import the `operations` module of every installed app; once, because asking every app costs 3 ms."""
    autodiscover_modules("operations")


def operations() -> list[Operation]:
    """Every operation of every installed app, by group."""
    load()
    return registered()


def find(name: str) -> Operation:
    """The operation of that name.

    Raises `UnknownOperation`."""
    load()
    return named(name)


def title_of(name: str) -> str:
    """What the operation is called for people; its name where it is no more."""
    try:
        return str(find(name).title)
    except UnknownOperation:
        return name


def prepare(operation: Operation, given: Mapping[str, Any], caller: Caller) -> OnDatabase:
    """The parameters, after the caller's permission and reach were looked at.

    Raises `NotPermitted`, `OperationError`."""
    if operation.effect.rank > caller.reach.rank:
        raise NotPermitted(
            f"{caller.name} may not do {operation.name}, because it {operation.effect} and this token is made for what "
            f"{caller.reach} at most."
        )
    if not caller.may(operation.permission):
        raise NotPermitted(
            f"{caller.name} may not do {operation.name}: the permission {operation.permission} is missing."
        )
    parameters = parse(operation.parameters, given)
    resolve_alias(parameters.database)
    return parameters


def preview(name: str, given: Mapping[str, Any], caller: Caller) -> Preview | None:
    """What the operation would do; None where it has no preview, or would change nothing. Changes nothing.

    Raises `OperationError` and its subclasses."""
    operation = find(name)
    parameters = prepare(operation, given, caller)
    if operation.preview is None:
        return None
    found: Preview | None = _guarded(operation, operation.preview, parameters, Call(caller))
    return found


def perform(
    name: str,
    given: Mapping[str, Any],
    caller: Caller,
    *,
    confirmed: bool = False,
    report: Callable[[Progress], None] = lambda progress: None,
) -> Any:
    """Do the operation and return its result. What changes something is kept in the log of runs: who, from where, with
    which parameters, and how it ended. What takes long may go on after this returned a `RunState`.

    Raises `OperationError` and its subclasses: `NotPermitted`, `NotConfirmed` (it destroys, and `confirmed` is False),
    `OperationFailed` (it could not be done)."""
    operation = find(name)
    parameters = prepare(operation, given, caller)
    if operation.effect is Effect.DESTROYS and not confirmed:
        raise NotConfirmed(f"{operation.name} cannot be undone. Look at its preview, then confirm it.")
    call = Call(caller, report)
    if operation.effect is Effect.READS:
        return _guarded(operation, operation.run, parameters, call)
    run = started(operation, parameters, caller) if operation.is_logged else None
    if isinstance(parameters, LongOnDatabase):
        if run is None:
            raise OperationFailed(
                "The site's own database could not be written, and what takes long is kept track of there."
            )
        return carry_out(run, parameters, caller, report, lambda call: _logged(operation, parameters, call, run))
    return _logged(operation, parameters, Call(caller, report), run)


def carry_on(run: int, name: str, given: Mapping[str, Any], caller: Caller) -> Any:
    """Do the run that another process wrote into the log and asked for the permission of.

    Raises as `perform`."""
    operation, row = find(name), find_run(run)
    parameters = prepare(operation, given, caller)
    return here(run, caller, lambda progress: None, lambda call: _logged(operation, parameters, call, row))


def _logged(operation: Operation, parameters: OnDatabase, call: Call, run: OperationRun | None) -> Any:
    begun = time.monotonic()
    try:
        result = _guarded(operation, operation.run, parameters, call)
    except BaseException as error:
        finished(run, error=error, seconds=time.monotonic() - begun)
        raise
    finished(run, result=result, seconds=time.monotonic() - begun)
    return result


def _guarded(operation: Operation, function: Callable[[Any, Call], Any], parameters: OnDatabase, call: Call) -> Any:
    try:
        return function(parameters, call)
    except OperationError:
        raise
    except DatabaseError as error:
        logger.warning("[ops] %s failed: %s", operation.name, type(error).__name__)
        raise OperationFailed(sentence_of(error)) from error
