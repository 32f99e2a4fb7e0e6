"""Making an index: what would happen, and doing it so that nobody has to wait and nothing is left where it fails."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.blocks import Block, Code, Figures, Note, said, said_bytes, said_number, said_seconds
from opsadmin.core.errors import OperationFailed, Stopped
from opsadmin.core.finding import Status
from opsadmin.core.operation import Call, Preview
from opsadmin.core.result import Result
from opsadmin.indexing.failures import failure_of, looking
from opsadmin.indexing.leftover import Left, clean
from opsadmin.indexing.patience import TRIES, Patience, conflicting
from opsadmin.indexing.place import Place, place_of
from opsadmin.indexing.questions import rows
from opsadmin.indexing.sessions import named
from opsadmin.indexing.signals import index_created
from opsadmin.indexing.wanted import Wanted, wanted_of
from opsadmin.jobs.lease import busy, holder_of, take
from opsadmin.postgres.direct import own_connection
from opsadmin.postgres.names import identifier
from opsadmin.workload.marks import note_mark


@dataclass(frozen=True, kw_only=True)
class Request:
    """`alias`: the database; `given`: a CREATE INDEX, or its parts as `{"table", "columns", ...}`."""

    alias: str
    given: str | Mapping[str, Any]
    name: str = ""
    concurrently: bool = True
    if_not_exists: bool = False
    lock_seconds: float = 5.0
    wait_seconds: float = 3600.0
    advice: Any = None


@dataclass(frozen=True, kw_only=True)
class IndexMade(Result):
    """`outcome`: created, or existed where there was such an index already. `undo`: what drops it again."""

    outcome: str
    index: str
    table: str
    message: str
    ddl: str
    size_bytes: int | None
    seconds: float
    tries: int
    undo: str

    def blocks(self) -> list[Block]:
        shown: list[Block] = [Note(Status.OK, self.message)]
        if self.outcome == "created":
            figures = (
                (_("Index"), self.index),
                (_("Table"), self.table),
                (_("Size"), said("size_bytes", self.size_bytes)),
                (_("Took"), said_seconds(self.seconds)),
            )
            shown += [
                Figures("", figures),
                Code(_("What was sent"), self.ddl),
                Code(_("What takes it back"), self.undo),
            ]
        return shown


def lease_of(alias: str) -> str:
    """What only one run in a database has: two that build would wait for each other's transactions."""
    return f"index {alias}"


def preview_create(request: Request) -> Preview:
    """What would happen. Nothing changes; the index is tried on an empty temporary copy of the table, rolled back.

    Raises `OperationError`, psycopg's errors."""
    wanted = wanted_of(request.alias, request.given, name=request.name)
    request = replace(request, if_not_exists=request.if_not_exists or wanted.if_not_exists)
    with looking(request.alias) as connection:
        place = place_of(connection, wanted)
        refused = _refusal(place, request)
        if not refused and (there := _there(place, request)):
            return Preview((there,))
        if refused:
            return Preview(tuple(_about(place)), place_statement(place, wanted, request), refused)
        in_the_way = _in_the_way(connection, place, request)
    sentences = [*_about(place), *_locks(request), *in_the_way, *_around(place, request)]
    return Preview(tuple(sentences), place_statement(place, wanted, request))


def place_statement(place: Place, wanted: Wanted, request: Request) -> str:
    """The statement that makes it."""
    table = place.table["identity"]
    return f"{wanted.statement(identifier(place.name), table, concurrently=request.concurrently)};"


def create(request: Request, call: Call) -> IndexMade:
    """Make the index.

    Raises `OperationError` where it cannot be, `OperationFailed` where it was not made, `Stopped`; psycopg's errors."""
    begun = time.monotonic()
    wanted = wanted_of(request.alias, request.given, name=request.name)
    request = replace(request, if_not_exists=request.if_not_exists or wanted.if_not_exists)
    take(call.run, lease_of(request.alias))
    with looking(request.alias) as connection:
        place = place_of(connection, wanted)
    if refused := _refusal(place, request):
        raise OperationFailed(refused)
    statement = place_statement(place, wanted, request)
    table = place.table["identity"]
    if there := _there(place, request):
        one = place.twin or place.namesake
        name = one.identity if one else place.identity
        return IndexMade(
            outcome="existed",
            index=name,
            table=table,
            message=there,
            ddl="",
            size_bytes=None,
            seconds=0,
            tries=0,
            undo="",
        )
    detail = {"index": place.identity, "table": table, "statement": statement}
    patience = Patience(call, request.alias, request.lock_seconds, request.wait_seconds, detail)
    _make(request, place, statement, patience)
    patience.tell(_("Made; looking at it."))
    size, note = _settled(request, place)
    seconds = time.monotonic() - begun
    made = IndexMade(
        outcome="created",
        index=place.identity,
        table=table,
        message=_("%(index)s is there (%(size)s, made in %(seconds)s).%(note)s")
        % {
            "index": place.identity,
            "size": said("size_bytes", size),
            "seconds": said_seconds(seconds),
            "note": f" {note}" if note else "",
        },
        ddl=statement,
        size_bytes=size,
        seconds=round(seconds, 3),
        tries=patience.tries,
        undo=f"DROP INDEX CONCURRENTLY {place.identity};",
    )
    note_mark(request.alias, "index_created", f"{place.identity} ({table})")
    index_created.send_robust(
        IndexMade, database=request.alias, ddl=statement, index=place.identity, advice=request.advice, run=call.run
    )
    return made


