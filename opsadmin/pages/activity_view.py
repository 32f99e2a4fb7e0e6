"""What goes on at a moment as its template shows it, from what PostgreSQL said now, or last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.activity.locks import LONG_SECONDS
from opsadmin.core.blocks import said_number, said_seconds
from opsadmin.pages.tiles import Tile
from opsadmin.postgres.masking import one_line
from opsadmin.postgres.names import quoted

#: Sessions and places of the tree on a page, and how deep the tree is drawn.
MOST, MOST_PLACES, DEEPEST = 40, 40, 6
#: Characters of a statement, and of one that is opened.
SHOWN, OPENED = 160, 1000
#: From when on a transaction is old (our choice), in seconds; from how many transactions on what is held back
#: is worth a word, and a warning.
OLD, VERY_OLD = 300, 3600
LITTLE_HELD, MUCH_HELD = 1000, 100_000

ORDERS = ("", "transaction", "wait")


def state_names() -> dict[str, str]:
    """What sessions can be filtered by."""
    return {
        "": _("Any"),
        "active": _("Active"),
        "waiting": _("Waits for a lock"),
        "idle in transaction": _("Idle in transaction"),
        "background": _("PostgreSQL's own"),
    }


@dataclass(frozen=True)
class Wanted:
    """What the reader asked for. `within`: the database of the sessions; `seconds`: at their statement or in their state,
    at least."""

    database: str
    is_default: bool
    sort: str = ""
    text: str = ""
    state: str = ""
    role: str = ""
    within: str = ""
    seconds: float = 0

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.state or self.role or self.within or self.seconds)

    def query(self, **changes: Any) -> str:
        """What a link says to be asked for the same, but for the changes."""
        values = {
            "database": "" if self.is_default else self.database,
            "sort": self.sort,
            "text": self.text,
            "state": self.state,
            "role": self.role,
            "within": self.within,
            "seconds": f"{self.seconds:g}" if self.seconds else "",
            **changes,
        }
        return "?" + urlencode({name: value for name, value in values.items() if value not in ("", None)})


@dataclass(frozen=True)
class May:
    """What the person may do with sessions."""

    cancel: bool = False
    terminate: bool = False


@dataclass(frozen=True)
class Act:
    """A link to the preview of what ends a session, or its statement."""

    label: str
    url: str
    says: str
    is_danger: bool


@dataclass(frozen=True)
class SessionRow:
    """`opened`: of a long statement, more of it. `notes`: what is worth knowing beside it."""

    pid: int
    who: str
    application: str
    state: str
    tone: str
    wait: str
    behind: tuple[int, ...]
    since: str
    transaction: str
    is_old: bool
    database: str
    address: str
    sql: str
    opened: str
    is_ours: bool
    notes: tuple[str, ...]
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class PlaceRow:
    """One of the tree. `opens`: it begins a list of its own below the one before it; `closes`: as many lists end before
    it (one letter each: templates cannot count)."""

    key: str
    pid: int | None
    title: str
    badge: str
    tone: str
    wants: str
    facts: tuple[str, ...]
    sql: str
    advice: str
    command: str
    opens: bool
    closes: str
    is_first: bool
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class WaitRow:
    name: str
    meaning: str
    sessions: int
    width: str


@dataclass(frozen=True)
class HolderRow:
    kind: str
    object: str
    pid: int | None
    age: str
    since: str
    advice: str
    command: str
    acts: tuple[Act, ...]


@dataclass(frozen=True)
class IdleRow:
    role: str
    application: str
    database: str
    address: str
    sessions: int
    longest: str
    is_ours: bool


@dataclass(frozen=True)
class Choice:
    label: str
    link: str
    is_current: bool


@dataclass(frozen=True)
class View:
    """`ends`: lists of the tree that are open at its end. `said`: the state in a sentence, for who cannot see it change."""

    tiles: tuple[Tile, ...]
    places: tuple[PlaceRow, ...]
    ends: str
    more_places: int
    waiting: int
    waiting_tone: str
    rows: tuple[SessionRow, ...]
    fitting: int
    orders: tuple[Choice, ...]
    idle: tuple[IdleRow, ...]
    idle_count: int
    waits: tuple[WaitRow, ...]
    holders: tuple[HolderRow, ...]
    more_holders: int
    held: str
    held_tone: str
    hidden: str
    grant: str
    roles: tuple[str, ...]
    databases: tuple[str, ...]
    said: str


def view_of(found: Mapping[str, Any], wanted: Wanted, may: May, address_of: Callable[[str], str]) -> View:
    """`found`: an Activity's `as_dict()`; `address_of`: the page of an operation."""
    acts = _Acts(wanted, may, address_of)
    sessions = found["sessions"]
    fitting = [one for one in sessions if _fits(one, wanted)]
    if wanted.sort:
        name = {"transaction": "transaction_seconds", "wait": "waited_seconds"}[wanted.sort]
        fitting.sort(key=lambda one: -(one[name] if one[name] is not None else -1))
    else:
        # What clients do comes before what PostgreSQL does by itself.
        fitting.sort(key=lambda one: not _is_client(one))
    entries = found["locks"]["entries"]
    places, ends = _tree(entries[:MOST_PLACES], acts)
    hidden = sum(one["hidden"] for one in sessions)
    waiting, longest = found["locks"]["waiting"], found["locks"]["longest_seconds"]
    held, tone = _held(found["holders"])
    most_holders = 3 if tone == "ok" else 8
    return View(
        tiles=tuple(_tiles(found, waiting, longest)),
        places=tuple(places),
        ends=ends,
        more_places=max(0, len(entries) - MOST_PLACES),
        waiting=waiting,
        waiting_tone=_waiting_tone(waiting, longest),
        rows=tuple(_row(one, acts) for one in fitting[:MOST]),
        fitting=len(fitting),
        orders=tuple(
            Choice(label, wanted.query(sort=order), order == wanted.sort)
            for order, label in (
                ("", _("Longest at it")),
                ("transaction", _("Oldest transaction")),
                ("wait", _("Longest waiting")),
            )
        ),
        idle=tuple(_idle(one) for one in found["idle"][:MOST]),
        idle_count=sum(one["sessions"] for one in found["idle"]),
        waits=tuple(_waits(found["waits"])),
        holders=tuple(_holder(one, sessions, acts) for one in found["holders"][:most_holders]),
        more_holders=max(0, len(found["holders"]) - most_holders),
        held=held,
        held_tone=tone,
        hidden=_hidden(hidden, found["role"]),
        grant=f"GRANT pg_read_all_stats TO {quoted(found['role'])};" if hidden else "",
        roles=tuple(sorted({one["role"] for one in sessions if one["role"]})),
        databases=tuple(sorted({one["database"] for one in sessions if one["database"]})),
        said=_said(waiting, longest),
    )


