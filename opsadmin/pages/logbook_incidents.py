"""The incidents on the page "Incidents & decisions": the list, and one of them with its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError
from opsadmin.logbook.markdown import incident_markdown, offset
from opsadmin.logbook.steps import Step, steps_of
from opsadmin.logbook.timeline import Entry, entries_of
from opsadmin.logbook.told import incident_told
from opsadmin.models import Incident
from opsadmin.pages.actions import Action, action_for
from opsadmin.pages.logbook_parts import Link, act, address, log, markdown, need, number_in, page, paged
from opsadmin.pages.site import site_url
from opsadmin.perform import load
from opsadmin.postgres.aliases import postgres_aliases

VIEW, WRITE = "opsadmin.view_incident", "opsadmin.write_incident"
STATES = ("all", "open", "closed")
#: Entries of a long incident that are shown: the first ones, and the last ones. Characters of all their texts together,
#: and what each may have in any case. Things that are wrong.
FIRST, LAST = 20, 80
ROOM, LEAST = 20_000, 200
STEPS = 10


class OpenForm(forms.Form):
    """An incident that no check sees."""

    title = forms.CharField(label=gettext_lazy("What is wrong"), max_length=200)
    severity = forms.ChoiceField(label=gettext_lazy("How bad"), choices=Incident.Severity)
    text = forms.CharField(
        label=gettext_lazy("What is known of it"), required=False, max_length=10_000, widget=forms.Textarea({"rows": 4})
    )


@dataclass(frozen=True)
class ShownEntry:
    """`when`: with the date where it is not the one of the incident's beginning. `run_url`: where the operation is, for who
    may see it. `left_out`: so many entries are missing before this one."""

    entry: Entry
    when: str
    text: str
    offset: str
    run_url: str
    left_out: int = 0


@dataclass(frozen=True)
class ShownStep:
    step: Step
    action: Action | None


# --- the list -------------------------------------------------------------------------------------------------------
def incidents_list(request: HttpRequest, database: str, form: OpenForm | None = None) -> HttpResponse:
    """Those of a database, newest first."""
    need(request, VIEW)
    asked, text = request.GET.get("state", ""), request.GET.get("q", "").strip()[:200].replace("\0", "")
    state = asked if asked in STATES else "all"
    rows = Incident.objects.filter(database=database)
    if state != "all":
        rows = rows.filter(closed_at__isnull=state == "open")
    if text:
        rows = rows.filter(Q(title__icontains=text) | Q(message__icontains=text) | Q(events__text__icontains=text))
        rows = rows.distinct()
    found = paged(rows, request)
    names = {"all": _("All"), "open": _("Open"), "closed": _("Closed")}
    said = {"state": "" if state == "all" else state, "q": text}

    def to(**query: Any) -> str:
        return address(request, database, **{**said, **query})

    return page(
        request,
        "logbook",
        "incidents",
        database,
        title=_("Incidents & decisions"),
        databases=postgres_aliases(),
        rows=[(one, incident_told(one)) for one in found.rows],
        found=found,
        before=to(page=found.before) if found.before else "",
        after=to(page=found.after) if found.after else "",
        states=[Link(names[one], to(state="" if one == "all" else one), one == state) for one in STATES],
        state=state,
        text=text,
        form=(form or OpenForm()) if request.user.has_perm(WRITE) else None,
        everything=address(request, database),
    )


def open_one(request: HttpRequest, database: str) -> HttpResponse:
    """Open one by hand."""
    need(request, WRITE)
    form = OpenForm(request.POST)
    if form.is_valid():
        try:
            told = act(request, "open_incident", {**form.cleaned_data, "database": database})
        except OperationError as error:
            form.add_error(error.parameter if error.parameter in form.fields else None, error.message)
        else:
            log(request, Incident.objects.filter(pk=told.incident), ADDITION, told.title)
            messages.success(request, _("Incident %(number)d is open.") % {"number": told.incident})
            return HttpResponseRedirect(address(request, database, incident=told.incident))
    return incidents_list(request, database, form)


# --- one ------------------------------------------------------------------------------------------------------------
def incident_page(request: HttpRequest, number: str, draft: str = "", error: str = "") -> HttpResponse:
    """One with its time; with `?export=markdown` as a file. `draft`: a note that was not taken, and why."""
    need(request, VIEW)
    incident = _find(number)
    if request.GET.get("export") == "markdown":
        return markdown(f"incident-{incident.pk}", incident_markdown(incident))
    entries, steps = entries_of(incident), steps_of(incident)
    told = incident_told(incident)
    decide = request.user.has_perm("opsadmin.write_decision")
    return page(
        request,
        "logbook_incident",
        "incidents",
        incident.database,
        title=incident.title,
        incident=incident,
        told=told,
        here=address(request, incident.database, incident=incident.pk),
        export=address(request, incident.database, incident=incident.pk, export="markdown"),
        decide=address(request, incident.database, write="blank", incident=incident.pk) if decide else "",
        entries=_shown(request, incident, entries),
        steps=_with_actions(steps[:STEPS], incident.database, request.user.has_perm),
        more_steps=len(steps[STEPS:]),
        bad=sum(one.is_bad for one in steps),
        decisions=_decisions(request, incident),
        may_write=request.user.has_perm(WRITE),
        draft=draft,
        error=error,
    )


def change_incident(request: HttpRequest, action: str) -> HttpResponse:
    """Write a note into one, close it, or open it again."""
    need(request, WRITE)
    incident = _find(request.POST.get("incident", ""))
    text = request.POST.get("text", "")
    given = {"incident": incident.pk, "text": text, "database": incident.database}
    try:
        match action:
            case "note":
                act(request, "note_incident", given)
                said = _("The note is written.")
            case "close":
                act(request, "close_incident", given)
                said = _("The incident is closed.")
            case _:
                act(request, "close_incident", {**given, "again": True})
                said = _("The incident is open again.")
    except OperationError as error:
        return incident_page(request, str(incident.pk), draft=text, error=error.message)
    log(request, Incident.objects.filter(pk=incident.pk), CHANGE, f"{action}: {text}" if text.strip() else action)
    messages.success(request, said)
    return HttpResponseRedirect(address(request, incident.database, incident=incident.pk))


def _find(number: str) -> Incident:
    key = number_in(number)
    incident = Incident.objects.filter(pk=key).first() if key is not None else None
    if incident is None or incident.database not in postgres_aliases():
        raise Http404(_("There is no incident %(number)s.") % {"number": number[:30]})
    return incident


def _shown(request: HttpRequest, incident: Incident, entries: list[Entry]) -> list[ShownEntry]:
    may_see = request.user.has_perm("opsadmin.view_operationrun")
    left_out = max(0, len(entries) - FIRST - LAST)
    kept = entries if not left_out else [*entries[:FIRST], *entries[-LAST:]]
    room = max(LEAST, ROOM // len(kept)) if kept else 0
    return [
        ShownEntry(
            entry,
            _clock(entry.at, incident.opened_at),
            entry.text if len(entry.text) <= room else f"{entry.text[:room]}…",
            offset(entry.seconds),
            _run_url(request, entry.run) if may_see and entry.run else "",
            left_out if place == FIRST else 0,
        )
        for place, entry in enumerate(kept)
    ]


def _clock(at: datetime, begin: datetime) -> str:
    local, first = timezone.localtime(at), timezone.localtime(begin)
    return format_date(local, "H:i:s" if local.date() == first.date() else "j M H:i:s")


def _run_url(request: HttpRequest, run: int) -> str:
    try:
        return site_url(request, "opsadmin_operationrun_change", str(run))
    except NoReverseMatch:
        return ""


def _with_actions(steps: list[Step], database: str, may: Callable[[str], bool]) -> list[ShownStep]:
    load()  # actions name operations
    found = []
    for step in steps:
        action = action_for(step.as_dict(), database)
        found.append(ShownStep(step, action if action is not None and may(action.permission) else None))
    return found


def _decisions(request: HttpRequest, incident: Incident) -> list[tuple[Any, str]]:
    if not request.user.has_perm("opsadmin.view_decision"):
        return []
    rows = incident.decisions.order_by("pk")[:20]
    return [(one, address(request, incident.database, decision=one.pk)) for one in rows]
