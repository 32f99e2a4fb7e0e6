"""What the server, its host and our role allow. Version and privilege differences are decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from opsadmin.core.finding import Unavailable
from opsadmin.postgres.session import Session

QUESTION = (Path(__file__).parent / "capabilities.sql").read_text(encoding="utf-8")

#: The oldest major version that is looked after.
OLDEST = 14


@dataclass(frozen=True)
class Capabilities:
    """`version_num` as in 170004; `roles`: the predefined roles whose privileges ours has; `extensions`: installed ones
    with their schema; `reads_tables`: whether ours may read any table of the database, also where there is none; `host`:
    who runs the server ("Neon"), empty where that is the operator; `stats_reset`: since when this database's counters
    run, None where they were never reset."""

    version_num: int
    version: str
    database: str
    role: str
    is_superuser: bool
    in_recovery: bool
    block_size: int
    stats_reset: datetime | None
    started_at: datetime
    now: datetime
    roles: frozenset[str]
    extensions: Mapping[str, str]
    reads_tables: bool
    host: str

    @property
    def major(self) -> int:
        return self.version_num // 10_000

    @property
    def server(self) -> str:
        """For people: database, version, host."""
        number = self.version.split(" ")[0]
        return f"{self.database}, PostgreSQL {number}" + (f" at {self.host}" if self.host else "")

    def has_role(self, role: str) -> bool:
        """Whether our role has the privileges of a predefined role."""
        return self.is_superuser or role in self.roles

    def lacks(self, need: str) -> Unavailable | None:
        """Why a need of a check's card is not met, None where it is. A need is one of: `version >= N`,
        `extension NAME`, `role NAME` (a predefined role), `superuser`, `primary`, `standby`, `own server` (not a
        host's who owns its settings), `statistics` (what ANALYZE saw, of at least some tables).

        Raises ValueError where the need is none of these."""
        match need.split():
            case ["version", ">=", number]:
                if self.major >= int(number):
                    return None
                return Unavailable(
                    f"This server is PostgreSQL {self.major}; there is no such thing before {number}.", applicable=False
                )
            case ["extension", name]:
                if name in self.extensions:
                    return None
                return Unavailable(
                    f"The extension {name} is not installed in the database {self.database}.",
                    f"CREATE EXTENSION {name};",
                )
            case ["role", name]:
                if self.has_role(name):
                    return None
                return Unavailable(
                    f"The role {self.role} does not have the privileges of {name}.", f'GRANT {name} TO "{self.role}";'
                )
            case ["superuser"]:
                if self.is_superuser:
                    return None
                return Unavailable(f"The role {self.role} is no superuser, and only one may see this.", "")
            case ["primary"]:
                return (
                    Unavailable("This server is a standby; its primary has the answer.") if self.in_recovery else None
                )
            case ["standby"]:
                return None if self.in_recovery else Unavailable("This server is no standby.", applicable=False)
            case ["statistics"]:
                if self.reads_tables:
                    return None
                return Unavailable(
                    f"The role {self.role} may read no table here, and what ANALYZE saw is told only to those who may.",
                    f'GRANT pg_read_all_data TO "{self.role}";',
                )
            case ["own", "server"]:
                return Unavailable(f"{self.host} owns this: it is not yours to change.") if self.host else None
        raise ValueError(f"A check needs {need!r}, which is no known need.")


def capabilities_of(session: Session) -> Capabilities:
    """One statement.

    Raises psycopg's errors."""
    row = session.one(QUESTION)
    assert row is not None  # noqa: S101  # a SELECT without FROM has one row
    return Capabilities(**{**row, "roles": frozenset(row["roles"])})