def _is_client(one: Mapping[str, Any]) -> bool:
    return one["kind"] in (None, "client backend")


def _is_active(one: Mapping[str, Any]) -> bool:
    return one["state"] in ("active", "fastpath function call")


def _fits(one: Mapping[str, Any], wanted: Wanted) -> bool:
    words = wanted.text.casefold()
    texts = (one["sql"], one["application"], one["role"], one["address"], one["kind"], str(one["pid"]))
    if words and not any(words in text.casefold() for text in texts if text):
        return False
    if wanted.role and one["role"] != wanted.role or wanted.within and one["database"] != wanted.within:
        return False
    if wanted.seconds and (one["seconds"] is None or one["seconds"] < wanted.seconds):
        return False
    match wanted.state:
        case "":
            # Processes of PostgreSQL's own that stand by are no news.
            return _is_client(one) or bool(one["sql"]) or bool(_wait(one)) or bool(words)
        case "active":
            return _is_active(one) and _is_client(one)
        case "waiting":
            return one["waited_seconds"] is not None
        case "idle in transaction":
            return str(one["state"]).startswith("idle in transaction")
        case "background":
            return not _is_client(one)
    return True


# --- figures --------------------------------------------------------------------------------------------------------
def _tiles(found: Mapping[str, Any], waiting: int, longest: float) -> Iterator[Tile]:
    clients = [one for one in found["sessions"] if _is_client(one) and not one["is_ours"]]
    open_ones = sum(str(one["state"]).startswith("idle in transaction") for one in clients)
    note = ngettext("%(n)d more idle in its transaction", "%(n)d more idle in their transactions", open_ones)
    yield Tile(_("Active"), str(sum(map(_is_active, clients))), note % {"n": open_ones} if open_ones else "")
    note = _("the longest for %(time)s") % {"time": said_seconds(longest)} if waiting else _("nobody")
    yield Tile(_("Waiting for a lock"), str(waiting), note, _waiting_tone(waiting, longest))
    aged = [one for one in clients if one["transaction_seconds"] is not None]
    if aged:
        oldest = max(aged, key=lambda one: one["transaction_seconds"])
        seconds = max(oldest["transaction_seconds"], 0)
        tone = "critical" if seconds >= VERY_OLD else "warning" if seconds >= OLD else ""
        values = {"pid": oldest["pid"], "application": oldest["application"] or _("no application name")}
        yield Tile(_("Oldest transaction"), said_seconds(seconds), _("session %(pid)d, %(application)s") % values, tone)
    else:
        yield Tile(_("Oldest transaction"), "–", _("no transaction is open"))
    used, most = found["connections"], found["max_connections"]
    tone = "critical" if used >= 0.95 * most else "warning" if used >= 0.8 * most else ""
    yield Tile(_("Connections"), str(used), _("of %(most)d") % {"most": most}, tone)


