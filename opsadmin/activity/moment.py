"""Everything that goes on at a moment, in one look: sessions, who waits for whom, what they wait for, and what keeps VACUUM
from its work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.activity.locks import LockForest, lock_forest
from opsadmin.activity.sessions import Session, Sessions, sessions
from opsadmin.core.blocks import Block, Figures, Table, said_number, said_seconds
from opsadmin.core.result import Result, plain
from opsadmin.health.with_facts import with_facts
from opsadmin.postgres.session import Session as Look

#: Sessions that do something; a server with more of them has other sorrows.
MOST = 500

_SERVER = (Path(__file__).parent / "server.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class IdleGroup(Result):
    """Idle sessions of one application. `longest_seconds`: since when the longest of them is idle."""

    role: str | None
    application: str | None
    database: str | None
    address: str | None
    sessions: int
    longest_seconds: float | None
    is_ours: bool | None


@dataclass(frozen=True)
class Wait(Result):
    """How many are at this: waiting for an event of PostgreSQL's (`type` and `event` as it calls them), or working, where
    both are empty."""

    type: str
    event: str
    sessions: int


@dataclass(frozen=True)
class Holder(Result):
    """What keeps VACUUM from removing rows of this database that were deleted since. `kind`: session, prepared
    transaction, replication slot or standby; `age`: how many transactions began since; `seconds`: since when, None where
    nobody says."""

    kind: str
    object: str
    age: int
    seconds: float | None
    pid: int | None


@dataclass(frozen=True, kw_only=True)
class Activity(Result):
    """`sessions`: those that are not idle, PostgreSQL's own processes among them, the longest first; `found`: how many
    there are of them in all. `holders`: the oldest first. `role`: ours. `connections`: of clients, this look's own
    included."""

    role: str
    connections: int
    max_connections: int
    sessions: Sessions
    found: int
    idle: tuple[IdleGroup, ...]
    locks: LockForest
    waits: tuple[Wait, ...]
    holders: tuple[Holder, ...]

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "sessions": [plain(one) for one in self.sessions]}

    def blocks(self) -> list[Block]:
        return [
            Figures(
                "",
                (
                    (_("Connections"), f"{self.connections} / {self.max_connections}"),
                    (_("Idle"), said_number("", sum(one.sessions for one in self.idle))),
                ),
            ),
            *self.locks.blocks(),
            *self.sessions.blocks(),
            _waits_table(self.waits),
            _holders_table(self.holders),
            _idle_table(self.idle),
        ]


def activity(look: Look) -> Activity:
    """What goes on in all databases of the server. Five statements at most, three where nobody waits for a lock.

    Raises psycopg's errors."""
    found = sessions(look, include_background=True, limit=MOST)
    locks = lock_forest(look, {one.pid: one for one in found})
    (server,) = look.rows(with_facts(look, _SERVER))
    return Activity(
        role=found.role,
        connections=server["connections"],
        max_connections=server["max_connections"],
        sessions=found,
        found=found.found,
        idle=tuple(IdleGroup(**one) for one in server["idle"]),
        locks=locks,
        waits=waits_of(found),
        holders=tuple(Holder(**one) for one in server["holders"]),
    )


def waits_of(found: Sequence[Session]) -> tuple[Wait, ...]:
    """What those wait for that have something to do, the most first."""
    counted: Counter[tuple[str, str]] = Counter()
    for one in found:
        is_busy = one.is_active or (not one.is_client and bool(one.waits_for))
        if is_busy and not one.is_ours and one.wait_event_type != "Activity":
            counted[(one.wait_event_type or "", one.wait_event or "")] += 1
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Wait(type, event, count) for (type, event), count in ordered)


def _waits_table(waits: tuple[Wait, ...]) -> Table:
    rows = tuple((f"{one.type}: {one.event}" if one.type else _("working"), str(one.sessions)) for one in waits)
    return Table(
        _("What they are at"), (_("Wait event"), _("Sessions")), rows, frozenset({1}), _("Nobody does anything.")
    )


def _holders_table(holders: tuple[Holder, ...]) -> Table:
    rows = tuple(
        (
            one.kind,
            one.object,
            said_number("", one.age),
            "–" if one.seconds is None else said_seconds(max(one.seconds, 0)),
        )
        for one in holders
    )
    columns = (_("Kind"), _("Which"), _("Age in transactions"), _("Since"))
    return Table(_("What holds VACUUM back"), columns, rows, frozenset({2, 3}), _("Nothing."))


def _idle_table(idle: tuple[IdleGroup, ...]) -> Table:
    rows = tuple(
        (
            one.role or "–",
            one.application or "–",
            one.database or "–",
            one.address or "–",
            str(one.sessions),
            "–" if one.longest_seconds is None else said_seconds(max(one.longest_seconds, 0)),
        )
        for one in idle
    )
    columns = (_("Role"), _("Application"), _("Database"), _("From"), _("Sessions"), _("The longest"))
    return Table(_("Idle sessions"), columns, rows, frozenset({4, 5}), _("No session is idle."))
