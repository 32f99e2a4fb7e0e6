"""Dropping an index: what it is for, what would be lost, and the statement that makes it again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from opsadmin.advisor.drops import drops_of, forbids
from opsadmin.advisor.facts import Table, tables_of
from opsadmin.core.blocks import Block, Code, Note, said_bytes, said_seconds
from opsadmin.core.errors import OperationFailed, Stopped
from opsadmin.core.finding import Status
from opsadmin.core.operation import Call, Preview
from opsadmin.core.result import Result
from opsadmin.indexing.create import lease_of
from opsadmin.indexing.existing import Existing, existing
from opsadmin.indexing.failures import failure_of, looking
from opsadmin.indexing.patience import TRIES, Patience, conflicting
from opsadmin.indexing.questions import rows
from opsadmin.indexing.sessions import named
from opsadmin.jobs.lease import take
from opsadmin.postgres.session import MARKER
from opsadmin.workload.marks import note_mark


@dataclass(frozen=True, kw_only=True)
class Request:
    """`alias`: the database; `index`: its name as somebody typed it. `force`: also one that guards something."""

    alias: str
    index: str
    force: bool = False
    lock_seconds: float = 5.0
    wait_seconds: float = 3600.0


@dataclass(frozen=True, kw_only=True)
class IndexDropped(Result):
    """`undo`: the statement that makes it again; empty for one that was invalid."""

    index: str
    table: str
    message: str
    ddl: str
    freed_bytes: int
    seconds: float
    undo: str

    def blocks(self) -> list[Block]:
        shown: list[Block] = [Note(Status.OK, self.message)]
        if self.undo:
            shown.append(Code(_("What makes it again"), self.undo))
        return shown


@dataclass(frozen=True)
class _Found:
    index: Existing
    definition: str
    sentences: tuple[str, ...]
    guards: str
    refusal: str

    @property
    def statement(self) -> str:
        """A partitioned index goes only with the tables locked."""
        return f"DROP INDEX{'' if self.index.is_partitioned else ' CONCURRENTLY'} {self.index.identity};"

    @property
    def undo(self) -> str:
        concurrently = "" if self.index.is_partitioned else " CONCURRENTLY"
        return f"{self.definition.replace(' INDEX ', f' INDEX{concurrently} ', 1)};" if self.index.is_valid else ""


def preview_drop(request: Request) -> Preview:
    """What would happen. Changes nothing.

    Raises `OperationError`; psycopg's errors."""
    with looking(request.alias) as connection:
        found = _look(connection, request)
        if found.refusal:
            return Preview(found.sentences, found.statement, found.refusal)
        concurrently = not found.index.is_partitioned
        values = {"table": found.index.table_oid, "conflicting": conflicting(concurrently)}
        users = [one["pid"] for one in rows(connection, "in_the_way", values) if one["transaction_seconds"] > 1]
        sentences = list(found.sentences)
        if users:
            sentences.append(
                _("Transactions that use the table now have to end first: %(who)s.") % {"who": named(connection, users)}
            )
    if concurrently:
        sentences.append(_("The table can be read and written meanwhile."))
    else:
        sentences.append(_("The table and its partitions are locked until it is done: nobody reads or writes."))
    sentences.append(
        _("The lock is tried %(tries)d times for at most %(seconds)s, so that no queue builds up behind it.")
        % {"tries": TRIES, "seconds": said_seconds(request.lock_seconds)}
    )
    if found.undo:
        sentences.append(_("It is made again by: %(undo)s") % {"undo": found.undo})
    return Preview(tuple(sentences), found.statement)


def drop(request: Request, call: Call) -> IndexDropped:
    """Drop the index.

    Raises `OperationError` where there is none, `OperationFailed` where it was not dropped, `Stopped`."""
    begun = time.monotonic()
    take(call.run, lease_of(request.alias))
    with looking(request.alias) as connection:
        found = _look(connection, request)
    if found.refusal:
        raise OperationFailed(found.refusal)
    index = found.index
    detail = {"index": index.identity, "table": index.table_identity, "statement": found.statement, "undo": found.undo}
    patience = Patience(call, request.alias, request.lock_seconds, request.wait_seconds, detail)
    concurrently = not index.is_partitioned
    patience.until_free(index.table_oid, index.table_identity, concurrently=concurrently)
    try:
        patience.send(
            found.statement.rstrip(";"),
            index.table_identity,
            server_waits=not concurrently,
            after_try=lambda: _state(request, index) is _State.GONE,
        )
    except psycopg.Error as error:
        _half_done(request, index, failure_of(error, index=index.identity, table=index.table_identity))
    except OperationFailed as error:
        _half_done(request, index, error)
    seconds = time.monotonic() - begun
    note_mark(request.alias, "index_dropped", f"{index.identity} ({index.table_identity})")
    return IndexDropped(
        index=index.identity,
        table=index.table_identity,
        message=_("%(index)s is gone; %(size)s are free (%(seconds)s).")
        % {"index": index.identity, "size": said_bytes(index.bytes), "seconds": said_seconds(seconds)},
        ddl=found.statement,
        freed_bytes=index.bytes,
        seconds=round(seconds, 3),
        undo=found.undo,
    )


