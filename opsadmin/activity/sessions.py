"""The sessions of the server, and what each of them does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.blocks import Block, Note, Table, said_seconds
from opsadmin.core.finding import Status
from opsadmin.core.result import Result
from opsadmin.postgres.masking import masked, one_line
from opsadmin.postgres.names import quoted
from opsadmin.postgres.session import Session as Look

#: What sessions can be asked for by. "waiting" is for a lock; idle in transaction is also one that failed.
STATES = ("", "active", "waiting", "idle in transaction", "idle")
CHARACTERS = 10_000

_QUESTION = (Path(__file__).parent / "sessions.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Session(Result):
    """A process of the server: a client's session, or one of PostgreSQL's own (`kind`). `sql`: what it does, or did last
    where it is idle, constants masked. `seconds`: how long it has been at this statement, or in this state.
    `waited_seconds`: for a lock, held by `blocked_by`; 0 among them is a prepared transaction. `blocks`: how many wait
    for it. `is_ours`: it works for this site's operations. `hidden`: our role may not see what it does; then that is
    None."""

    pid: int
    database: str | None
    role: str | None
    application: str | None
    address: str | None
    kind: str | None
    leader_pid: int | None
    state: str | None
    wait_event_type: str | None
    wait_event: str | None
    query_id: int | None
    sql: str | None
    backend_start: datetime | None
    transaction_start: datetime | None
    query_start: datetime | None
    state_since: datetime | None
    seconds: float | None
    transaction_seconds: float | None
    waited_seconds: float | None
    blocked_by: tuple[int, ...]
    blocks: int
    is_ours: bool
    hidden: bool

    @property
    def is_client(self) -> bool:
        """Whether a client is at the other end; also where that cannot be seen."""
        return self.kind in (None, "client backend")

    @property
    def is_active(self) -> bool:
        return self.state in ("active", "fastpath function call")

    @property
    def waits_for(self) -> str:
        """What it waits for, as PostgreSQL calls it: "Lock: relation". Empty where for nothing but the next thing to do,
        or nobody knows."""
        if self.wait_event_type in (None, "Activity") or self.wait_event == "ClientRead":
            return ""
        return f"{self.wait_event_type}: {self.wait_event}"

    def as_dict(self) -> dict[str, Any]:
        """`query_id` as text: it has more digits than a number in JavaScript keeps."""
        return {**super().as_dict(), "query_id": None if self.query_id is None else str(self.query_id)}


class Sessions(list[Session]):
    """The list, which knows how to show itself. `found`: how many there are in all; `role`: ours."""

    def __init__(self, sessions: Iterable[Session], *, found: int, role: str) -> None:
        super().__init__(sessions)
        self.found = found
        self.role = role

    def blocks(self) -> list[Block]:
        more = ""
        if self.found > len(self):
            more = _("%(shown)d of %(found)d; limit shows more.") % {"shown": len(self), "found": self.found}
        return [*hidden_note(self, self.role), _table(self, more)]


def sessions(
    look: Look,
    *,
    state: str = "",
    older_than_seconds: float = 0,
    include_idle: bool = False,
    include_background: bool = False,
    limit: int = 200,
) -> Sessions:
    """The sessions of clients in all databases of the server, those longest at what they do first; ours is left out.
    One statement.

    Raises psycopg's errors."""
    values = {
        "state": state,
        "older_than": older_than_seconds,
        "idle": include_idle,
        "background": include_background,
        "limit": limit,
        "pids": None,
        "characters": CHARACTERS,
    }
    rows = look.rows(_QUESTION, values)
    return Sessions(map(_session, rows), found=rows[0]["found"] if rows else 0, role=look.raw.info.user)


def sessions_of(look: Look, pids: Sequence[int]) -> dict[int, Session]:
    """The sessions with these process numbers, those that are there.

    Raises psycopg's errors."""
    values = {
        "state": "",
        "older_than": 0,
        "idle": True,
        "background": True,
        "limit": len(pids),
        "pids": list(pids),
        "characters": CHARACTERS,
    }
    return {row["pid"]: _session(row) for row in look.rows(_QUESTION, values)}


def _session(row: dict[str, Any]) -> Session:
    own = {name: row[name] for name in Session.__dataclass_fields__}
    own["sql"] = None if row["sql"] is None else masked(row["sql"])
    own["blocked_by"] = tuple(sorted(set(row["blocked_by"])))
    own["is_ours"] = bool(row["is_ours"])
    return Session(**own)


def hidden_note(shown: Iterable[Session], role: str) -> list[Note]:
    """That some sessions cannot be seen, and what helps; nothing where all can."""
    count = sum(one.hidden for one in shown)
    if not count:
        return []
    text = ngettext(
        "What %(count)d session of another role does is not shown to %(role)s.",
        "What %(count)d sessions of other roles do is not shown to %(role)s.",
        count,
    ) % {"count": count, "role": role}
    return [Note(Status.UNKNOWN, text, command=f"GRANT pg_read_all_stats TO {quoted(role)};")]


def said_state(one: Session) -> str:
    """What it is doing, for people."""
    if one.waited_seconds is not None:
        return _("waits for a lock")
    if one.state is None and one.kind not in (None, "client backend"):
        return str(one.kind)
    return one.state or _("not shown")


def _table(shown: list[Session], more: str) -> Table:
    columns = (
        _("Pid"),
        _("Since"),
        _("State"),
        _("Waits for"),
        _("Behind"),
        _("Blocks"),
        _("Role"),
        _("Database"),
        _("Application"),
        _("From"),
        _("Statement"),
    )
    rows = tuple(
        (
            str(one.pid),
            "–" if one.seconds is None else said_seconds(max(one.seconds, 0)),
            said_state(one),
            one.waits_for or "–",
            ", ".join(map(str, one.blocked_by)) or "–",
            str(one.blocks or "–"),
            one.role or "–",
            one.database or "–",
            one.application or "–",
            one.address or "–",
            _("not shown") if one.sql is None else one_line(one.sql, 200),
        )
        for one in shown
    )
    return Table(_("Sessions"), columns, rows, frozenset({0, 1, 5}), _("No session fits."), more)
