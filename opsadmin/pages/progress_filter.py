"""Which runs the page "Runs" lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError
from opsadmin.jobs import task_log
from opsadmin.jobs.state import SILENCE
from opsadmin.jobs.tasks import find_task
from opsadmin.models import OperationRun
from opsadmin.perform import title_of

#: Runs on a page.
PAGE = 25
MOST_PAGES = 1000


def door_names() -> dict[str, str]:
    """Where somebody asks from, as it stands in the log."""
    return {
        "page": _("page"),
        "command": _("command"),
        "http": _("API"),
        "mcp": _("assistant (MCP)"),
        "schedule": _("schedule"),
        "python": _("Python"),
    }


def since_names() -> dict[str, tuple[str, timedelta]]:
    """How far back."""
    return {
        "hour": (_("the last hour"), timedelta(hours=1)),
        "day": (_("24 hours"), timedelta(days=1)),
        "week": (_("7 days"), timedelta(days=7)),
        "month": (_("30 days"), timedelta(days=30)),
    }


def title_of_run(run: OperationRun) -> str:
    """The operation's title, or the task's where it ran one."""
    if run.operation == task_log.OPERATION:
        try:
            return str(find_task(run.parameters.get("task", "")).title)
        except (OperationError, AttributeError):
            return title_of(run.operation)
    return title_of(run.operation)


def _outcomes() -> list[tuple[str, Any]]:
    return [("", _("any")), *OperationRun.Outcome.choices]


def _doors() -> list[tuple[str, Any]]:
    return [("", _("any")), *door_names().items()]


def _since() -> list[tuple[str, Any]]:
    return [("", _("any time")), *((name, words) for name, (words, _span) in since_names().items())]


class FilterForm(forms.Form):
    """A field that is wrong filters nothing."""

    operation = forms.CharField(label=gettext_lazy("Operation"), required=False, max_length=100)
    outcome = forms.ChoiceField(label=gettext_lazy("Outcome"), required=False, choices=_outcomes)
    door = forms.ChoiceField(label=gettext_lazy("From"), required=False, choices=_doors)
    who = forms.CharField(label=gettext_lazy("Who"), required=False, max_length=150)
    since = forms.ChoiceField(label=gettext_lazy("When"), required=False, choices=_since)

    @property
    def operations(self) -> list[tuple[str, str]]:
        """Of which there are runs."""
        names = OperationRun.objects.order_by().values_list("operation", flat=True).distinct()
        found = sorted(((name, title_of(name)) for name in names), key=lambda one: one[1].casefold())
        return [("", _("any")), *found]


@dataclass(frozen=True)
class Wanted:
    """What the reader asked for. `page` counts from 1."""

    operation: str = ""
    outcome: str = ""
    door: str = ""
    who: str = ""
    since: str = ""
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return bool(self.operation or self.outcome or self.door or self.who or self.since)

    def query(self, **changes: Any) -> str:
        """What a link says to be asked for the same, but for the changes."""
        values = {
            "operation": self.operation,
            "outcome": self.outcome,
            "door": self.door,
            "who": self.who,
            "since": self.since,
            "page": "" if self.page == 1 else self.page,
            **changes,
        }
        return "?" + urlencode({name: value for name, value in values.items() if value not in ("", None)})

    def of(self, runs: QuerySet[OperationRun]) -> QuerySet[OperationRun]:
        """Those of the runs that fit."""
        if self.operation:
            runs = runs.filter(operation=self.operation)
        if self.door:
            runs = runs.filter(door=self.door)
        if self.who:
            runs = runs.filter(caller__icontains=self.who)
        if self.since:
            runs = runs.filter(started_at__gte=timezone.now() - since_names()[self.since][1])
        # Who lost its process is noted only when somebody may write.
        silent = Q(outcome=OperationRun.Outcome.RUNNING, heartbeat_at__lt=timezone.now() - SILENCE)
        match self.outcome:
            case OperationRun.Outcome.RUNNING:
                runs = runs.filter(outcome=self.outcome).exclude(silent)
            case OperationRun.Outcome.INTERRUPTED:
                runs = runs.filter(Q(outcome=self.outcome) | silent)
            case str() as outcome if outcome:
                runs = runs.filter(outcome=outcome)
        return runs


def wanted_of(form: FilterForm, page: str) -> Wanted:
    """What a form and a page number ask for."""
    form.is_valid()
    number = int(page) if page.isdecimal() and len(page) < 6 else 1
    return Wanted(**form.cleaned_data, page=min(max(1, number), MOST_PAGES))
