"""Ending what a session does, or the session: who that is, what would be lost, and whether it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.activity.locks import LockForest, lock_forest
from opsadmin.activity.sessions import Session, said_state, sessions_of
from opsadmin.core.blocks import Block, Code, Note, said, said_seconds
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.finding import Status
from opsadmin.core.operation import Preview
from opsadmin.core.result import Result
from opsadmin.postgres.masking import one_line
from opsadmin.postgres.names import quoted
from opsadmin.postgres.session import Session as Look

#: How long the end is waited for, in seconds.
PATIENCE = 2.0
#: pauses between looks while a statement is being cancelled; together about PATIENCE.
_PAUSES = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 0.72)

#: What autovacuum writes of itself where the server would stop taking writes one day without it.
_WRAPAROUND = "(to prevent wraparound)"

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Asked:
    """Whom the signal is for. `terminate`: end the session, else its statement. `backend_start`, `query_start`: as they
    were when somebody decided; the pid may be another session's by now, the statement another one."""

    pid: int
    terminate: bool
    force: bool = False
    backend_start: datetime | None = None
    query_start: datetime | None = None


@dataclass(frozen=True)
class Target:
    """The session that the signal is for, and whether PostgreSQL would let us: `needs_superuser` where it takes one."""

    session: Session
    own_role: str
    am_superuser: bool
    needs_superuser: bool
    may_signal: bool

    @property
    def title(self) -> str:
        """Who that is, for people."""
        one = self.session
        if not one.is_client and one.role is None:
            return _("process %(pid)d (%(kind)s)") % {"pid": one.pid, "kind": one.kind}
        parts = [_("application %(name)s") % {"name": one.application}] if one.application else []
        parts += [_("database %(name)s") % {"name": one.database}] if one.database else []
        parts += [_("from %(address)s") % {"address": one.address}] if one.address else []
        return _("session %(pid)d of %(role)s (%(more)s)") % {
            "pid": one.pid,
            "role": one.role or "–",
            "more": ", ".join(parts) or one.kind or "–",
        }


@dataclass(frozen=True, kw_only=True)
class Signalled(Result):
    """What came of it. `ended`: whether the statement, or the session, ended while it was waited for (at most 2 s); None
    where our role may not see that. `sql`: what it did, constants masked."""

    pid: int
    ended: bool | None
    message: str
    role: str | None
    database: str | None
    application: str | None
    state: str | None
    sql: str | None
    backend_start: datetime | None
    waited_seconds: float

    def blocks(self) -> list[Block]:
        status = {True: Status.OK, False: Status.WARNING, None: Status.UNKNOWN}[self.ended]
        shown: list[Block] = [Note(status, self.message)]
        return [*shown, Code(_("What it did"), self.sql)] if self.sql else shown


def find_target(look: Look, asked: Asked) -> Target:
    """The session with that pid. Two statements.

    Raises `OperationError` where there is none, or where it is another one by now, `OperationFailed` where that cannot be
    seen; psycopg's errors."""
    if asked.pid == look.raw.info.backend_pid:
        raise OperationError(_("Session %(pid)d is this look itself.") % {"pid": asked.pid}, parameter="pid")
    session = sessions_of(look, [asked.pid]).get(asked.pid)
    row = look.one((_HERE / "target.sql").read_text(encoding="utf-8"), {"pid": asked.pid})
    if session is None or row is None:
        raise OperationError(
            _("There is no session %(pid)d: it has ended, or never was.") % {"pid": asked.pid},
            parameter="pid",
            hint=_("list_sessions shows those that there are."),
        )
    target = Target(session, **row)
    _compare(asked, target)
    return target


def _compare(asked: Asked, target: Target) -> None:
    """Raises `OperationError` where the session, or its statement, is another than the one that was meant;
    `OperationFailed` where our role cannot see that."""
    session = target.session
    if session.hidden and (asked.backend_start or asked.query_start):
        raise OperationFailed(
            _(
                "Since when %(who)s is there is not shown to %(own)s, so nobody knows whether it is the one that was meant."
            )
            % {"who": target.title, "own": target.own_role},
            hint=f"GRANT pg_read_all_stats TO {quoted(target.own_role)};",
        )
    if asked.backend_start is not None and session.backend_start != asked.backend_start:
        raise OperationError(
            _("The session that was meant has ended. That pid is now %(who)s, connected since %(since)s.")
            % {"who": target.title, "since": said("", timezone.localtime(session.backend_start))},
            parameter="backend_start",
        )
    if asked.query_start is not None and session.query_start != asked.query_start:
        raise _other_statement(asked)