class _State(Enum):
    """What became of the index: a drop CONCURRENTLY that did not end may have marked it invalid."""

    GONE = "gone"
    AS_IT_WAS = "as it was"
    MARKED = "marked"
    UNKNOWN = "unknown"


def _state(request: Request, index: Existing) -> _State:
    try:
        with looking(request.alias) as connection:
            row = connection.execute(
                "SELECT i.indisvalid FROM pg_catalog.pg_index AS i WHERE i.indexrelid = %s /* opsadmin */", [index.oid]
            ).fetchone()
    except OperationFailed:
        return _State.UNKNOWN
    if row is None:
        return _State.GONE
    return _State.AS_IT_WAS if row[0] == index.is_valid else _State.MARKED


def _half_done(request: Request, index: Existing, error: OperationFailed) -> None:
    """Return where the index is gone all the same; else raise the error, with what became of the index."""
    more = {
        _State.AS_IT_WAS: _("The index is as it was."),
        _State.MARKED: _(
            "The index is marked invalid by now and no longer read: drop it again, or rebuild it (reindex_index)."
        ),
        _State.UNKNOWN: _("Whether the index is still there could not be asked."),
    }
    state = _state(request, index)
    if state is not _State.GONE:
        kind = type(error) if isinstance(error, Stopped) else OperationFailed
        raise kind(f"{error.message} {more[state]}", hint=error.hint) from None


def _look(connection: psycopg.Connection[Any], request: Request) -> _Found:
    index = existing(connection, request.index)
    (definition,) = connection.execute(
        "SELECT pg_catalog.pg_get_indexdef(%s) /* opsadmin */", [index.oid]
    ).fetchone() or ("",)
    tables = tables_of(lambda text, values: _ask(connection, text, values), [index.table_oid])
    guards = _guards(index, tables)
    sentences = [index.about(), _("It is: %(definition)s") % {"definition": definition}]
    if index.is_valid and not guards:
        sentences.append(_advice(index, tables))
    if guards and request.force:
        sentences.append(_("Mind what it is for: %(guards)s") % {"guards": guards})
    refused = index.refusal() or _refusal(index, tables, guards, request)
    return _Found(index, str(definition), tuple(sentences), guards, refused)


def _ask(connection: psycopg.Connection[Any], text: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        cursor.execute(f"{text}\n{MARKER}".encode(), values)
        return cursor.fetchall()


def _guards(index: Existing, tables: dict[int, Table]) -> str:
    """What the index is for beside being read, as a sentence."""
    table = tables.get(index.table_oid)
    one = next((each for each in table.indexes if each.oid == index.oid), None) if table else None
    return forbids(one, table) if one is not None and table is not None and index.is_valid else ""


def _advice(index: Existing, tables: dict[int, Table]) -> str:
    """Whether something says that it can go."""
    table = tables.get(index.table_oid)
    window = table.since_seconds if table else 0.0
    for one in drops_of(tables, (), used=(), window_seconds=window):
        if one.oid == index.oid:
            return f"{one.reason} {one.caution}".strip()
    if index.scans:
        return _("Queries use it, and no other index does the same work: they will take longer without it.")
    return _("Nothing that is counted says that it is missed, and nothing that it is superfluous.")


def _refusal(index: Existing, tables: dict[int, Table], guards: str, request: Request) -> str:
    if index.constraint_name is not None:
        return _(
            "%(index)s belongs to the constraint %(name)s and goes only with that: ALTER TABLE ... DROP CONSTRAINT."
        ) % {
            "index": index.identity,
            "name": index.constraint_name,
        }
    table = tables.get(index.table_oid)
    one = next((each for each in table.indexes if each.oid == index.oid), None) if table else None
    if one is not None and one.is_partition:
        return forbids(one, table) if table else ""
    if guards and not request.force:
        return _("%(guards)s With force it is dropped all the same.") % {"guards": guards}
    return ""
