"""The schedule on the page "Runs": what comes round by itself, and what a person does about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.core.blocks import said_seconds
from opsadmin.core.errors import NotPermitted, OperationError
from opsadmin.jobs.planned import Planned, planned
from opsadmin.jobs.state import RunState
from opsadmin.models import ScheduledTask
from opsadmin.operations.list_tasks import TaskState, state_of
from opsadmin.pages.site import caller_of, site_url
from opsadmin.perform import perform

RUN, MANAGE = "opsadmin.run_tasks", "opsadmin.manage_schedule"
SCHEDULE = "schedule"
#: What is due for longer than that nobody does.
PATIENCE = timedelta(minutes=5)

_TONES = {"done": "ok", "failed": "critical", "interrupted": "warning", "running": "unknown"}


@dataclass(frozen=True)
class Shown:
    """A task in the table. `tone`: of its badge. `minutes`: as the form says it."""

    state: TaskState
    tone: str
    minutes: str

    @property
    def is_running(self) -> bool:
        return self.state.outcome == "running"

    @property
    def is_due(self) -> bool:
        return self.state.next_at is None or self.state.next_at <= timezone.now()


@dataclass(frozen=True)
class Plan:
    """The schedule. `waiting_since`: something is due for that long and nobody does it. `never`: nothing was ever done."""

    tasks: tuple[Shown, ...]
    failing: tuple[str, ...]
    waiting_since: datetime | None
    never: bool
    scheduler: bool
    may_run: bool
    may_manage: bool


def plan_of(request: HttpRequest) -> Plan:
    """The schedule as it stands; one statement."""
    now = timezone.now()
    all_of_them = planned()
    on = [one for one in all_of_them if one.enabled]
    late = [one.row.next_at for one in on if _is_late(one, now) and one.row.next_at is not None]
    return Plan(
        tasks=tuple(map(_shown, all_of_them)),
        failing=tuple(str(one.task.title) for one in on if one.row.failures),
        waiting_since=min(late, default=None),
        never=bool(on) and all(one.row.started_at is None for one in on),
        scheduler=bool(getattr(settings, "OPSADMIN", {}).get("SCHEDULER")),
        may_run=request.user.has_perm(RUN),
        may_manage=request.user.has_perm(MANAGE),
    )


def _is_late(one: Planned, now: datetime) -> bool:
    return not one.is_under_way(now) and one.row.next_at is not None and one.row.next_at < now - PATIENCE


def _shown(one: Planned) -> Shown:
    state = state_of(one)
    return Shown(state, _TONES.get(state.outcome, "unknown"), f"{state.every_seconds / 60:g}")


def act(request: HttpRequest, name: str) -> HttpResponse:
    """What a form of the table asks for: run it now, switch it on or off, change its interval.

    Raises PermissionDenied."""
    back = HttpResponseRedirect(f"{site_url(request, 'ops_progress')}?show={SCHEDULE}")
    try:
        match request.POST.get("action"):
            case "run":
                return _run(request, name)
            case "on" | "off" as wish:
                _change(request, name, {"enabled": wish == "on"})
            case "every":
                _change(request, name, {"every_minutes": _minutes(request.POST.get("minutes", ""))})
    except NotPermitted:
        raise PermissionDenied from None
    except OperationError as error:
        messages.error(request, f"{error.message} {error.hint}".strip())
    return back


def _minutes(text: str) -> float:
    """The number that a form has, with a comma too.

    Raises `OperationError`."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise OperationError(_("“%(text)s” is no number of minutes.") % {"text": text[:40]}) from None


def _run(request: HttpRequest, name: str) -> HttpResponse:
    state: RunState = perform("run_task", {"task": name}, caller_of(request))
    return HttpResponseRedirect(f"{site_url(request, 'ops_progress')}?run={state.run}")


def _change(request: HttpRequest, name: str, given: dict[str, Any]) -> None:
    state: TaskState = perform("set_task", {"task": name, **given}, caller_of(request))
    words = {"task": state.title, "every": said_seconds(state.every_seconds)}
    if not state.enabled:
        said = _("%(task)s no longer runs by itself.") % words
    else:
        said = _("%(task)s runs every %(every)s.") % words
    LogEntry.objects.log_actions(
        user_id=int(request.user.pk or 0),
        queryset=[ScheduledTask.objects.get(name=name)],
        action_flag=CHANGE,
        change_message=said,
        single_object=True,
    )
    messages.success(request, said)