def _waiting_tone(waiting: int, longest: float) -> str:
    if not waiting:
        return "ok"
    return "critical" if longest >= 60 else "warning" if longest >= LONG_SECONDS else ""


def _said(waiting: int, longest: float) -> str:
    """Without figures that change by themselves: it is read aloud when it changes."""
    if not waiting:
        return _("Nobody waits for a lock.")
    return ngettext("%(n)d session waits for a lock.", "%(n)d sessions wait for a lock.", waiting) % {"n": waiting}


def _hidden(count: int, role: str) -> str:
    if not count:
        return ""
    return ngettext(
        "What %(count)d session of another role does is not shown to %(role)s.",
        "What %(count)d sessions of other roles do is not shown to %(role)s.",
        count,
    ) % {"count": count, "role": role}


# --- sessions -------------------------------------------------------------------------------------------------------
class _Acts:
    """The links that end what a session does."""

    def __init__(self, wanted: Wanted, may: May, address_of: Callable[[str], str]) -> None:
        self._wanted = wanted
        self._may = may
        self._address_of = address_of

    def of(self, one: Mapping[str, Any] | None) -> tuple[Act, ...]:
        # Whose beginning is hidden cannot be told from the next one with that pid.
        if one is None or not _is_client(one) or one["is_ours"] or one["backend_start"] is None:
            return ()
        found = []
        if self._may.cancel and _is_active(one) and one["query_start"] is not None:
            says = _("Cancel the statement of session %(pid)d") % {"pid": one["pid"]}
            url = self._url("cancel_query", one, query_start=one["query_start"])
            found.append(Act(_("Cancel…"), url, says, is_danger=False))
        if self._may.terminate:
            says = _("End session %(pid)d") % {"pid": one["pid"]}
            found.append(Act(_("End…"), self._url("terminate_session", one), says, is_danger=True))
        return tuple(found)

    def _url(self, operation: str, one: Mapping[str, Any], **more: str) -> str:
        query = {"pid": one["pid"], "backend_start": one["backend_start"], **more, "database": self._wanted.database}
        return f"{self._address_of(operation)}?{urlencode(query)}&_preview=1"


def _row(one: Mapping[str, Any], acts: _Acts) -> SessionRow:
    state, tone = _state(one)
    sql = one["sql"] or ""
    line = one_line(sql, SHOWN) if sql else _kind_note(one)
    notes = []
    if one["is_ours"]:
        notes.append(_("this site"))
    if one["blocks"]:
        notes.append(ngettext("%(n)d waits for it", "%(n)d wait for it", one["blocks"]) % {"n": one["blocks"]})
    if one["leader_pid"] and one["leader_pid"] != one["pid"]:
        notes.append(_("helps %(pid)d") % {"pid": one["leader_pid"]})
    transaction = one["transaction_seconds"]
    return SessionRow(
        pid=one["pid"],
        who=one["role"] or one["kind"] or "–",
        application=one["application"] or "",
        state=state,
        tone=tone,
        wait=_wait(one),
        behind=tuple(one["blocked_by"]),
        since=_age(one["seconds"]),
        transaction=_age(transaction),
        is_old=_is_client(one) and transaction is not None and transaction >= OLD,
        database=one["database"] or "–",
        address=one["address"] or "–",
        sql=line,
        opened=sql[:OPENED] + (" …" if len(sql) > OPENED else "") if len(line) == SHOWN and line.endswith("…") else "",
        is_ours=one["is_ours"],
        notes=tuple(notes),
        acts=acts.of(one),
    )


