"""The locks that somebody waits for: who stands at the root of each queue, and who waits behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.activity.forest import Place, forest
from opsadmin.activity.sessions import Session, hidden_note, said_state, sessions_of
from opsadmin.core.blocks import Block, Note, Table, said_seconds
from opsadmin.core.finding import Status
from opsadmin.core.result import Result, plain
from opsadmin.health.with_facts import with_facts
from opsadmin.postgres.masking import one_line
from opsadmin.postgres.session import Session as Look

#: PostgreSQL breaks a deadlock after deadlock_timeout; whoever waits longer than twice its default stands in a queue.
LONG_SECONDS = 2

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Prepared(Result):
    """A prepared transaction. All but `gid` is None where it ended meanwhile; `gid` where the locks do not tell it."""

    gid: str | None
    owner: str | None = None
    database: str | None = None
    prepared: datetime | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Waiting(Result):
    """One that waits for a lock, or is waited for: a session by its `pid`, or a prepared transaction.

    `depth`: 0 for a root, which waits for nobody; `under`: the pid it stands under (0: a prepared transaction).
    `blocked_by`: all it waits for. `victims`: how many wait behind it, each counted at one place. `wants`: the lock, for
    people; its `mode` and `relation` where it is on one of this database. `in_cycle`: it waits in a circle.
    `session` is None where that ended meanwhile."""

    pid: int | None
    depth: int
    under: int | None
    blocked_by: tuple[int, ...]
    victims: int
    wants: str
    mode: str | None
    relation: str | None
    waited_seconds: float | None
    in_cycle: bool
    session: Session | None = None
    prepared: Prepared | None = None

    @property
    def title(self) -> str:
        """Who it is, for people."""
        if self.pid is None:
            gid = self.prepared.gid if self.prepared else None
            return _("prepared transaction %(gid)s") % {"gid": repr(gid)} if gid else _("prepared transaction")
        return str(self.pid)


@dataclass(frozen=True)
class LockForest(Result):
    """Who waits for whom: `entries` tree by tree, each session once, those below right behind. `role`: ours."""

    entries: tuple[Waiting, ...]
    role: str

    @property
    def roots(self) -> tuple[Waiting, ...]:
        """Those to see to, the one with the most behind it first."""
        return tuple(one for one in self.entries if one.depth == 0)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(one.waited_seconds is not None for one in self.entries)

    @property
    def longest_seconds(self) -> float:
        return max((one.waited_seconds or 0 for one in self.entries), default=0)

    def as_dict(self) -> dict[str, Any]:
        return {
            "waiting": self.waiting,
            "longest_seconds": self.longest_seconds,
            "roots": [one.pid or 0 for one in self.roots],
            "entries": plain(self.entries),
        }

    def blocks(self) -> list[Block]:
        if not self.entries:
            return [Note(Status.OK, _("Nobody waits for a lock."))]
        status = Status.WARNING if self.longest_seconds >= LONG_SECONDS else Status.OK
        count = self.waiting
        text = ngettext(
            "%(count)d session waits, for %(longest)s.",
            "%(count)d sessions wait, the longest for %(longest)s.",
            count,
        ) % {"count": count, "longest": said_seconds(self.longest_seconds)}
        roots = [_root_note(one) for one in self.roots]
        seen = [one.session for one in self.entries if one.session is not None]
        return [Note(status, text), *roots, *hidden_note(seen, self.role), _table(self.entries)]


def lock_forest(look: Look, known: Mapping[int, Session] | None = None) -> LockForest:
    """Who waits for whom in all databases of the server. Three statements at most, one where nobody waits. `known`:
    sessions that were read already, by their pid.

    Raises psycopg's errors."""
    pairs = look.rows(with_facts(look, (_HERE / "locks.sql").read_text(encoding="utf-8")))
    if not pairs:
        return LockForest((), look.raw.info.user)
    blockers: dict[int | str, list[int | str]] = {}
    wants: dict[int | str, dict[str, Any]] = {}
    for pair in pairs:
        waiter = pair["waiter"]
        key = _key(pair)
        if key not in blockers.setdefault(waiter, []):
            blockers[waiter].append(key)
        if waiter not in wants or pair["waited_seconds"] > wants[waiter]["waited_seconds"]:
            wants[waiter] = pair
    waited = {waiter: pair["waited_seconds"] for waiter, pair in wants.items()}
    places = forest(blockers, waited)
    seen = dict(known or {})
    missing = [place.key for place in places if isinstance(place.key, int) and place.key not in seen]
    if missing:
        seen |= sessions_of(look, missing)
    prepared: dict[str, Prepared] = {}
    if any(isinstance(place.key, str) for place in places):
        text = (_HERE / "prepared.sql").read_text(encoding="utf-8")
        prepared = {row["gid"]: Prepared(**row) for row in look.rows(text)}
    entries = tuple(_entry(place, blockers, wants, seen, prepared) for place in places)
    return LockForest(entries, look.raw.info.user)


