"""Decisions: what was decided and why, for whoever wonders later. A template gives the questions that such a decision
answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from opsadmin.core.errors import OperationError
from opsadmin.jobs.patiently import patiently
from opsadmin.logbook.incidents import find_incident
from opsadmin.models import Decision, OperationRun

STATUSES = tuple(Decision.Status.values)
#: Characters of a title, and of each part.
LONGEST_TITLE, LONGEST = 200, 20_000


@dataclass(frozen=True)
class Template:
    """Lazy translations."""

    label: Any
    title: Any = ""
    context: Any = ""
    decision: Any = ""
    consequences: Any = ""


TEMPLATES: dict[str, Template] = {
    "blank": Template(_lazy("Blank")),
    "threshold": Template(
        _lazy("Change a threshold"),
        _lazy("Threshold of CHECK"),
        _lazy(
            "Which check warns, how often, and why that is of no use here:\n\nWhat was seen of it in the last weeks:"
        ),
        _lazy("From which value to which:\n\nUntil when, or until what is seen:"),
        _lazy("What is no longer told, and who would notice it otherwise:"),
    ),
    "index": Template(
        _lazy("Add or drop an index"),
        _lazy("Index NAME on TABLE"),
        _lazy(
            "Which statements it is for, and what they cost now:\n\nWhat the advice or EXPLAIN says:\n\nFor a drop: since "
            "when nothing has used it, and whether a standby or a monthly job does:"
        ),
        _lazy("The statement, and when it is run:\n\nThe statement that takes it back:"),
        _lazy("Size and cost of writing:\n\nHow and when it is measured whether it helped:"),
    ),
    "switch": Template(
        _lazy("Switch the store"),
        _lazy("Store on its JSON copies for REASON"),
        _lazy("What is wrong, or which maintenance is due:\n\nAge of the copies, and who else writes to PostgreSQL:"),
        _lazy("From when until when, and who switches back:"),
        _lazy("What may differ on both sides, and how it is brought together:"),
    ),
    "upgrade": Template(
        _lazy("Upgrade PostgreSQL"),
        _lazy("PostgreSQL from VERSION to VERSION"),
        _lazy("Why now: end of support, a fault, a feature:\n\nExtensions, and whether the new version has them:"),
        _lazy("How (dump, pg_upgrade, the host's own), when, and how long writes are away:\n\nThe way back:"),
        _lazy("What to do after it (ANALYZE, REINDEX), and what to watch in the first days:"),
    ),
}


def find_decision(number: int) -> Decision:
    """The decision of that number.

    Raises `OperationError`."""
    decision = Decision.objects.filter(pk=number).first()
    if decision is None:
        raise OperationError(_("There is no decision %(number)d.") % {"number": number}, parameter="decision")
    return decision


@dataclass(frozen=True)
class Given:
    """What a decision says. `incident`, `run`, `supersedes`: numbers, None for none."""

    title: str
    decision: str
    context: str = ""
    consequences: str = ""
    status: str = Decision.Status.PROPOSED.value
    template: str = ""
    incident: int | None = None
    run: int | None = None
    supersedes: int | None = None


def write_decision(database: str, given: Given, who: str, *, number: int | None = None) -> Decision:
    """Write it down, or change the one of that number. One that it `supersedes` is marked as such.

    Raises `OperationError` where something is missing, too long, or not there."""
    title = " ".join(given.title.split())
    texts = {"context": given.context, "decision": given.decision, "consequences": given.consequences}
    _check(title, texts, given)

    def write() -> Decision:
        with transaction.atomic():
            row = find_decision(number) if number is not None else Decision(database=database, written_by=who[:150])
            row.title, row.status, row.changed_by = title, given.status, who[:150]
            row.template = given.template or row.template
            row.context, row.decision, row.consequences = (text.strip() for text in texts.values())
            row.incident = find_incident(given.incident) if given.incident is not None else None
            row.run = _run(given.run) if given.run is not None else None
            row.save()
            if given.supersedes is not None:
                _supersede(given.supersedes, row, who)
            return row

    return patiently(write)


def _check(title: str, texts: dict[str, str], given: Given) -> None:
    if not title:
        raise OperationError(_("A decision needs a title."), parameter="title")
    if not texts["decision"].strip():
        raise OperationError(_("Say what was decided."), parameter="decision")
    for name, text, most in (("title", title, LONGEST_TITLE), *((name, text, LONGEST) for name, text in texts.items())):
        if len(text) > most:
            words = _("%(name)s has %(length)d characters; %(most)d are the most.")
            raise OperationError(words % {"name": name, "length": len(text), "most": most}, parameter=name)
    if given.status not in STATUSES:
        words = _("status is %(status)r; it must be one of %(allowed)s.")
        said = {"status": given.status, "allowed": ", ".join(STATUSES)}
        raise OperationError(words % said, parameter="status", allowed=STATUSES)


def _supersede(number: int, by: Decision, who: str) -> None:
    old = find_decision(number)
    if old.pk == by.pk:
        raise OperationError(_("A decision cannot supersede itself."), parameter="supersedes")
    old.status, old.superseded_by, old.changed_by = Decision.Status.SUPERSEDED, by, who[:150]
    old.save()


def _run(number: int) -> OperationRun:
    run = OperationRun.objects.filter(pk=number).first()
    if run is None:
        raise OperationError(_("There is no run %(number)d.") % {"number": number}, parameter="run")
    return run
