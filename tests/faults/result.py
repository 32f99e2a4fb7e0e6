"""What a family of faults found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Result:
    """Seconds are None where a family does not measure them. `first_failing`: the longest call that was under way when
    the fault struck, or began before the host had changed over. `later`: median of the calls after that, until the
    fault was over. `recovery`: from the fault's end until the host was back on PostgreSQL by itself (longest).
    `stale`: reads that did not show what had been acknowledged before they began. `conflicts`: places that a resync
    left to a person. `problems`: every sentence that makes this a failure."""

    family: str
    title: str
    what: str
    times: int = 0
    acknowledged: int = 0
    lost: int = 0
    duplicated: int = 0
    unknown: int = 0
    refused: int = 0
    reads: int = 0
    stale: int = 0
    conflicts: int = 0
    longest: float = 0.0
    first_failing: float | None = None
    later: float | None = None
    recovery: float | None = None
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def failed(self) -> bool:
        return bool(self.lost or self.duplicated or self.stale or self.problems)