# --- before --------------------------------------------------------------------------------------------------------
def _refusal(place: Place, request: Request) -> str:
    """Why it would not be made; empty where it would."""
    table, values = place.table, {"table": place.table["identity"], "role": place.table["role"]}
    if table["is_standby"]:
        return _("This server is a standby: make the index on its primary.")
    if table["is_system"]:
        return _("%(table)s is PostgreSQL's own.") % values
    if not table["is_owner"]:
        return _("%(role)s does not own %(table)s: its owner %(owner)s makes indexes, or a member of that role.") % {
            **values,
            "owner": table["owner"],
        }
    if not table["may_create"]:
        return _(
            "%(role)s may not create anything in the table's schema: GRANT CREATE ON SCHEMA %(schema)s TO %(who)s;"
        ) % {
            **values,
            "schema": identifier(table["schema_name"]),
            "who": identifier(table["role"]),
        }
    if table["kind"] == "p" and request.concurrently:
        return (
            _(
                "%(table)s is partitioned, and PostgreSQL makes an index on all its partitions only with the tables locked. "
                "Make it on each partition first, then CREATE INDEX ON ONLY %(table)s and ALTER INDEX ... ATTACH PARTITION."
            )
            % values
        )
    if table["kind"] not in ("r", "m", "p"):
        return _("%(table)s is a view, or of another kind that can have no index.") % values
    if table["persistence"] == "t":
        return _("%(table)s is a temporary table of another session.") % values
    if place.under_way:
        return _("PostgreSQL is building %(index)s on %(table)s at the moment.") % {
            **values,
            "index": place.under_way[0].identity,
        }
    return _name_refusal(place, request)


def _name_refusal(place: Place, request: Request) -> str:
    namesake = place.namesake
    if namesake is not None and not namesake.is_valid:
        return _(
            "%(index)s is there and invalid, left over from an attempt that failed: drop it first (drop_index)."
        ) % {"index": namesake.identity}
    if namesake is not None and namesake is not place.twin and not request.if_not_exists:
        return _("There is another index of that name: %(definition)s") % {"definition": namesake.definition}
    if place.name_taken:
        return _("The name %(name)s is taken in the schema by something else: give another one.") % {
            "name": identifier(place.name)
        }
    return ""


def _there(place: Place, request: Request) -> str:
    """That there is nothing to do, as a sentence; empty where there is."""
    if place.twin is not None:
        return _("There is such an index already: %(index)s. Nothing is done.") % {"index": place.twin.identity}
    if place.namesake is not None and request.if_not_exists:
        return _("There is an index of that name already: %(definition)s. Nothing is done.") % {
            "definition": place.namesake.definition
        }
    return ""


def _about(place: Place) -> list[str]:
    table = place.table
    found = [
        _("The index %(index)s is made on %(table)s (%(size)s, about %(rows)s rows).")
        % {
            "index": identifier(place.name),
            "table": table["identity"],
            "size": said_bytes(table["bytes"]),
            "rows": said_number("rows", round(table["rows"])),
        }
    ]
    if place.size_bytes is not None:
        found.append(_("It will take about %(size)s.") % {"size": said_bytes(place.size_bytes)})
    return [*found, place.note] if place.note else found


def _locks(request: Request) -> list[str]:
    if request.concurrently:
        return [
            _(
                "The table can be read and written meanwhile (SHARE UPDATE EXCLUSIVE lock: only ALTER TABLE, VACUUM and other "
                "indexes wait). The table is read twice, and PostgreSQL waits for transactions that began before."
            )
        ]
    return [_("Nobody can write to the table until it is done (SHARE lock); reading goes on.")]


