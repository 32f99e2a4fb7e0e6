"""Incidents and decisions as Markdown: to hand on, to keep beside the code, to read without the site."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.core.blocks import said_seconds
from opsadmin.logbook.steps import Step, steps_of
from opsadmin.logbook.timeline import Entry, entries_of
from opsadmin.logbook.told import incident_told
from opsadmin.models import Decision, Incident
from opsadmin.perform import title_of

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")
_FENCE = re.compile(r"`{3,}")


def incident_markdown(incident: Incident) -> str:
    """The whole of it.

    Raises Django's database errors."""
    told = incident_told(incident)
    lasted = said_seconds(told.seconds)
    facts = [
        (_("Database"), told.database),
        (_("Severity"), incident.get_severity_display()),
        (_("Opened"), f"{when(told.opened_at)}, {told.opened_by or _('by itself')}"),
        (_("Closed"), _closed(told.closed_at, told.closed_by)),
        (_("Lasted"), lasted if told.closed_at else _("%(time)s so far") % {"time": lasted}),
    ]
    parts = [f"# {_('Incident')} {incident.pk}: {escaped(incident.title)}", _facts(facts)]
    if incident.message and not _is_same(incident.title, incident.message):
        parts.append(escaped(incident.message))
    parts.append(f"## {_('Timeline')}")
    parts += ["\n".join(_entry(entry) for entry in entries_of(incident))]
    if steps := steps_of(incident):
        parts.append(f"## {_('What to do')}")
        parts += [_step(step) for step in steps]
    if decisions := list(incident.decisions.order_by("pk")):
        parts.append(f"## {_('Decisions')}")
        parts.append("\n".join(f"- {_name_of(one)}" for one in decisions))
    return "\n\n".join(parts) + "\n"


def decision_markdown(decision: Decision, level: int = 1) -> str:
    """One decision; `level`: of its heading."""
    mark = "#" * level
    written = when(decision.written_at) + (f", {decision.written_by}" if decision.written_by else "")
    facts = [(_("Status"), decision.get_status_display()), (_("Written"), written)]
    if decision.changed_by and decision.changed_at - decision.written_at > timedelta(seconds=1):
        facts.append((_("Changed"), f"{when(decision.changed_at)}, {decision.changed_by}"))
    if decision.superseded_by is not None:
        facts.append((_("Superseded by"), _name_of(decision.superseded_by)))
    if decision.incident is not None:
        facts.append((_("Incident"), f"{decision.incident.pk}: {decision.incident.title}"))
    if decision.run is not None:
        facts.append((_("Run"), f"{decision.run.pk}: {title_of(decision.run.operation)}"))
    parts = [f"{mark} {decision.pk}. {escaped(decision.title)}", _facts(facts)]
    for name, text in (
        (_("Context"), decision.context),
        (_("Decision"), decision.decision),
        (_("Consequences"), decision.consequences),
    ):
        if text:
            # It is its writer's own Markdown.
            parts += [f"{mark}# {name}", text.replace("\r\n", "\n")]
    return "\n\n".join(parts) + "\n"


def decisions_markdown(decisions: Iterable[Decision]) -> str:
    """All of them, in one document."""
    return "\n".join([f"# {_('Decisions')}\n", *(decision_markdown(one, 2) for one in decisions)])


def when(moment: datetime) -> str:
    """A time that means the same to whoever reads it."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}"


def escaped(text: str) -> str:
    """The text on one line, and nothing in it means anything to Markdown."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _closed(at: datetime | None, by: str) -> str:
    return _("no, it is open") if at is None else f"{when(at)}, {by or _('by itself')}"


def _facts(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {escaped(str(value))}" for name, value in pairs)


def _entry(entry: Entry) -> str:
    said = _both(entry.title, entry.text if entry.kind != "note" else "")
    head = f"- {when(entry.at)} ({offset(entry.seconds)}) **{entry.word}**"
    line = f"{head}: {escaped(said)}" if said else head
    if entry.who:
        line += f" ({escaped(entry.who)})"
    if entry.kind == "note":
        line += "\n" + "\n".join(f"  > {escaped(part)}" for part in entry.text.splitlines())
    return line


def _both(title: str, text: str) -> str:
    """The title, and what the text says beyond it."""
    if not (title and text):
        return title or text
    return title if _is_same(title, text) else f"{title}: {text}"


def _is_same(title: str, text: str) -> bool:
    return title.strip().rstrip(".") == text.strip().rstrip(".")


def offset(seconds: float) -> str:
    """`+12 min` after the incident opened, `−3 min` before."""
    return f"{'−' if seconds <= -1 else '+'}{said_seconds(abs(seconds)) if abs(seconds) >= 1 else '0 s'}"


def _step(step: Step) -> str:
    says_more = step.message and not _is_same(step.title, step.message)
    lines = [f"- **{escaped(step.title)}**: {escaped(step.message)}" if says_more else f"- **{escaped(step.title)}**"]
    if step.hint:
        lines.append(f"  {escaped(step.hint)}")
    if step.docs:
        see = _("See")
        lines.append(f"  {see} `{step.docs}`.")
    for language, text in (("sql", step.fix_sql), ("sh", step.fix_command)):
        if text:
            fence = "`" * max([3, *(len(one) + 1 for one in _FENCE.findall(text))])
            lines += ["", *(f"  {line}" for line in (f"{fence}{language}", *text.splitlines(), fence))]
    return "\n".join(lines)


def _name_of(decision: Decision) -> str:
    return f"{decision.pk}. {escaped(decision.title)} ({decision.get_status_display()})"
