"""Runs of tasks in the log of runs. One that comes round more often than once an hour is there only when it begins to fail:
otherwise nobody would find anything else."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from opsadmin.jobs.patiently import patiently
from opsadmin.jobs.planned import Planned
from opsadmin.models import OperationRun, ScheduledTask

logger = logging.getLogger(__name__)

#: The operation that a person does the same with, and the door behind which nobody stands.
OPERATION, DOOR = "run_task", "schedule"
RARE = timedelta(hours=1)


def begin(one: Planned) -> int | None:
    """The number of the run in the log; None where it is not kept, or not yet."""
    if not (one.task.is_logged and one.every >= RARE):
        return None
    return _write(lambda: OperationRun.objects.create(**_values(one)).pk)


def end(
    one: Planned, run: int | None, begun: datetime, outcome: ScheduledTask.Outcome, message: str, seconds: float
) -> None:
    """Note how it ended."""
    failed = outcome is ScheduledTask.Outcome.FAILED
    if run is None and not (one.task.is_logged and failed and one.row.failures == 0):
        return
    values: dict[str, Any] = {
        "outcome": OperationRun.Outcome(outcome.value),
        "finished_at": timezone.now(),
        "elapsed_ms": seconds * 1000,
        "error": "" if outcome is ScheduledTask.Outcome.DONE else message,
        "result": {"message": message} if outcome is ScheduledTask.Outcome.DONE else None,
    }
    if run is None:
        run = _write(lambda: OperationRun.objects.create(**_values(one)).pk)
        if run is None:
            return
        values["started_at"] = begun
        ScheduledTask.objects.filter(pk=one.row.pk).update(run=run)
    number = run
    _write(lambda: OperationRun.objects.filter(pk=number).update(**values))


def _values(one: Planned) -> dict[str, Any]:
    return {
        "operation": OPERATION,
        "effect": "writes",
        "caller": DOOR,
        "door": DOOR,
        "parameters": {"task": one.task.name},
    }


def _write(write: Any) -> int | None:
    """A log that cannot be written stops nothing."""
    try:
        return int(patiently(write))
    except DatabaseError as error:
        logger.error("[schedule] the log of runs could not be written (%s)", type(error).__name__)
        return None