def _age(seconds: float | None) -> str:
    return "–" if seconds is None else said_seconds(max(seconds, 0))


def _kind_note(one: Mapping[str, Any]) -> str:
    return _("not shown") if one["hidden"] else ""


def _state(one: Mapping[str, Any]) -> tuple[str, str]:
    """For people, and its tone."""
    if one["waited_seconds"] is not None:
        tone = "warning" if one["waited_seconds"] >= LONG_SECONDS else "unknown"
        return _("Waits %(time)s for a lock") % {"time": _age(one["waited_seconds"])}, tone
    if one["hidden"]:
        return _("Not shown"), "unknown"
    if not _is_client(one):
        return _("PostgreSQL's own"), "unknown"
    match one["state"]:
        case "active" | "fastpath function call":
            return _("Active"), "ok"
        case "idle in transaction":
            return _("Idle in transaction"), "warning" if (one["seconds"] or 0) >= 60 else "unknown"
        case "idle in transaction (aborted)":
            return _("Idle in a failed transaction"), "warning"
        case "idle":
            return _("Idle"), "unknown"
    return str(one["state"] or _("Not known")), "unknown"


def _wait(one: Mapping[str, Any]) -> str:
    if one["wait_event_type"] in (None, "Activity") or one["wait_event"] == "ClientRead":
        return ""
    return f"{one['wait_event_type']}: {one['wait_event']}"


def _idle(one: Mapping[str, Any]) -> IdleRow:
    return IdleRow(
        one["role"] or "–",
        one["application"] or "–",
        one["database"] or "–",
        one["address"] or "–",
        one["sessions"],
        _age(one["longest_seconds"]),
        bool(one["is_ours"]),
    )


# --- the tree -------------------------------------------------------------------------------------------------------
def _tree(entries: Sequence[Mapping[str, Any]], acts: _Acts) -> tuple[list[PlaceRow], str]:
    rows: list[PlaceRow] = []
    before = -1
    for number, one in enumerate(entries):
        depth = min(one["depth"], DEEPEST)
        rows.append(
            _place(one, number, acts, opens=depth > before, closes="x" * max(0, before - depth), is_first=before < 0)
        )
        before = depth
    return rows, "x" * (before + 1)


def _place(one: Mapping[str, Any], number: int, acts: _Acts, *, opens: bool, closes: str, is_first: bool) -> PlaceRow:
    session, prepared = one["session"], one["prepared"]
    waited = one["waited_seconds"]
    is_root = one["depth"] == 0
    facts = []
    if session is not None:
        facts += [session["role"] or session["kind"] or "–", session["application"] or _("no application name")]
        facts.append(_state(session)[0] if waited is None else "")
        if waited is None and session["seconds"] is not None:
            facts.append(_("for %(time)s") % {"time": _age(session["seconds"])})
    elif prepared is not None:
        facts += [prepared["owner"] or "", prepared["database"] or ""]
    else:
        facts.append(_("ended meanwhile"))
    others = [pid for pid in one["blocked_by"] if pid != one["under"]]
    if others and not is_root:
        facts.append(_("also behind %(pids)s") % {"pids": ", ".join(str(pid) if pid else "?" for pid in others)})
    advice, command = _advice(one) if is_root else ("", "")
    if one["in_cycle"]:
        badge, tone = _("Waits in a circle"), "critical"
    elif is_root:
        behind = one["victims"]
        badge = ngettext("%(n)d waits behind it", "%(n)d wait behind it", behind) % {"n": behind}
        tone = "warning"
    else:
        badge = _("Waits %(time)s") % {"time": _age(waited)}
        tone = _waiting_tone(1, waited or 0) or "unknown"
    return PlaceRow(
        key=f"{number}-{one['pid'] or 0}",
        pid=one["pid"],
        title=_("Session %(pid)d") % {"pid": one["pid"]} if one["pid"] is not None else _prepared_title(prepared),
        badge=badge,
        tone=tone,
        wants=one["wants"],
        facts=tuple(fact for fact in facts if fact),
        sql=one_line(session["sql"], SHOWN) if session is not None and session["sql"] else "",
        advice=advice,
        command=command,
        opens=opens,
        closes=closes,
        is_first=is_first,
        acts=acts.of(session),
    )