def refusal(asked: Asked, target: Target) -> OperationError | None:
    """Why it would not be done; None where it would."""
    one = target.session
    if one.leader_pid is not None:
        return OperationError(
            _("Process %(pid)d is a parallel worker of session %(leader)d: ask for that one.")
            % {"pid": one.pid, "leader": one.leader_pid},
            parameter="pid",
        )
    if not one.is_client and not asked.force:
        if _WRAPAROUND in (one.sql or ""):
            return OperationError(
                _(
                    "Process %(pid)d is the autovacuum that keeps the server from running out of transaction numbers. It "
                    "starts again by itself; each time it is ended the danger grows."
                )
                % {"pid": one.pid},
                parameter="pid",
                hint=_("Let it finish. With force it is ended all the same."),
            )
        if one.kind != "autovacuum worker":
            return OperationError(
                _("Process %(pid)d is PostgreSQL's own (%(kind)s), no client's session.")
                % {"pid": one.pid, "kind": one.kind},
                parameter="pid",
                hint=_("With force it is ended all the same."),
            )
    if not asked.terminate and one.state is not None and one.state.startswith("idle"):
        return OperationError(
            _("Session %(pid)d runs no statement: it has been %(state)s for %(duration)s.")
            % {"pid": one.pid, "state": one.state, "duration": said_seconds(max(one.seconds or 0, 0))},
            parameter="pid",
            hint=_("terminate_session ends the session."),
        )
    return None if target.may_signal else _not_allowed(target)


def preview_signal(look: Look, asked: Asked) -> Preview:
    """What it would do: who that is, what it does, since when, and who waits for it.

    Raises as `find_target`."""
    target = find_target(look, asked)
    one = target.session
    sentences = [_("It is %(who)s.") % {"who": target.title}]
    if one.hidden:
        sentences.append(
            _("What it does is not shown to %(role)s. %(grant)s")
            % {"role": target.own_role, "grant": f"GRANT pg_read_all_stats TO {quoted(target.own_role)};"}
        )
    else:
        if one.seconds is not None:
            sentences.append(
                _("It has been %(state)s for %(duration)s; connected since %(since)s.")
                % {
                    "state": one.state or one.kind,
                    "duration": said_seconds(max(one.seconds, 0)),
                    "since": said("", timezone.localtime(one.backend_start)),
                }
            )
        if one.transaction_seconds is not None:
            sentences.append(
                _("Its transaction has been open for %(duration)s.")
                % {"duration": said_seconds(max(one.transaction_seconds, 0))}
            )
        if one.sql:
            what = _("It runs: %(sql)s") if one.is_active else _("It ran last: %(sql)s")
            sentences.append(what % {"sql": one_line(one.sql, 500)})
    if one.waited_seconds is not None:
        sentences.append(_("It %(state)s itself.") % {"state": said_state(one)})
    sentences.append(_who_waits(lock_forest(look), one.pid))
    if asked.terminate:
        sentences.append(_("Its connection is closed and its open transaction rolled back."))
        sql = f"SELECT pg_terminate_backend({one.pid}, {int(PATIENCE * 1000)});"
    else:
        sentences.append(_("Its statement ends with an error; its connection stays."))
        sql = f"SELECT pg_cancel_backend({one.pid});"
    refused = refusal(asked, target)
    words = " ".join(filter(None, (refused.message, refused.hint))) if refused else ""
    return Preview(tuple(sentences), sql, words)


