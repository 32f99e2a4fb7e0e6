"""The schedule as it stands: each registered task with what the site database knows of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.jobs.patiently import patiently
from opsadmin.jobs.tasks import Task, find_task, tasks
from opsadmin.jobs.times import is_due, retry_time
from opsadmin.jobs.turn import is_over
from opsadmin.models import OperationRun, ScheduledTask


@dataclass(frozen=True)
class Planned:
    """`row` is unsaved where the task was never due here."""

    task: Task
    row: ScheduledTask

    @property
    def enabled(self) -> bool:
        return self.task.enabled if self.row.enabled is None else self.row.enabled

    @property
    def every(self) -> timedelta:
        seconds = self.row.every_seconds
        return timedelta(seconds=seconds) if seconds else self.task.every

    def is_under_way(self, now: datetime) -> bool:
        """Some process is at it, and lives."""
        return bool(self.row.holder) and not is_over(self.row.alive_until, now)

    def is_due(self, now: datetime) -> bool:
        return self.enabled and not self.row.holder and is_due(self.row.next_at, self.every, now)


def planned() -> list[Planned]:
    """Every task, as registered; one statement."""
    rows = {row.name: row for row in ScheduledTask.objects.all()}
    return [Planned(task, rows.get(task.name) or ScheduledTask(name=task.name)) for task in tasks()]


def planned_one(name: str) -> Planned:
    """The task of that name, whose row is in the site database from now on.

    Raises `OperationError` where there is none."""
    task = find_task(name)
    row, _new = patiently(lambda: ScheduledTask.objects.get_or_create(name=name))
    return Planned(task, row)


def note_dead() -> None:
    """Note the end of the tasks whose processes have died; they are tried again soon."""
    now = timezone.now()
    for one in planned():
        if one.row.holder and not one.is_under_way(now):
            failures = one.row.failures + 1
            patiently(lambda one=one, failures=failures: _interrupt(one, failures, now))  # type: ignore[misc]


def _interrupt(one: Planned, failures: int, now: datetime) -> None:
    words = _("The process that did it ended before it was done.")
    again = retry_time(failures, one.every, now)
    held = ScheduledTask.objects.filter(pk=one.row.pk, holder=one.row.holder, started_at=one.row.started_at)
    noted = held.update(
        holder="",
        alive_until=None,
        outcome=ScheduledTask.Outcome.INTERRUPTED,
        message=words,
        failures=failures,
        next_at=min(again, one.row.next_at) if one.row.next_at else again,
    )
    if noted and one.row.run is not None:
        begun = OperationRun.objects.filter(pk=one.row.run, outcome=OperationRun.Outcome.RUNNING)
        begun.update(outcome=OperationRun.Outcome.INTERRUPTED, finished_at=now, error=words, lease=None)
