"""What a check found, and what a run of checks says as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


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
    `message` what is wrong with its number, `hint` what to do, `fix_sql` or `fix_command` the very words."""

    check: str
    area: str
    severity: Status
    object: str
    message: str
    hint: str = ""
    fix_sql: str = ""
    fix_command: str = ""
    docs: str = ""


@dataclass(frozen=True)
class Unavailable:
    """Why a check could not look, and what would let it."""

    reason: str
    fix: str = ""


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


@dataclass(frozen=True)
class HealthReport:
    """Every check's outcome, worst first."""

    checks: tuple[CheckResult, ...]
    server: str
    taken_at: datetime
    elapsed_ms: float
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def overall_status(self) -> Status:
        return worst(result.status for result in self.checks)

    @property
    def findings(self) -> tuple[Finding, ...]:
        found = [finding for result in self.checks for finding in result.findings]
        return tuple(sorted(found, key=lambda finding: -finding.severity.rank))

    def as_dict(self) -> dict[str, Any]:
        return {
            "overall_status": self.overall_status,
            "findings": [asdict(finding) for finding in self.findings],
            "checks": [asdict(result) for result in self.checks],
            "server": self.server,
            "taken_at": self.taken_at.isoformat(),
            "elapsed_ms": round(self.elapsed_ms, 1),
            **self.detail,
        }
