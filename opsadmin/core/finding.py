"""What a check found, and what a run of checks says as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from opsadmin.core.result import plain


class Status(StrEnum):
    """How bad it is. `UNKNOWN` is not good news: the check could not look."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for ok up to 3 for critical."""
        return list(Status).index(self)


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of them; ok for none. The whole is as bad as its worst part: an average would hide a catastrophe."""
    return max(statuses, key=lambda status: status.rank, default=Status.OK)


@dataclass(frozen=True)
class Finding:
    """One thing that needs a look. `check` is the stable id (`store.copy_age`), `object` what it is about,
    `message` what is wrong with its number, `hint` what to do, `fix_sql` or `fix_command` the very words. `why`: what it
    hurts, one sentence. `threshold`: the number it is judged by and where that comes from. `lock`: what the fix locks.
    `caused_by`: the object of the finding that this one follows from. `objects`: the names that a finding about many
    stands for. `values`: what stands in the texts of the check's card, by its placeholders, so that they can be said in
    another language later."""

    check: str
    area: str
    severity: Status
    object: str
    message: str
    hint: str = ""
    fix_sql: str = ""
    fix_command: str = ""
    docs: str = ""
    why: str = ""
    threshold: str = ""
    lock: str = ""
    caused_by: str = ""
    objects: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict, compare=False)

    def as_dict(self) -> dict[str, Any]:
        """The fields of the contract always, the others where they say something."""
        always = ("check", "area", "severity", "object", "message", "hint", "fix_sql", "docs")
        found = {name: plain(value) for name, value in vars(self).items()}
        return {name: value for name, value in found.items() if name in always or value}


@dataclass(frozen=True)
class Unavailable:
    """Why a check could not look, and what would let it. Not `applicable`: there is nothing to look at here (a check of
    standbys on a primary), which is no lack."""

    reason: str
    fix: str = ""
    applicable: bool = True


@dataclass(frozen=True)
class CheckResult:
    """One check's outcome. `examined` says how much it looked at, so that an OK can be judged."""

    check: str
    area: str
    title: str
    status: Status
    findings: tuple[Finding, ...] = ()
    examined: str = ""
    unavailable: Unavailable | None = None

    def as_dict(self) -> dict[str, Any]:
        """Without the findings themselves: a report lists them once, worst first."""
        found = {
            "check": self.check,
            "area": self.area,
            "title": str(self.title),
            "status": self.status.value,
            "found": len(self.findings),
            "examined": self.examined,
        }
        return found if self.unavailable is None else {**found, "unavailable": plain(self.unavailable)}


@dataclass(frozen=True)
class NotLookedAt:
    """An object that could not be read in time, and who is in the way."""

    object: str
    reason: str


@dataclass(frozen=True)
class HealthReport:
    """Every check's outcome, worst first. `statements`: what the look sent to PostgreSQL, None where nobody counted."""

    checks: tuple[CheckResult, ...]
    server: str
    taken_at: datetime
    elapsed_ms: float
    detail: dict[str, Any] = field(default_factory=dict)
    statements: int | None = None
    not_looked_at: tuple[NotLookedAt, ...] = ()

    @property
    def overall_status(self) -> Status:
        return worst(result.status for result in self.checks)

    @property
    def findings(self) -> tuple[Finding, ...]:
        found = [finding for result in self.checks for finding in result.findings]
        return tuple(sorted(found, key=lambda finding: -finding.severity.rank))

    @property
    def score(self) -> int:
        """0 to 100 for a trend over time; the status is what to act on. Each critical check costs 20, each warning 5, each
        that could not look 1; one critical check holds it below 50, one warning below 90, so that many fine checks
        never hide a bad one."""
        count = {status: sum(result.status is status for result in self.checks) for status in Status}
        lost = 20 * count[Status.CRITICAL] + 5 * count[Status.WARNING] + count[Status.UNKNOWN]
        ceiling = 49 if count[Status.CRITICAL] else 89 if count[Status.WARNING] else 100
        return max(0, min(100 - lost, ceiling))

    def as_dict(self) -> dict[str, Any]:
        return {
            "overall_status": self.overall_status.value,
            "score": self.score,
            "findings": [finding.as_dict() for finding in self.findings],
            "checks": [result.as_dict() for result in self.checks],
            "not_looked_at": plain(self.not_looked_at),
            "server": self.server,
            "taken_at": self.taken_at.isoformat(),
            "elapsed_ms": round(self.elapsed_ms, 1),
            "statements": self.statements,
            **self.detail,
        }
