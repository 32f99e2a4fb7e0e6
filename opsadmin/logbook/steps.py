"""What to do about an incident: of each condition that is still bad its hint, what mends it, and the document about it."""

from __future__ import annotations

from dataclasses import dataclass

from opsadmin.core.finding import Status
from opsadmin.core.result import Result
from opsadmin.logbook.causes import runbook_of
from opsadmin.logbook.incidents import is_bad
from opsadmin.models import Condition, Incident


@dataclass(frozen=True)
class Step(Result):
    """`docs` is a file of the documentation, `runbook` its title, empty for the check's own text. `is_bad`: it keeps the
    incident open."""

    check: str
    title: str
    severity: str
    object: str
    area: str
    message: str
    hint: str
    fix_sql: str
    fix_command: str
    docs: str
    runbook: str
    is_bad: bool


def steps_of(incident: Incident) -> list[Step]:
    """The worst first; also of what is fine by now.

    Raises Django's database errors."""
    conditions = sorted(incident.conditions.all(), key=lambda one: (-Status(one.severity).rank, one.since, one.pk))
    return [_step(condition) for condition in conditions]


def _step(condition: Condition) -> Step:
    data = condition.data
    runbook = runbook_of(condition.subject)
    return Step(
        check=condition.subject,
        title=condition.title,
        severity=condition.severity,
        object=data.get("object", ""),
        area=data.get("area", ""),
        message=condition.message,
        hint=data.get("hint", ""),
        fix_sql=data.get("fix_sql", ""),
        fix_command=data.get("fix_command", ""),
        docs=runbook.docs if runbook else data.get("docs", ""),
        runbook=str(runbook.title) if runbook else "",
        is_bad=is_bad(condition),
    )
