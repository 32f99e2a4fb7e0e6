"""Doing one task: claimed in the site database so that nobody else does it too, in a thread of its own so that one that hangs
holds up nothing but itself, and its end noted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from opsadmin.core.blocks import said_seconds
from opsadmin.core.errors import OperationError
from opsadmin.core.result import Result
from opsadmin.jobs import task_log
from opsadmin.jobs.patiently import patiently
from opsadmin.jobs.planned import Planned
from opsadmin.jobs.tasks import Task
from opsadmin.jobs.times import next_time, retry_time
from opsadmin.jobs.turn import RENEW_SECONDS, end_of_period
from opsadmin.models import ScheduledTask
from opsadmin.postgres.sentences import sentence_of

logger = logging.getLogger(__name__)

#: Between two looks at whether somebody wants us to end.
STEP_SECONDS = 0.2
#: A sentence is not longer.
MAX_TEXT = 1000


@dataclass(frozen=True, kw_only=True)
class TaskDone(Result):
    """One run of a task. `outcome`: done, failed, or interrupted where nobody waited for its end."""

    task: str
    title: str
    outcome: str
    message: str
    seconds: float
    next_at: datetime | None = None


@dataclass
class _Work:
    """A task under way in its thread."""

    done: threading.Event = field(default_factory=threading.Event)
    message: str = ""
    error: str = ""


#: By task: the threads that this process no longer waits for.
_left_alone: dict[str, threading.Thread] = {}


def do(
    one: Planned,
    holder: str,
    *,
    is_stopped: Callable[[], bool] = lambda: False,
    beat: Callable[[], object] = lambda: None,
    run: int | None = None,
) -> TaskDone | None:
    """Do the task now; None where another process has just begun it. `is_stopped`: whether to wait no longer. `beat` is called
    every few seconds meanwhile. `run`: the number of a person's run in the log; without one the run is the schedule's, which
    is logged as far as the task's are, and done again at once where nobody waited for its end.

    Raises Django's database errors where the site database cannot be written."""
    begun, clock = timezone.now(), time.monotonic()
    if not _claim(one, holder, begun):
        return None
    log = task_log.begin(one) if run is None else run
    _note_run(one, holder, log)
    outcome, message = ScheduledTask.Outcome.INTERRUPTED, _("The process that did it was stopped.")
    try:
        outcome, message = _wait(one.task, _started(one.task), clock, is_stopped, lambda: _beat(one, holder, beat))
    finally:
        seconds = round(time.monotonic() - clock, 3)
        next_at = _end(one, holder, outcome, message, seconds, again=run is None)
        if run is None:
            task_log.end(one, log, begun, outcome, message, seconds)
    title = str(one.task.title)
    return TaskDone(
        task=one.task.name, title=title, outcome=outcome.value, message=message, seconds=seconds, next_at=next_at
    )


def _claim(one: Planned, holder: str, now: datetime) -> bool:
    """Whether it is ours: the row is as it was when we found it due."""
    row = one.row
    as_seen = ScheduledTask.objects.filter(pk=row.pk, holder="", started_at=row.started_at)
    values = {
        "holder": holder,
        "alive_until": end_of_period(now),
        "started_at": now,
        "next_at": next_time(row.next_at, one.every, now),
        "outcome": ScheduledTask.Outcome.RUNNING,
        "message": "",
        "elapsed_ms": None,
        "run": None,
    }
    return bool(patiently(lambda: as_seen.update(**values)))


def _started(task: Task) -> _Work:
    work = _Work()
    before = _left_alone.get(task.name)
    if before is not None and before.is_alive():
        work.error = _("The run before it still hangs in this process. Restart the site if it does not end.")
        work.done.set()
        return work
    thread = threading.Thread(target=_work, args=(task, work), name=f"task-{task.name}", daemon=True)
    _left_alone[task.name] = thread
    thread.start()
    return work


def _work(task: Task, work: _Work) -> None:
    try:
        with override(settings.LANGUAGE_CODE):
            work.message = str(task.run())[:MAX_TEXT]
    except OperationError as error:
        work.error = f"{error.message} {error.hint}".strip()[:MAX_TEXT]
    except DatabaseError as error:
        logger.warning("[schedule] %s failed: %s", task.name, type(error).__name__)
        work.error = sentence_of(error)[:MAX_TEXT]
    except Exception as error:
        logger.exception("[schedule] %s failed", task.name)
        work.error = _("It failed in a way nobody foresaw (%(kind)s). The site's log says where.") % {
            "kind": type(error).__name__
        }
    finally:
        connections.close_all()
        work.done.set()


def _wait(
    task: Task, work: _Work, begun: float, is_stopped: Callable[[], bool], beat: Callable[[], None]
) -> tuple[ScheduledTask.Outcome, str]:
    """How it ended, at the latest when its time is over."""
    beaten = time.monotonic()
    while not work.done.wait(STEP_SECONDS):
        now = time.monotonic()
        if is_stopped():
            return ScheduledTask.Outcome.INTERRUPTED, _("Nobody waited for its end: the process was stopped.")
        if now - begun > task.longest.total_seconds():
            longest = said_seconds(task.longest.total_seconds())
            words = _("It did not end within %(longest)s, so it is no longer waited for.") % {"longest": longest}
            return ScheduledTask.Outcome.FAILED, words
        if now - beaten > RENEW_SECONDS:
            beaten = now
            beat()
    if work.error:
        return ScheduledTask.Outcome.FAILED, work.error
    return ScheduledTask.Outcome.DONE, work.message


def _beat(one: Planned, holder: str, further: Callable[[], object]) -> None:
    try:
        mine = ScheduledTask.objects.filter(pk=one.row.pk, holder=holder)
        mine.update(alive_until=end_of_period(timezone.now()))
    except DatabaseError as error:
        logger.warning("[schedule] %s could not give a sign of life (%s)", one.task.name, type(error).__name__)
    further()


def _note_run(one: Planned, holder: str, run: int | None) -> None:
    if run is not None:
        patiently(lambda: ScheduledTask.objects.filter(pk=one.row.pk, holder=holder).update(run=run))


def _end(
    one: Planned, holder: str, outcome: ScheduledTask.Outcome, message: str, seconds: float, *, again: bool
) -> datetime | None:
    """Note it; when it is due next. `again`: at once where it was interrupted."""
    now = timezone.now()
    values: dict[str, Any] = {
        "holder": "",
        "alive_until": None,
        "outcome": outcome,
        "message": message,
        "elapsed_ms": seconds * 1000,
        "failures": 0,
    }
    if outcome is ScheduledTask.Outcome.FAILED:
        values["failures"] = one.row.failures + 1
        values["next_at"] = retry_time(one.row.failures + 1, one.every, now)
    elif outcome is ScheduledTask.Outcome.INTERRUPTED:
        values["failures"] = one.row.failures
        if again:
            values["next_at"] = now
    mine = ScheduledTask.objects.filter(pk=one.row.pk, holder=holder)
    try:
        patiently(lambda: mine.update(**values))
    except DatabaseError as error:
        # Once it gives no sign of life it counts as interrupted.
        logger.error("[schedule] the end of %s could not be noted (%s)", one.task.name, type(error).__name__)
        return None
    next_at: datetime | None = ScheduledTask.objects.values_list("next_at", flat=True).get(pk=one.row.pk)
    return next_at
