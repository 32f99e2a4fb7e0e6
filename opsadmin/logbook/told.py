"""Incidents and decisions as results of operations, which pages and exports show too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from opsadmin.core.result import Result
from opsadmin.models import Decision, Incident


@dataclass(frozen=True, kw_only=True)
class IncidentTold(Result):
    """`seconds`: how long it lasted, or lasts until now. `opened_by`, `closed_by`: a person; empty where it did by itself."""

    incident: int
    title: str
    severity: str
    state: str
    opened_at: datetime
    closed_at: datetime | None
    seconds: float
    message: str
    database: str
    opened_by: str
    closed_by: str


@dataclass(frozen=True, kw_only=True)
class DecisionTold(Result):
    """`incident`, `run`, `superseded_by`: their numbers."""

    decision: int
    title: str
    status: str
    written_at: datetime
    written_by: str
    context: str
    text: str
    consequences: str
    incident: int | None
    run: int | None
    superseded_by: int | None


def incident_told(incident: Incident) -> IncidentTold:
    """The row as it stands."""
    return IncidentTold(
        incident=incident.pk,
        title=incident.title,
        severity=incident.severity,
        state="open" if incident.is_open else "closed",
        opened_at=incident.opened_at,
        closed_at=incident.closed_at,
        seconds=max(0.0, ((incident.closed_at or timezone.now()) - incident.opened_at).total_seconds()),
        message=incident.message,
        database=incident.database,
        opened_by=incident.opened_by,
        closed_by=incident.closed_by,
    )


def decision_told(decision: Decision) -> DecisionTold:
    """The row as it stands."""
    return DecisionTold(
        decision=decision.pk,
        title=decision.title,
        status=decision.status,
        written_at=decision.written_at,
        written_by=decision.written_by,
        context=decision.context,
        text=decision.decision,
        consequences=decision.consequences,
        incident=decision.incident_id,
        run=decision.run_id,
        superseded_by=decision.superseded_by_id,
    )
