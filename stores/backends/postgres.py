"""A document in PostgreSQL: the row of `json_store` that the dashboard uses too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any
from uuid import uuid4

import psycopg
from psycopg_pool import ConnectionPool

from stores.backends import postgres_sql as sql
from stores.backends.bounded import BoundedConnection, LineTimeout
from stores.backends.held_document import HeldDocument
from stores.backends.json_text import decode, encode
from stores.backends.line import Connection, Line
from stores.backends.postgres_errors import broke
from stores.backends.protocol import Document, StoreStatus, Transaction, WriterName
from stores.errors import CommitUnknown, DocumentDamaged, Problem, StoreError, StoreUnavailable

#: How long the server lets a transaction hold the document's lock and do nothing: its client may be gone.
IDLE_IN_TRANSACTION_MS = 10_000
#: The part of a call's time after which waiting for a lock ends, so that the server's answer still arrives.
LOCK_SHARE = 0.8
#: Seconds that the answer has at least, in a call that has little time left: a busy machine is not a silent server.
ANSWER_SECONDS = 0.12


class PostgresStore:
    """The document `kind`. `dsn_or_pool`: an address, a `Line` or a `psycopg_pool.ConnectionPool`; what is given open
    stays open. `deadline`: seconds that a read or a write may take, and the beginning and the end of a transaction
    each. `writer` and `reason` say who writes and why; both go into the revision.

    A read takes one round trip, a write one, a transaction two. Every failure is a `StoreError`; `CommitUnknown` of a
    write holds the token with which `revision_of` answers later whether it happened."""

    def __init__(
        self,
        dsn_or_pool: str | Line | ConnectionPool[Any],
        kind: str = "settings",
        *,
        ssl_mode: str | None = None,
        deadline: float = 1.0,
        writer: WriterName | None = None,
        reason: Callable[[], str] | None = None,
    ) -> None:
        self.kind = kind
        self.deadline = deadline
        self.writer = writer
        self.reason = reason
        self._owns_line = not isinstance(dsn_or_pool, Line)
        if isinstance(dsn_or_pool, Line):
            self.line = dsn_or_pool
        elif isinstance(dsn_or_pool, str):
            self.line = Line(dsn_or_pool, ssl_mode=ssl_mode, deadline=deadline)
        else:
            self.line = Line(pool=dsn_or_pool, deadline=deadline)
        self._thread = threading.local()

    # --- reading ---------------------------------------------------------------------------------------------------

    def read(self) -> Document:
        """The document; `{}` where there is none. Raises `DocumentDamaged` where the row holds something else."""
        held = self._held()
        if held is not None:
            return held.read()
        row = self._ask(sql.READ, {"kind": self.kind})
        return {} if row is None else self.decoded(row[0])

    def revision_of(self, token: str) -> int | None:
        """The revision that the write with this token made; None where there is none (yet: a statement whose line was
        cut may still be running)."""
        row = self._ask(sql.FIND_TOKEN, {"kind": self.kind, "token": token})
        return None if row is None else int(row[0])

    def health_check(self) -> bool:
        """Whether the document's row can be read now."""
        try:
            self._ask(sql.READ, {"kind": self.kind})
        except StoreError:
            return False
        return True

    def status(self) -> StoreStatus:
        """One look at the row, with its last writer and the pool's figures. Never raises a `StoreError`."""
        start = monotonic()
        try:
            row = self._ask(sql.STATUS, {"kind": self.kind})
        except StoreError as error:
            return StoreStatus(self.kind, "postgres", False, error=str(error), detail={"pool": self.line.stats()})
        latency = (monotonic() - start) * 1000
        revision, updated_at, size, version, writable, writer = row or (None,) * 6
        return StoreStatus(
            self.kind,
            "postgres",
            True,
            latency_ms=round(latency, 3),
            revision=revision,
            updated_at=updated_at,
            writer=writer,
            detail={"pool": self.line.stats(), "server_version": version, "bytes": size, "writable": writable},
        )

    def _ask(self, statement: str, values: dict[str, Any]) -> tuple[Any, ...] | None:
        """The one row of a question; asked again once where the connection had died unnoticed."""
        until = monotonic() + self.deadline
        repeated = False
        while True:
            connection = self.take(until)
            try:
                try:
                    row: tuple[Any, ...] | None = connection.execute(statement, values).fetchone()
                finally:
                    self.line.give_back(connection)
            except psycopg.Error as error:
                if repeated or not broke(error):
                    raise self.line.explain(error, self.deadline) from error
                repeated = True
            else:
                return row

    def decoded(self, text: str) -> Document:
        """The document of a row. Raises `DocumentDamaged`."""
        try:
            return decode(text, source=f"json_store, {self.kind}")
        except DocumentDamaged as error:
            advice = Problem("", "Restore an earlier revision of it, or write it anew.")
            raise DocumentDamaged([*error.problems, advice], source=error.source) from None

    # --- writing ---------------------------------------------------------------------------------------------------

    def write(self, document: Document) -> None:
        """Replace the document. Raises `DocumentError` for one that cannot be stored, before anything is sent."""
        text = encode(document)
        held = self._held()
        if held is not None:
            held.replace(text)
            return
        until = monotonic() + self.deadline
        values = self.values(until, data=text)
        connection = self.take(until)
        try:
            try:
                if connection.execute(sql.UPDATE, values).rowcount == 0:
                    connection.execute(sql.UPSERT, values)
            finally:
                self.line.give_back(connection)
        except psycopg.Error as error:
            self._settle(error, connection, values, until, sql.FIND_TOKEN)

    def values(self, until: float, token: str = "", **more: Any) -> dict[str, Any]:
        """What the statements of a call that ends by `until` are filled with."""
        return {
            "kind": self.kind,
            "lock_timeout": f"{max(1, int(_patience(until - monotonic()) * 1000))}ms",
            "idle_timeout": f"{IDLE_IN_TRANSACTION_MS}ms",
            "writer": plain(self.writer),
            "reason": plain(self.reason),
            "token": token or str(uuid4()),
            **more,
        }

    def take(self, until: float) -> Connection:
        """A connection of the line, which must go back to it. Raises `StoreError`."""
        try:
            return self.line.take(until)
        except psycopg.Error as error:
            raise self.line.explain(error, self.deadline) from error

    def _settle(
        self, error: psycopg.Error, connection: Connection, values: dict[str, Any], until: float, look: str
    ) -> None:
        """After `error` in a statement that writes: return where the write is done, raise what fits where not."""
        if not connection.closed or (isinstance(error, LineTimeout) and not error.sent):
            # PostgreSQL answered, or was not asked.
            raise self.line.explain(error, self.deadline) from error
        try:
            rows = self._look(look, values, until)
        except psycopg.Error:
            rows = None
        if rows is not None and "revision" in rows:
            return
        if rows is not None and (error.sqlstate is not None or "locked" in rows):
            # The server told its end before it went away, or we held the lock that the write held: no later commit.
            raise StoreUnavailable(
                f"{self.line.explain(error, self.deadline)} A second look shows that nothing was written."
            ) from error
        raise CommitUnknown(
            f"The line to PostgreSQL broke while {self.kind} was written: the write is either done or not. "
            "Read the document before writing again.",
            token=values["token"],
        ) from error

    def _look(self, look: str, values: dict[str, Any], until: float) -> set[str]:
        """The first columns' names of those statements in `look` that found a row."""
        connection = self.line.take(until)
        try:
            values = {**values, "lock_timeout": self.values(until)["lock_timeout"]}
            cursor = psycopg.ClientCursor(connection).execute(look, values)
            found = set()
            while True:
                if cursor.description and cursor.fetchone() is not None:
                    found.add(cursor.description[0].name)
                if not cursor.nextset():
                    return found
        finally:
            self.line.give_back(connection)

    # --- transactions ----------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """The document under its row's lock, which the dashboard takes too. What is written stands at the block's end;
        an exception undoes it. A block inside another one on the same thread joins it, and its exception goes back to
        what the document was at the inner block's start."""
        outer = self._held()
        if outer is not None:
            with outer.joined():
                yield outer
            return
        connection, text = self._lock()
        held = self._thread.held = HeldDocument(text, self.decoded)
        try:
            yield held
        except BaseException:
            self._end(connection)
            raise
        finally:
            self._thread.held = None
            held.over = True
        if held.changed:
            self._commit(connection, held.text)
        else:
            self._end(connection)

    def _held(self) -> HeldDocument | None:
        held: HeldDocument | None = getattr(self._thread, "held", None)
        return held if held is not None and held.is_here() else None

    def _lock(self) -> tuple[Connection, str]:
        """A connection in a transaction that holds the row's lock, and the row's text."""
        until = monotonic() + self.deadline
        repeated = False
        while True:
            values = self.values(until)
            connection = self.take(until)
            try:
                try:
                    text = _last(connection, sql.BEGIN_LOCKED, values)
                    if text is None:
                        text = _last(connection, sql.MAKE_LOCKED, values)
                    if text is None:
                        raise StoreUnavailable(f"The row of {self.kind} was deleted by another session. Try again.")
                except BaseException:
                    self.line.give_back(connection)
                    raise
            except psycopg.Error as error:
                # Nothing was written yet, so it may be repeated like a read.
                if repeated or not broke(error):
                    raise self.line.explain(error, self.deadline) from error
                repeated = True
            else:
                return connection, text

    def _end(self, connection: Connection) -> None:
        """Give the connection back, which rolls back."""
        if isinstance(connection, BoundedConnection):
            connection.until = monotonic() + self.deadline
        self.line.give_back(connection)

    def _commit(self, connection: Connection, text: str) -> None:
        until = monotonic() + self.deadline
        if isinstance(connection, BoundedConnection):
            connection.until = until
        values = self.values(until, data=text)
        try:
            try:
                psycopg.ClientCursor(connection).execute(sql.WRITE_COMMIT, values)
            finally:
                self.line.give_back(connection)
        except psycopg.Error as error:
            self._settle(error, connection, values, until, sql.FIND_TOKEN_LOCKED)

    def close(self) -> None:
        """Close the line, where it is this store's own."""
        if self._owns_line:
            self.line.close()


def _last(connection: Connection, statements: str, values: dict[str, Any]) -> str | None:
    """The one value of the last of several statements; None where it has no row."""
    cursor = psycopg.ClientCursor(connection).execute(statements, values)
    while cursor.nextset():
        pass
    row = cursor.fetchone()
    return None if row is None else row[0]


def plain(name: Callable[[], str] | None) -> str:
    """What `name` says, without what PostgreSQL's text cannot hold."""
    return name().replace("\0", "").encode("utf-8", "replace").decode() if name is not None else ""


def _patience(left: float) -> float:
    """Seconds that a statement may wait for a lock in a call that has so many left."""
    return min(LOCK_SHARE * left, max(left - ANSWER_SECONDS, left / 2))