def _prepared_title(prepared: Mapping[str, Any] | None) -> str:
    gid = prepared["gid"] if prepared else None
    return _("Prepared transaction %(gid)s") % {"gid": gid} if gid else _("A prepared transaction")


def _advice(one: Mapping[str, Any]) -> tuple[str, str]:
    """What helps with a root, and the SQL for it."""
    session, prepared = one["session"], one["prepared"]
    if one["in_cycle"]:
        return _("PostgreSQL ends one of them by itself after deadlock_timeout."), ""
    if prepared is not None:
        words = _("It is neither committed nor rolled back. Ask its owner, then in its database:")
        return words, _end_prepared(prepared["gid"]) if prepared["gid"] else ""
    if session is None:
        return "", ""
    if not _is_client(session):
        return _("It is PostgreSQL's own: let it finish."), ""
    if session["hidden"]:
        return _("What it does is not shown to our role."), ""
    if _is_active(session):
        return _("Let its statement finish, or cancel it."), ""
    return _("Its transaction was left open. If nobody misses it, end the session."), ""


def _end_prepared(gid: str) -> str:
    text = "'" + gid.replace("'", "''") + "'"
    return f"COMMIT PREPARED {text};  -- or ROLLBACK PREPARED {text};"


# --- what they wait for ---------------------------------------------------------------------------------------------
def _waits(waits: Sequence[Mapping[str, Any]]) -> Iterator[WaitRow]:
    most = max((one["sessions"] for one in waits), default=1)
    meanings = {
        "": _("on the processor"),
        "Lock": _("another session holds what they need"),
        "LWLock": _("a lock within PostgreSQL's memory"),
        "IO": _("files are read or written"),
        "IPC": _("another process of PostgreSQL"),
        "Client": _("the application reads or sends"),
        "Timeout": _("they sleep for a time"),
        "BufferPin": _("a block that somebody reads"),
        "Extension": _("something of an extension"),
    }
    for one in waits[:12]:
        name = f"{one['type']}: {one['event']}" if one["type"] else _("Working")
        yield WaitRow(name, meanings.get(one["type"], ""), one["sessions"], f"{100 * one['sessions'] / most:.1f}")


# --- what holds VACUUM back -----------------------------------------------------------------------------------------
def _held(holders: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """In a sentence, and its tone."""
    if not holders:
        return _("Nothing holds VACUUM back: it may remove every dead row."), "ok"
    first = holders[0]
    if first["age"] < LITTLE_HELD and (first["seconds"] or 0) < 60:
        return _("Nothing older than what runs at this moment holds VACUUM back."), "ok"
    values = {"age": said_number("", first["age"]), "time": _age(first["seconds"])}
    text = (
        _("Rows that were deleted in the last %(time)s, by %(age)s transactions, must stay.")
        if first["seconds"] is not None
        else _("Rows that the last %(age)s transactions deleted must stay.")
    )
    seconds = first["seconds"] or 0
    bad = first["age"] >= MUCH_HELD or seconds >= VERY_OLD
    return text % values, "warning" if bad or seconds >= OLD else "ok"


def _holder(one: Mapping[str, Any], sessions: Sequence[Mapping[str, Any]], acts: _Acts) -> HolderRow:
    kinds = {
        "session": _("Session"),
        "prepared transaction": _("Prepared transaction"),
        "replication slot": _("Replication slot"),
        "standby": _("Standby"),
    }
    session = next((each for each in sessions if one["kind"] == "session" and each["pid"] == one["pid"]), None)
    advice, command = "", ""
    match one["kind"]:
        case "prepared transaction":
            advice, command = _("Ask its owner, then:"), _end_prepared(one["object"])
        case "replication slot":
            name = "'" + one["object"].replace("'", "''") + "'"
            advice = _("Let its reader catch up; where nobody reads it any more:")
            command = f"SELECT pg_drop_replication_slot({name});"
        case "standby":
            advice = _("A query there is that old, and hot_standby_feedback makes this server wait. End it there.")
    return HolderRow(
        kinds.get(one["kind"], one["kind"]),
        one["object"],
        one["pid"] if session is not None else None,
        said_number("", one["age"]),
        _age(one["seconds"]),
        advice,
        command,
        acts.of(session),
    )