def send_signal(look: Look, asked: Asked) -> Signalled:
    """Cancel or terminate, and wait a moment for the end.

    Raises `OperationError` where it is refused or the session is another one by now, `OperationFailed` where PostgreSQL
    does not let our role; psycopg's errors."""
    target = find_target(look, asked)
    if refused := refusal(asked, target):
        raise refused
    begun = time.monotonic()
    _fresh(look)
    values = {
        "pid": asked.pid,
        "terminate": asked.terminate,
        "patience": int(PATIENCE * 1000),
        "backend_start": target.session.backend_start,
        "query_start": asked.query_start,
    }
    try:
        with look.attempt():
            row = look.one((_HERE / "signal.sql").read_text(encoding="utf-8"), values)
    except psycopg.errors.InsufficientPrivilege:
        raise _not_allowed(target) from None
    if row is None:
        found = find_target(look, asked)
        raise _other_statement(asked) if asked.query_start else _another(found)
    waits = row["taken"] and not asked.terminate
    ended = True if row["taken"] and asked.terminate else _ended(look, asked, target, _PAUSES if waits else ())
    return _told(asked, target, ended, taken=row["taken"], waited=time.monotonic() - begun)


def _ended(look: Look, asked: Asked, target: Target, pauses: tuple[float, ...]) -> bool | None:
    """Whether what was signalled is over, looked at until it is or the pauses end. Without any, whether the session is
    gone."""
    before = target.session
    for pause in (0.0, *pauses):
        time.sleep(pause)
        _fresh(look)
        now = sessions_of(look, [asked.pid]).get(asked.pid)
        if now is None or now.backend_start != before.backend_start:
            return True
        if not pauses:
            return False
        if now.hidden:
            return None
        if not now.is_active or now.query_start != before.query_start:
            return True
    return False


def _told(asked: Asked, target: Target, ended: bool | None, *, taken: bool, waited: float) -> Signalled:
    one = target.session
    if ended:
        text = _("Ended: %(who)s.") if asked.terminate else _("Ended: the statement of %(who)s.")
    elif ended is None:
        text = _("The signal was sent to %(who)s; what came of it is not shown to our role.")
    elif not taken and not asked.terminate:
        text = _("PostgreSQL could not signal %(who)s: it takes no such signal.")
    elif asked.terminate:
        text = _("Still there after 2 s: %(who)s. It ends at the next place where it can, or takes no such signal.")
    else:
        text = _(
            "Still running after 2 s: the statement of %(who)s. It took the signal and ends at the next place where it "
            "can. terminate_session ends the whole session."
        )
    return Signalled(
        pid=one.pid,
        ended=ended,
        message=text % {"who": target.title},
        role=one.role,
        database=one.database,
        application=one.application,
        state=one.state,
        sql=one.sql,
        backend_start=one.backend_start,
        waited_seconds=round(waited, 3),
    )


def _who_waits(locks: LockForest, pid: int) -> str:
    waiting = [one for one in locks.entries if pid in one.blocked_by]
    if not waiting:
        return _("Nobody waits for it.")
    return ngettext(
        "%(count)d session waits for it, for %(longest)s.",
        "%(count)d sessions wait for it, the longest for %(longest)s.",
        len(waiting),
    ) % {
        "count": len(waiting),
        "longest": said_seconds(max(max(one.waited_seconds or 0, 0) for one in waiting)),
    }


def _not_allowed(target: Target) -> OperationFailed:
    values: dict[str, Any] = {"own": target.own_role, "who": target.title}
    if target.needs_superuser:
        return OperationFailed(
            _("PostgreSQL does not let %(own)s end %(who)s: that takes a superuser.") % values,
            hint=_("Ask whoever runs the server."),
        )
    return OperationFailed(
        _("PostgreSQL does not let %(own)s end %(who)s.") % values,
        hint=f"GRANT pg_signal_backend TO {quoted(target.own_role)};",
    )


def _another(found: Target) -> OperationError:
    return OperationError(
        _("The session that was meant has ended. That pid is now %(who)s.") % {"who": found.title},
        parameter="pid",
    )


def _other_statement(asked: Asked) -> OperationError:
    return OperationError(
        _("Session %(pid)d is at another statement by now: the one that was meant has ended.") % {"pid": asked.pid},
        parameter="query_start",
    )


def _fresh(look: Look) -> None:
    """A transaction sees the sessions as they were at its first look at them, until it forgets that."""
    look.rows("SELECT pg_stat_clear_snapshot()")