def _key(pair: dict[str, Any]) -> int | str:
    """A pid, or the gid of a prepared transaction (empty where the locks do not tell it)."""
    return pair["blocker"] if pair["blocker"] else (pair["gid"] or "")


def _entry(
    place: Place[int | str],
    blockers: dict[int | str, list[int | str]],
    wants: dict[int | str, dict[str, Any]],
    seen: dict[int, Session],
    prepared: dict[str, Prepared],
) -> Waiting:
    key, want = place.key, wants.get(place.key)
    return Waiting(
        pid=key if isinstance(key, int) else None,
        depth=place.depth,
        under=None if place.under is None else _number(place.under),
        blocked_by=tuple(dict.fromkeys(map(_number, blockers.get(key, ())))),
        victims=place.victims,
        wants=want["wanted"] if want else "",
        mode=want["mode"] if want else None,
        relation=want["relation"] if want else None,
        waited_seconds=want["waited_seconds"] if want else None,
        in_cycle=place.in_cycle,
        session=seen.get(key) if isinstance(key, int) else None,
        prepared=prepared.get(key, Prepared(key or None)) if isinstance(key, str) else None,
    )


def _number(key: int | str) -> int:
    return key if isinstance(key, int) else 0


def _root_note(one: Waiting) -> Note:
    behind = ngettext("%(count)d session waits behind it", "%(count)d sessions wait behind it", one.victims) % {
        "count": one.victims
    }
    if one.pid is None:
        return _prepared_note(one, behind)
    if one.in_cycle:
        text = _("Session %(pid)d waits in a circle; PostgreSQL ends one of them after deadlock_timeout.")
        return Note(Status.WARNING, text % {"pid": one.pid})
    if one.session is None:
        return Note(Status.OK, _("Session %(pid)d ended meanwhile.") % {"pid": one.pid})
    session = one.session
    if not session.is_client:
        text = _("%(kind)s %(pid)d is PostgreSQL's own: let it finish.") % {
            "kind": session.kind,
            "pid": one.pid,
        }
        return Note(Status.UNKNOWN, f"{behind}. {text}")
    if session.hidden:
        text = _("Session %(pid)d of %(role)s is in a state that is not shown.")
        return Note(Status.UNKNOWN, f"{behind}. {text % {'pid': one.pid, 'role': session.role or '–'}}")
    text = _("Session %(pid)d (%(application)s) of %(role)s has been %(state)s for %(duration)s.") % {
        "pid": one.pid,
        "application": session.application or _("no application name"),
        "role": session.role,
        "state": said_state(session),
        "duration": said_seconds(max(session.seconds or 0, 0)),
    }
    if session.is_active:
        help_text = _("Let its statement finish, or cancel it: cancel_query.")
    else:
        help_text = _("Its transaction was left open. If nobody misses it, end it: terminate_session.")
    return Note(Status.WARNING, f"{text} {behind}.", help_text)


def _prepared_note(one: Waiting, behind: str) -> Note:
    prepared = one.prepared or Prepared(None)
    text = _("The %(what)s is neither committed nor rolled back; %(behind)s.") % {"what": one.title, "behind": behind}
    if prepared.owner is None:
        return Note(Status.WARNING, text, _("pg_prepared_xacts lists them."))
    detail = _("It was prepared by %(owner)s in the database %(database)s %(duration)s ago. Ask its owner, then there:")
    gid = "'" + (prepared.gid or "").replace("'", "''") + "'"
    return Note(
        Status.WARNING,
        text,
        detail
        % {
            "owner": prepared.owner,
            "database": prepared.database,
            "duration": said_seconds(max(prepared.seconds or 0, 0)),
        },
        f"COMMIT PREPARED {gid};  -- or ROLLBACK PREPARED {gid};",
    )


def _table(entries: tuple[Waiting, ...]) -> Table:
    columns = (
        _("Session"),
        _("Waits"),
        _("For"),
        _("Behind it"),
        _("State"),
        _("Role"),
        _("Application"),
        _("Statement"),
    )
    rows = tuple(
        (
            # Spaces that a page keeps, and does not break at.
            ("└\N{NO-BREAK SPACE}" if one.depth else "").rjust(2 * one.depth, "\N{NO-BREAK SPACE}") + one.title,
            "–" if one.waited_seconds is None else said_seconds(max(one.waited_seconds, 0)),
            one.wants or "–",
            str(one.victims or "–"),
            _state(one),
            (one.session and one.session.role) or (one.prepared and one.prepared.owner) or "–",
            (one.session and one.session.application) or "–",
            one_line(one.session.sql, 160) if one.session and one.session.sql else "–",
        )
        for one in entries
    )
    return Table(_("Who waits for whom"), columns, rows, frozenset({1, 3}))


def _state(one: Waiting) -> str:
    if one.prepared is not None:
        return _("prepared")
    return said_state(one.session) if one.session is not None else _("ended meanwhile")
