"""The log of runs: every operation that changes something, who asked for it, from where, and how it ended.

It lives in the site database. A log that cannot be written never stops an operation that helps in an incident: the
server's log says so. Of statements it keeps no quoted constants: those are people's data. The definition of an index keeps
its own: it takes back what was done."""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from opsadmin.core.errors import OperationError, Stopped
from opsadmin.core.operation import Caller, Operation
from opsadmin.core.params import OnDatabase
from opsadmin.core.result import plain
from opsadmin.jobs.patiently import patiently
from opsadmin.models import OperationRun
from opsadmin.postgres.masking import masked

logger = logging.getLogger(__name__)

#: A result or a parameter beyond that is cut: the log is for reading.
MAX_TEXT = 4000
#: What statements are called in parameters and results.
_STATEMENTS = frozenset({"queries", "query", "sql"})


def started(operation: Operation, parameters: OnDatabase, caller: Caller) -> OperationRun | None:
    """The row of a run that begins now; None where the site database refused it."""
    run = OperationRun(
        operation=operation.name,
        effect=operation.effect.value,
        database=parameters.database,
        caller=caller.name[:150],
        door=caller.door,
        address=caller.address[:64],
        parameters=_kept(plain(parameters)),
    )
    try:
        run.save()
    except DatabaseError as error:
        logger.error("[ops] the log of runs could not be written (%s): %s", type(error).__name__, run)
        return None
    return run


def finished(
    run: OperationRun | None, *, seconds: float, result: Any = None, error: BaseException | None = None
) -> None:
    """Note how the run ended."""
    if run is None:
        return
    run.finished_at = timezone.now()
    run.elapsed_ms = seconds * 1000
    run.lease = None
    if error is None:
        run.outcome = OperationRun.Outcome.DONE
        run.result = _kept(plain(result))
    else:
        ends = isinstance(error, Stopped | KeyboardInterrupt)
        run.outcome = OperationRun.Outcome.CANCELLED if ends else OperationRun.Outcome.FAILED
        run.error = _words(error)[:MAX_TEXT]
    try:
        # Its progress is another thread's to write.
        fields = ["finished_at", "elapsed_ms", "lease", "outcome", "result", "error"]
        patiently(lambda: run.save(update_fields=fields))
    except DatabaseError as failure:
        logger.error("[ops] the log of runs could not be written (%s): %s", type(failure).__name__, run)


def _words(error: BaseException) -> str:
    if isinstance(error, OperationError):
        return f"{error.message} {error.hint}".strip()
    return "Interrupted at the terminal." if isinstance(error, KeyboardInterrupt) else type(error).__name__


def _kept(value: Any, name: str = "") -> Any:
    """Plain data as the log has it: not too long, and statements without constants. `name`: what it is called."""
    if isinstance(value, str):
        value = masked(value) if name in _STATEMENTS else value
        return value if len(value) <= MAX_TEXT else value[:MAX_TEXT] + " ..."
    if isinstance(value, dict):
        return {key: _kept(item, key) for key, item in list(value.items())[:100]}
    if isinstance(value, list):
        return [_kept(item, name) for item in value[:100]]
    return value
