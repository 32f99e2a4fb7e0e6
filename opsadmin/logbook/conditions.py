"""How things stand, from what was seen of them: what turns critical opens an incident or joins one, what gets well lets
it close. Everything of one look is written at once, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import override

from opsadmin.alerts.consider import consider
from opsadmin.core.finding import Status
from opsadmin.jobs.patiently import patiently
from opsadmin.logbook.causes import OUTAGE, cause_of
from opsadmin.logbook.events import add_event
from opsadmin.logbook.incidents import close_what_is_fine, is_bad, open_or_join
from opsadmin.models import Condition, IncidentEvent

Kind = IncidentEvent.Kind


@dataclass(frozen=True)
class Seen:
    """How a subject was found. `opens`: it makes an incident also where it is but a warning. `ref`: what it is told by, so
    that it is told once."""

    subject: str
    title: str
    severity: Status
    message: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    opens: bool = False
    ref: str = ""

    @property
    def is_bad(self) -> bool:
        return self.severity is Status.CRITICAL or (self.opens and self.severity is Status.WARNING)


def take_in(database: str, seen: Iterable[Seen], at: datetime) -> None:
    """Write down how the subjects stand, and what follows from it for incidents and alerts. Of none: only what follows from
    the time that has passed.

    Raises Django's database errors."""
    found = [one for one in seen if one.severity is not Status.UNKNOWN]

    def write() -> None:
        # What is kept is read by everybody.
        with transaction.atomic(), override(settings.LANGUAGE_CODE):
            _take_in(database, found, at)

    try:
        patiently(write)
    except IntegrityError:
        # Another process saw the same at the same moment.
        patiently(write)


def _take_in(database: str, seen: list[Seen], at: datetime) -> None:
    rows = {row.subject: row for row in Condition.objects.select_for_update().filter(database=database)}
    # What others follow from comes first.
    for one in sorted(seen, key=lambda one: (cause_of(one.subject) != OUTAGE, -one.severity.rank, one.subject)):
        row = rows.get(one.subject)
        if row is None:
            if one.severity is Status.OK:
                continue
            row = Condition(database=database, subject=one.subject, severity=Status.OK.value, since=at)
        elif at < row.since:
            continue  # a look that began before the last one and ended after it
        _judge(row, one, at, rows)
        rows[one.subject] = row
    looked = bool(seen)
    close_what_is_fine(database, rows.values(), at, looked=looked)
    consider(database, [one for one in rows.values() if looked or one.always], at)


def _judge(row: Condition, seen: Seen, at: datetime, rows: dict[str, Condition]) -> None:
    before, was_bad, kept = Status(row.severity), is_bad(row), _values(row)
    row.title, row.always = seen.title[:200], seen.opens
    if seen.severity is not Status.OK:
        row.message, row.data = seen.message, seen.data
    if seen.severity is not before:
        row.severity, row.since = seen.severity.value, at
    turns_bad = is_bad(row) and not was_bad
    if turns_bad:
        row.incident = open_or_join(row, rows.values(), at)
    if row._state.adding or _values(row) != kept:
        row.save()
    incident = row.incident
    if incident is None or not incident.is_open or not (turns_bad or seen.severity is not before or seen.ref):
        return
    add_event(
        incident,
        _kind(before, seen.severity),
        at,
        severity=seen.severity.value,
        subject=seen.title,
        text=seen.message,
        data=seen.data,
        ref=seen.ref or f"{seen.subject} {seen.severity} {at.isoformat()}",
    )


def _values(row: Condition) -> tuple[Any, ...]:
    return row.title, row.always, row.severity, row.since, row.message, row.data, row.incident_id


def _kind(before: Status, after: Status) -> IncidentEvent.Kind:
    if after is Status.OK:
        return Kind.FINE
    return Kind.BETTER if after.rank < before.rank else Kind.WORSE
