"""Building an index anew beside the old one, which serves until the new one is there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from opsadmin.core.blocks import Block, Figures, Note, said, said_bytes, said_seconds
from opsadmin.core.errors import OperationError, OperationFailed, Stopped
from opsadmin.core.finding import Status
from opsadmin.core.operation import Call, Preview
from opsadmin.core.result import Result
from opsadmin.indexing.create import lease_of
from opsadmin.indexing.existing import Existing, existing
from opsadmin.indexing.failures import failure_of, looking
from opsadmin.indexing.leftover import clean, invalid_indexes
from opsadmin.indexing.patience import TRIES, Patience, conflicting
from opsadmin.indexing.questions import rows
from opsadmin.indexing.sessions import named
from opsadmin.jobs.lease import take


@dataclass(frozen=True, kw_only=True)
class Request:
    """`alias`: the database; `index`: its name as somebody typed it."""

    alias: str
    index: str
    lock_seconds: float = 5.0
    wait_seconds: float = 3600.0


@dataclass(frozen=True, kw_only=True)
class IndexRebuilt(Result):
    """The size before and after."""

    index: str
    table: str
    message: str
    ddl: str
    bytes_before: int
    bytes_after: int | None
    seconds: float

    def blocks(self) -> list[Block]:
        figures = (
            (_("Before"), said_bytes(self.bytes_before)),
            (_("After"), said("size_bytes", self.bytes_after)),
            (_("Took"), said_seconds(self.seconds)),
        )
        return [Note(Status.OK, self.message), Figures("", figures)]


def preview_rebuild(request: Request) -> Preview:
    """What would happen. Changes nothing.

    Raises `OperationError`; psycopg's errors."""
    with looking(request.alias) as connection:
        index = existing(connection, request.index)
        refused = _refusal(index)
        sentences = [index.about()]
        if refused:
            return Preview(tuple(sentences), _statement(index), refused)
        values = {"table": index.table_oid, "conflicting": conflicting(True)}
        users = [one["pid"] for one in rows(connection, "in_the_way", values) if one["transaction_seconds"] > 1]
        who = named(connection, users) if users else ""
        left = invalid_indexes(connection, index.table_oid)
    sentences += [
        _("It is built anew beside the old one and takes its place: until then the server has room for both."),
        _("The table can be read and written meanwhile (SHARE UPDATE EXCLUSIVE lock)."),
    ]
    if who:
        sentences.append(_("Transactions that use the table now have to end first: %(who)s.") % {"who": who})
    sentences += [
        _("The lock is tried %(tries)d times for at most %(seconds)s, so that no queue builds up behind it.")
        % {"tries": TRIES, "seconds": said_seconds(request.lock_seconds)},
        _("If it fails or is stopped, the old one stays and what is left of the new one is dropped again."),
    ]
    others = [name for oid, name in left.items() if oid != index.oid]
    if others:
        sentences.append(
            _(
                "The table has invalid indexes, left over from attempts that failed: %(names)s (drop_index removes them)."
            )
            % {"names": ", ".join(others)}
        )
    return Preview(tuple(sentences), _statement(index))


def rebuild(request: Request, call: Call) -> IndexRebuilt:
    """Build it anew.

    Raises `OperationError` where there is none, `OperationFailed` where it was not rebuilt, `Stopped`."""
    begun = time.monotonic()
    take(call.run, lease_of(request.alias))
    with looking(request.alias) as connection:
        index = existing(connection, request.index)
        before = invalid_indexes(connection, index.table_oid)
        size_before = _size(connection, index)
    if refused := _refusal(index):
        raise OperationFailed(refused)
    statement, table = _statement(index), index.table_identity
    detail = {"index": index.identity, "table": table, "statement": statement}
    patience = Patience(call, request.alias, request.lock_seconds, request.wait_seconds, detail)
    patience.until_free(index.table_oid, table, concurrently=True)

    def cleaned() -> str:
        left = clean(request.alias, index.table_oid, before=before, report=call.report)
        return _("The old one is as it was. %(left)s") % {"left": left.said(index.identity)}

    def tried_in_vain() -> bool:
        cleaned()
        return _is_new(request, index)

    try:
        patience.send(statement.rstrip(";"), table, server_waits=False, after_try=tried_in_vain)
    except psycopg.Error as error:
        failed = failure_of(error, index=index.identity, table=table)
        raise OperationFailed(f"{failed.message} {cleaned()}", hint=failed.hint) from None
    except OperationFailed as error:
        words = cleaned()
        if not _is_new(request, index):
            kind = type(error) if isinstance(error, Stopped) else OperationFailed
            raise kind(f"{error.message} {words}", hint=error.hint) from None
    except BaseException:
        cleaned()
        raise
    with looking(request.alias) as connection:
        size_after = _size(connection, existing(connection, index.identity))
    seconds = time.monotonic() - begun
    return IndexRebuilt(
        index=index.identity,
        table=table,
        message=_("%(index)s is built anew: %(before)s before, %(after)s now (%(seconds)s).")
        % {
            "index": index.identity,
            "before": said_bytes(size_before),
            "after": said_bytes(size_after),
            "seconds": said_seconds(seconds),
        },
        ddl=statement,
        bytes_before=size_before,
        bytes_after=size_after,
        seconds=round(seconds, 3),
    )


def _is_new(request: Request, index: Existing) -> bool:
    """Whether the new one has taken the old one's place all the same."""
    try:
        with looking(request.alias) as connection:
            now = existing(connection, index.identity)
    except OperationError:
        return False
    return now.oid != index.oid and now.is_valid


def _statement(index: Existing) -> str:
    return f"REINDEX INDEX CONCURRENTLY {index.identity};"


def _size(connection: psycopg.Connection[Any], index: Existing) -> int:
    row = connection.execute("SELECT pg_catalog.pg_relation_size(%s) /* opsadmin */", [index.oid]).fetchone()
    return int(row[0]) if row is not None and row[0] is not None else 0


def _refusal(index: Existing) -> str:
    if index.is_exclusion:
        return _("%(index)s stands for an exclusion constraint: PostgreSQL rebuilds it only with the table locked.") % {
            "index": index.identity
        }
    return index.refusal()