def _in_the_way(connection: psycopg.Connection[Any], place: Place, request: Request) -> list[str]:
    values = {"table": place.oid, "conflicting": conflicting(request.concurrently)}
    found = rows(connection, "in_the_way", values)
    holding = [one["pid"] for one in found if one["conflicts"]]
    using = [one["pid"] for one in found if not one["conflicts"] and one["transaction_seconds"] > 1]
    said_: list[str] = []
    if holding:
        said_.append(_("The table is held at the moment by %(who)s.") % {"who": named(connection, holding)})
    if using:
        said_.append(
            _("Transactions that use the table now have to end first: %(who)s.") % {"who": named(connection, using)}
        )
    return said_ or [_("Nobody holds the table at the moment.")]


def _around(place: Place, request: Request) -> list[str]:
    found = [
        _("The lock is tried %(tries)d times for at most %(seconds)s, so that no queue builds up behind it.")
        % {"tries": TRIES, "seconds": said_seconds(request.lock_seconds)}
    ]
    if request.concurrently:
        found.append(
            _("For transactions of others it waits at most %(seconds)s.")
            % {"seconds": said_seconds(request.wait_seconds)}
        )
        found.append(_("If it fails or is stopped, the unfinished index is dropped again."))
    else:
        found.append(_("If it fails or is stopped, nothing is left of it."))
    if place.is_expression:
        found.append(_("Then the table is analyzed, because the index has an expression."))
    if left := place.leftovers:
        names = ", ".join(one.identity for one in left)
        found.append(
            ngettext(
                "The table has an invalid index, left over from an attempt that failed: %(names)s (drop_index removes it).",
                "The table has invalid indexes, left over from attempts that failed: %(names)s (drop_index removes them).",
                len(left),
            )
            % {"names": names}
        )
    if holder_of(lease_of(request.alias)) is not None:
        found.append(busy(lease_of(request.alias)).message)
    return found


# --- doing it ------------------------------------------------------------------------------------------------------
def _make(request: Request, place: Place, statement: str, patience: Patience) -> None:
    def cleaned() -> Left:
        if not request.concurrently:
            return Left()
        return clean(request.alias, place.oid, index=place.identity, report=patience.call.report)

    table = place.table["identity"]
    patience.until_free(place.oid, table, concurrently=request.concurrently)
    try:
        patience.send(
            statement.rstrip(";"), table, server_waits=not request.concurrently, after_try=lambda: cleaned().finished
        )
    except psycopg.Error as error:
        left = cleaned()
        if left.finished:
            return
        failed = failure_of(error, index=place.identity, table=table, duplicates=_duplicates(place))
        raise _with(failed, left, place) from None
    except OperationFailed as error:
        left = cleaned()
        if left.finished:
            return
        raise _with(error, left, place) from None
    except BaseException:
        cleaned()
        raise


def _with(error: OperationFailed, left: Left, place: Place) -> OperationFailed:
    """The same error, with what is left in its sentence."""
    kind = type(error) if isinstance(error, Stopped) else OperationFailed
    return kind(f"{error.message} {left.said(place.identity)}", hint=error.hint)


def _duplicates(place: Place) -> str:
    """The query for values that stand in several rows."""
    if not place.unique or not place.key_texts:
        return ""
    keys = ", ".join(place.key_texts)
    where = f" WHERE {place.predicate}" if place.predicate else ""
    return f"SELECT {keys}, count(*) FROM {place.table['identity']}{where} GROUP BY {keys} HAVING count(*) > 1;"  # noqa: S608  # for people


def _settled(request: Request, place: Place) -> tuple[int | None, str]:
    """The size of the index, and what else there is to say of it."""
    note = ""
    try:
        with own_connection(request.alias, lock_seconds=request.lock_seconds) as connection:
            row = connection.execute(
                "SELECT pg_catalog.pg_relation_size(pg_catalog.to_regclass(%s)) /* opsadmin */", [place.identity]
            ).fetchone()
            if place.is_expression:
                connection.execute("RESET search_path /* opsadmin */")
                try:
                    connection.execute(f"ANALYZE {place.table['identity']}".encode())
                except psycopg.Error as error:
                    words = error.diag.message_primary or type(error).__name__
                    note = _("Its expression has no statistics yet (%(words)s): ANALYZE %(table)s;") % {
                        "words": words,
                        "table": place.table["identity"],
                    }
    except (psycopg.Error, OperationFailed):
        return None, note
    return (int(row[0]) if row and row[0] is not None else None), note
