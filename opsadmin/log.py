"""The log of runs: every operation that changes something, who asked for it, from where, and how it ended.

It lives in the site database. A log that cannot be written never stops an operation that helps in an incident: the
server's log says so."""

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

logger = logging.getLogger(__name__)

#: A result or a parameter beyond that is cut: the log is for reading.
MAX_TEXT = 4000


def started(operation: Operation, parameters: OnDatabase, caller: Caller) -> OperationRun | None:
    """The row of a run that begins now; None where the site database refused it."""
    run = OperationRun(
        operation=operation.name,
        effect=operation.effect.value,
        database=parameters.database,
        caller=caller.name[:150],
        door=caller.door,
        address=caller.address[:64],
        parameters=_short(plain(parameters)),
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
        run.result = _short(plain(result))
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


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else value[:MAX_TEXT] + " ..."
    if isinstance(value, dict):
        return {key: _short(item) for key, item in list(value.items())[:100]}
    if isinstance(value, list):
        return [_short(item) for item in value[:100]]
    return value
