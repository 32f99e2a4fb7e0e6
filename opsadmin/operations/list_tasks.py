"""The schedule: what comes round by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.blocks import Block, Table, said, said_seconds
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase
from opsadmin.core.result import Result
from opsadmin.jobs.planned import Planned, planned
from opsadmin.jobs.site_database import in_words


@dataclass(frozen=True, kw_only=True)
class TaskState(Result):
    """`outcome`: of the last run, empty where there was none. `usual_every_seconds`: as the task was registered. `run`: the
    last run's number in the log, where it is there. `operation`: what a person does in place of running it."""

    task: str
    title: str
    summary: str
    enabled: bool
    every_seconds: float
    usual_every_seconds: float
    next_at: datetime | None
    last_at: datetime | None
    outcome: str
    last_message: str
    elapsed_ms: float | None
    failures: int
    run: int | None
    operation: str


@dataclass(frozen=True)
class Schedule(Result):
    """Every task."""

    tasks: list[TaskState]

    def blocks(self) -> list[Block]:
        columns = (_("Task"), _("Name"), _("Every"), _("Next"), _("Last"), _("Outcome"), _("What it did"))
        return [Table("", columns, tuple(_row(one) for one in self.tasks), empty=_("No task is registered."))]


def _row(one: TaskState) -> tuple[str, ...]:
    if not one.enabled:
        when = _("off")
    else:
        when = said("", one.next_at) if one.next_at else _("at once")
    every = said_seconds(one.every_seconds)
    return (one.title, one.task, every, when, said("", one.last_at), one.outcome or "–", one.last_message or "–")


def state_of(one: Planned) -> TaskState:
    """The task as it stands."""
    row, now = one.row, timezone.now()
    return TaskState(
        task=one.task.name,
        title=str(one.task.title),
        summary=str(one.task.summary),
        enabled=one.enabled,
        every_seconds=one.every.total_seconds(),
        usual_every_seconds=one.task.every.total_seconds(),
        next_at=max(row.next_at, now) if row.next_at and one.enabled else None,
        last_at=row.started_at,
        outcome="interrupted" if row.holder and not one.is_under_way(now) else row.outcome,
        last_message=row.message,
        elapsed_ms=row.elapsed_ms,
        failures=row.failures,
        run=row.run,
        operation=one.task.operation,
    )


@operation(
    "list_tasks",
    title=gettext_lazy("Scheduled tasks"),
    summary=gettext_lazy("What comes round by itself: how often, when next, and how it went last."),
    group="runs",
    parameters=OnDatabase,
)
def run(parameters: OnDatabase, call: Call) -> Schedule:
    with in_words():
        return Schedule([state_of(one) for one in planned()])
