"""Why an index was not made, dropped or rebuilt, as sentences. Values of rows are never in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationFailed
from opsadmin.indexing.sessions import named
from opsadmin.postgres.direct import own_connection
from opsadmin.postgres.session import MARKER

#: How long a look at the catalogue may take, and wait at a lock.
LOOK_SECONDS, LOCK_SECONDS = 5, 1


def failure_of(error: psycopg.Error, *, index: str, table: str, duplicates: str = "") -> OperationFailed:
    """What the server said of a statement about that index. `duplicates`: the query that finds equal values."""
    words = error.diag.message_primary or ""
    values = {"index": index, "table": table, "words": words}
    match error.sqlstate:
        case "23505":
            return OperationFailed(
                _("%(index)s cannot be unique: rows of %(table)s have the same values.") % values,
                hint=_("Find them: %(query)s") % {"query": duplicates} if duplicates else "",
            )
        case "53100":
            return OperationFailed(
                _("The server's disk is full: %(index)s was given up.") % values,
                hint=_("Make room (an index, sorted, takes up to twice its size meanwhile), then try again."),
            )
        case "53200" | "53000" | "53400":
            return OperationFailed(
                _("The server ran out of what it needs: %(words)s.") % values,
                hint=_("Try again when it is less busy, or with a smaller maintenance_work_mem."),
            )
        case "40P01":
            return OperationFailed(
                _("The statement and another session waited for each other, so PostgreSQL ended it (deadlock)."),
                hint=_("Try again; if it happens again, look who locks %(table)s: list_locks.") % values,
            )
        case "57014":
            return OperationFailed(
                _("Somebody else cancelled the statement."), hint=_("The server's log says when; ask who did.")
            )
        case "57P01" | "57P02" | "57P03" | "57P05":
            return OperationFailed(
                _("PostgreSQL ended the session: it was shut down, restarted, or somebody ended the session."),
                hint=_("Try again when it answers."),
            )
        case "42501":
            return OperationFailed(
                _("PostgreSQL does not let our role do that: %(words)s.") % values,
                hint=_("Only the owner of %(table)s may, or a member of that role.") % values,
            )
        case "25006":
            return OperationFailed(_("The server takes no writes: %(words)s.") % values, hint=_("Ask its primary."))
        case "54000":
            return OperationFailed(
                _("A value is too long for the index: %(words)s.") % values,
                hint=_("Index a digest or the beginning of it, or use hash, GIN or GiST."),
            )
        case "42P07":
            return OperationFailed(_("The name is taken by now: %(words)s.") % values, hint=_("Try again."))
        case "42P01" | "42704":
            return OperationFailed(_("It is not there any more: %(words)s.") % values)
        case None:
            return OperationFailed(
                _("The connection to PostgreSQL broke: it was restarted, or the network failed."),
                hint=_("Try again when it answers."),
            )
    if error.sqlstate.startswith("22"):
        return OperationFailed(
            _("The index's expression fails for a row of %(table)s: %(kind)s.")
            % {**values, "kind": type(error).__name__},
            hint=_("Look for the rows that it cannot be reckoned for, or leave them out with WHERE."),
        )
    return OperationFailed(_("PostgreSQL could not do it: %(words)s.") % values)


@contextmanager
def looking(alias: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of our own for looks at the catalogue, which never wait for long.

    Raises `OperationFailed` also for what psycopg raises inside."""
    try:
        with own_connection(alias, lock_seconds=LOCK_SECONDS) as connection:
            connection.execute(f"SET statement_timeout = '{LOOK_SECONDS}s' {MARKER}".encode())
            yield connection
    except psycopg.errors.LockNotAvailable:
        raise locked(alias) from None
    except psycopg.errors.QueryCanceled:
        raise OperationFailed(
            _("PostgreSQL took longer than %(seconds)d s to look at the catalogue.") % {"seconds": LOOK_SECONDS},
            hint=_("Try again when it is less busy."),
        ) from None
    except psycopg.Error as error:
        raise failure_of(error, index="", table="") from None


def locked(alias: str) -> OperationFailed:
    """That not even a look was possible, and who has a lock that does not let anybody in."""
    who = _exclusive_holders(alias)
    held = _(": %(who)s") % {"who": who} if who else ""
    return OperationFailed(
        _("The table is locked so that nobody else can even look at it%(held)s.") % {"held": held},
        hint=_("Try again when that is over; list_locks shows who holds what."),
    )


def _exclusive_holders(alias: str) -> str:
    """Who has an ACCESS EXCLUSIVE lock in this database."""
    try:
        with own_connection(alias, lock_seconds=LOCK_SECONDS) as connection:
            found = connection.execute(
                "SELECT DISTINCT coalesce(l.pid, 0) FROM pg_catalog.pg_locks AS l"
                " WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted"
                " AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid() AND l.database ="
                " (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()) /* opsadmin */"
            ).fetchall()
            return named(connection, [pid for (pid,) in found]) if found else ""
    except (psycopg.Error, OperationFailed):
        return ""
