"""What a check in Python gets to look with."""

from __future__ import annotations

from dataclasses import dataclass, field

from opsadmin.core.finding import NotLookedAt
from opsadmin.postgres.capabilities import Capabilities
from opsadmin.postgres.session import Session


@dataclass
class Look:
    """`values`: its thresholds. `locked`: oid of each relation that somebody holds or awaits under ACCESS EXCLUSIVE, with a
    sentence saying who; reading such a relation would wait. `budget`: seconds that are left for the whole report.
    A check notes what it passed over in `skipped`, and how much it saw in `examined`."""

    session: Session
    capabilities: Capabilities
    values: dict[str, float]
    locked: dict[int, str]
    budget: float
    examined: str = ""
    skipped: list[NotLookedAt] = field(default_factory=list)
