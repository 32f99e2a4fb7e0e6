"""Changing when a scheduled task runs, and whether."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.blocks import said_seconds
from opsadmin.core.errors import NotPermitted, OperationError
from opsadmin.core.operation import Call, Caller, Effect, Preview, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.jobs.patiently import patiently
from opsadmin.jobs.planned import Planned, planned_one
from opsadmin.jobs.site_database import in_words
from opsadmin.jobs.tasks import Task, find_task
from opsadmin.models import ScheduledTask
from opsadmin.operations.list_tasks import TaskState, state_of
from opsadmin.perform import find

#: A month: what is rarer is better not left to a clock that nobody looks at.
MOST_MINUTES = 31 * 24 * 60


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    task: str = parameter(help="The task's name, as list_tasks says it.")
    enabled: bool | None = parameter(None, help="Whether it runs. Left out: as it was.")
    every_minutes: float | None = parameter(
        None,
        help="From one beginning to the next. 0: as the task has it by itself. Left out: as it was.",
        minimum=0,
        maximum=MOST_MINUTES,
    )


def preview(parameters: Parameters, call: Call) -> Preview:
    with in_words():
        one = planned_one(parameters.task)
    _check(parameters)
    return Preview(tuple(_sentences(one, parameters)))


@operation(
    "set_task",
    title=gettext_lazy("Change a scheduled task"),
    summary=gettext_lazy("Switch a scheduled task on or off, or have it run more or less often."),
    group="runs",
    effect=Effect.WRITES,
    permission="opsadmin.manage_schedule",
    parameters=Parameters,
    preview=preview,
)
def run(parameters: Parameters, call: Call) -> TaskState:
    _check(parameters)
    if parameters.enabled:
        _check_may(find_task(parameters.task), call.caller)
    with in_words():
        one = planned_one(parameters.task)
        row = one.row
        fields = []
        if parameters.enabled is not None:
            row.enabled = parameters.enabled
            fields.append("enabled")
        if parameters.every_minutes is not None:
            row.every_seconds = round(parameters.every_minutes * 60) or None
            fields.append("every_seconds")
        changed = Planned(one.task, row)
        row.next_at = _next(row, changed.every)
        patiently(lambda: row.save(update_fields=[*fields, "next_at"]))
    return state_of(changed)


def _next(row: ScheduledTask, every: timedelta) -> datetime | None:
    """In step with the last beginning. What was off for long, or is asked for more often now, is due at once."""
    if row.started_at is None:
        return None
    return max(row.started_at + every, timezone.now())


def _check(parameters: Parameters) -> None:
    if parameters.enabled is None and parameters.every_minutes is None:
        raise OperationError(_("Say enabled or every_minutes: there is nothing to change."), parameter="every_minutes")
    if parameters.every_minutes is not None and 0 < parameters.every_minutes < 1:
        raise OperationError(
            _("An interval is 1 minute or more; 0 stands for the usual one."), parameter="every_minutes"
        )


def _check_may(task: Task, caller: Caller) -> None:
    """Who switches it on lets it happen.

    Raises `NotPermitted`."""
    does = find(task.operation) if task.operation else None
    if does is not None and not (caller.may(does.permission) and does.effect.rank <= caller.reach.rank):
        words = {"caller": caller.name, "task": task.title, "operation": does.name}
        raise NotPermitted(_("%(caller)s may not switch on “%(task)s”, because they may not do %(operation)s.") % words)


def _sentences(one: Planned, parameters: Parameters) -> list[str]:
    words = {"task": str(one.task.title)}
    found = []
    if parameters.enabled is not None:
        found.append((_("%(task)s runs by itself.") if parameters.enabled else _("%(task)s no longer runs.")) % words)
    if parameters.every_minutes is not None:
        seconds = parameters.every_minutes * 60 or one.task.every.total_seconds()
        words |= {"every": said_seconds(seconds), "before": said_seconds(one.every.total_seconds())}
        found.append(_("%(task)s: every %(every)s from now on, every %(before)s until now.") % words)
    return found
