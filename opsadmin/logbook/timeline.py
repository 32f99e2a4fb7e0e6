"""An incident's time, entry by entry: what was seen, what was done, what happened beside it, and what people wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.core.result import Result
from opsadmin.logbook.incidents import runs_within
from opsadmin.models import Incident, IncidentEvent, Mark
from opsadmin.perform import title_of
from opsadmin.workload.marks import marks

Kind = IncidentEvent.Kind

#: What happened shortly before may be why.
LEAD = timedelta(minutes=15)
#: Marks of the trends that the incident has no entry of its own for.
BESIDE = (
    Mark.Kind.DEPLOY,
    Mark.Kind.INDEX_CREATED,
    Mark.Kind.INDEX_DROPPED,
    Mark.Kind.RESTART,
    Mark.Kind.RESET,
    Mark.Kind.SUSPENDED,
)
#: Each kind has a sign, so that it is known without its colour.
SIGNS = {
    "opened": "●",
    "worse": "⚠",
    "better": "↘",
    "fine": "✓",
    "happened": "◆",
    "note": "✎",
    "run": "▶",
    "reopened": "↺",
    "closed": "■",
}


@dataclass(frozen=True)
class Entry(Result):
    """`seconds`: since the incident opened, below zero before. `word` says the kind in the reader's language, `title` what
    it is about. `run`: the number of a run of an operation, `operation` its name."""

    at: datetime
    seconds: float
    kind: str
    severity: str
    word: str
    title: str
    text: str
    who: str
    run: int | None = None
    operation: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sign(self) -> str:
        return SIGNS[self.kind]


def entries_of(incident: Incident) -> list[Entry]:
    """All of it, oldest first.

    Raises Django's database errors."""
    kept = list(incident.events.all())
    found = [_entry(incident, event) for event in kept]
    if incident.is_open:
        # Those of a closed one are kept with it.
        there = {event.ref for event in kept if event.kind == Kind.RUN}
        found += [_run(incident, run) for run in runs_within(incident) if f"run {run.pk}" not in there]
    end = incident.closed_at or timezone.now()
    for mark in marks(incident.database, incident.opened_at - LEAD, end + timedelta(seconds=1), BESIDE):
        found.append(_made(incident, mark.at, "happened", title=mark.name, text=mark.text))
    return sorted(found, key=lambda entry: entry.at)


def _entry(incident: Incident, event: IncidentEvent) -> Entry:
    if event.kind == Kind.RUN:
        return _made(
            incident,
            event.at,
            "run",
            title=title_of(event.subject),
            text=_run_text(event.data.get("outcome", ""), event.text),
            who=event.who,
            run=event.data.get("run"),
            operation=event.subject,
        )
    return _made(
        incident,
        event.at,
        event.kind,
        severity=event.severity,
        title=event.subject,
        text=event.text,
        who=event.who,
        data=event.data,
    )


def _run(incident: Incident, run: Any) -> Entry:
    text = _run_text(run.outcome, run.error)
    return _made(
        incident,
        run.started_at,
        "run",
        title=title_of(run.operation),
        text=text,
        who=run.caller,
        run=run.pk,
        operation=run.operation,
    )


def _run_text(outcome: str, error: str) -> str:
    words = {
        "running": _("It goes on."),
        "done": _("It was done."),
        "failed": _("It failed."),
        "cancelled": _("It was stopped."),
        "interrupted": _("It was interrupted."),
    }.get(outcome, "")
    return f"{words} {error}".strip()


def _made(incident: Incident, at: datetime, kind: str, **said: Any) -> Entry:
    values = {"severity": "", "title": "", "text": "", "who": "", **said}
    seconds = (at - incident.opened_at).total_seconds()
    return Entry(at=at, seconds=seconds, kind=kind, word=_word(kind, values["severity"], values["who"]), **values)


def _word(kind: str, severity: str, who: str) -> str:
    match kind:
        case "worse":
            return _("Critical") if severity == "critical" else _("Warning")
        case "better":
            return _("Only a warning now")
        case "closed":
            return _("Closed") if who else _("Closed by itself")
        case "reopened":
            return _("Opened again") if who else _("Opened again by itself")
        case "opened":
            return _("Opened") if who else _("Opened by itself")
    return {
        "fine": _("Fine again"),
        "happened": _("Happened"),
        "note": _("Note"),
        "run": _("Operation"),
    }[kind]
