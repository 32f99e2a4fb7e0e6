"""The entries of an incident."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from opsadmin.models import Incident, IncidentEvent

#: Entries of one incident by themselves; people may still write notes.
MOST = 1000
#: Characters of one.
LONGEST = 10_000


def add_event(
    incident: Incident,
    kind: IncidentEvent.Kind,
    at: datetime,
    *,
    severity: str = "",
    subject: str = "",
    text: str = "",
    who: str = "",
    data: dict[str, Any] | None = None,
    ref: str = "",
) -> None:
    """Add the entry, unless one of the same `ref` is there, or the incident has its fill.

    Raises Django's database errors."""
    entries = IncidentEvent.objects.filter(incident=incident)
    if ref and entries.filter(ref=ref[:200]).exists():
        return
    by_itself = (IncidentEvent.Kind.WORSE, IncidentEvent.Kind.BETTER, IncidentEvent.Kind.FINE)
    if kind in by_itself and entries.count() >= MOST:
        return
    IncidentEvent.objects.create(
        incident=incident,
        at=at,
        kind=kind,
        severity=severity,
        subject=subject[:200],
        text=text[:LONGEST],
        who=who[:150],
        data=data or {},
        ref=ref[:200] or None,
    )
