"""The document in PostgreSQL as a host that fails over uses it: every call ends in time, gives way to a switch, and
says for certain what became of a write, or names the token by which that is found out later."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import psycopg

from stores.backends import postgres_sql as sql
from stores.backends.bounded import BoundedConnection, LineTimeout
from stores.backends.failover.host import Host
from stores.backends.failover.mode import SWITCHING, Mode
from stores.backends.failover.steps import reached
from stores.backends.line import Connection
from stores.backends.postgres import PostgresStore
from stores.backends.postgres_errors import broke
from stores.errors import CommitUnknown, DocumentError, StoreBusy, StoreError, StoreUnavailable

#: A call that waited for a connection as long as it could waits this much more for those that have them.
HOLDERS_SECONDS = 0.15

#: The part of a call's time that must be left when it has its connection.
LEAST_SHARE = 0.25
#: So much of a token is its host's id.
OWN_TOKEN = 18


class Moved(Exception):
    """The host is in another mode than the call began in. Nothing was written."""


class Lost(Exception):
    """PostgreSQL cannot be used. `token`: the write may be done, and is found by it; "" where it certainly is not."""

    def __init__(self, error: StoreError, token: str = "") -> None:
        super().__init__(str(error))
        self.error = error
        self.token = token


class WentBack(Exception):
    """PostgreSQL is behind what this host has seen of it: restored, emptied, or another database. Its message says so."""


@dataclass
class LockedRow:
    """A transaction that holds the document's row."""

    connection: Connection
    text: str
    revision: int
    mode: Mode


class PostgresSide:
    def __init__(self, store: PostgresStore, host: Host) -> None:
        self._store = store
        self._host = host
        self._known = host.known(store.kind)
        self._kind = store.kind

    # --- reading ---------------------------------------------------------------------------------------------------

    def read(self, mode: Mode, until: float) -> str | None:
        """The row's text; None where there is none and never was. Raises Moved, Lost, WentBack, StoreBusy."""
        seen = self._known.revision(mode.epoch)
        row = self._ask(mode, sql.READ_REVISION, {"kind": self._kind}, until)
        if row is None:
            if seen:
                raise self._went_back(None, seen)
            return None
        text, revision = row
        if revision < seen:
            raise self._went_back(revision, seen)
        self._saw(revision, text)
        return str(text)

    def _saw(self, revision: int, text: str) -> None:
        # Nothing is lost where this cannot be noted; the fallback would start from something older.
        with suppress(StoreError):
            self._known.offer(revision, text)

    def find(self, mode: Mode, token: str, until: float) -> int | None:
        """The revision that the write with this token made. Raises Moved, Lost, StoreBusy."""
        row = self._ask(mode, sql.FIND_TOKEN, {"kind": self._kind, "token": token}, until)
        return None if row is None else int(row[0])

    def _ask(self, mode: Mode, statement: str, values: dict[str, Any], until: float) -> tuple[Any, ...] | None:
        repeated = False
        while True:
            connection = self._take(mode, until)
            try:
                try:
                    row: tuple[Any, ...] | None = connection.execute(statement, values).fetchone()
                finally:
                    self._store.line.give_back(connection)
            except psycopg.Error as error:
                if repeated or not broke(error):
                    raise self._lost(error) from error
                repeated = True
            else:
                return row

    # --- writing ---------------------------------------------------------------------------------------------------

    def write(self, mode: Mode, text: str, until: float) -> None:
        """Replace the document. Raises Moved, Lost, WentBack, StoreBusy, DocumentError."""
        seen = self._known.revision(mode.epoch)
        connection = self._take(mode, until)
        values = self._values(mode, until, data=text, seen=seen)
        try:
            try:
                with self._gate(mode, until):
                    self._note(self._update(connection, values, seen), text, values["token"])
            finally:
                self._store.line.give_back(connection)
        except psycopg.Error as error:
            self._settle(error, connection, values, text, mode, until, sql.FIND_TOKEN)

    def _update(self, connection: Connection, values: dict[str, Any], seen: int) -> int:
        row = connection.execute(sql.UPDATE_OF_HOST, values).fetchone()
        reached("write.answered")
        if row is None:
            found = connection.execute(sql.REVISION, values).fetchone()
            if seen and (found is None or found[0] < seen):
                raise self._went_back(found[0] if found else None, seen)
            # There was no row. Another writer may have made it since.
            row = connection.execute(sql.UPSERT_OF_HOST, values).fetchone()
        assert row is not None  # noqa: S101  # RETURNING of an upsert
        return int(row[0])

    def _note(self, revision: int, text: str, token: str) -> None:
        """Note what was written, or do not acknowledge it: a fallback would go on without it."""
        try:
            self._known.offer(revision, text)
        except StoreError as error:
            raise CommitUnknown(
                f"{self._kind} was written to PostgreSQL as revision {revision}, but this host could not note it: "
                f"{error} Read the document before writing again.",
                token=token,
            ) from error
        reached("write.known")

    def begin(self, mode: Mode, until: float) -> LockedRow:
        """Lock the row. Raises Moved, Lost, WentBack, StoreBusy."""
        seen = self._known.revision(mode.epoch)
        repeated = False
        while True:
            connection = self._take(mode, until)
            values = self._values(mode, until)
            try:
                try:
                    row = _last_row(connection, sql.BEGIN_LOCKED_REVISION, values)
                    if row is None and not seen:
                        row = _last_row(connection, sql.MAKE_LOCKED_REVISION, values)
                    if row is None or row[1] < seen:
                        raise self._went_back(row[1] if row else None, seen)
                    self._saw(row[1], row[0])
                except BaseException:
                    self._store.line.give_back(connection)
                    raise
            except psycopg.Error as error:
                if repeated or not broke(error):
                    raise self._lost(error) from error
                repeated = True
            else:
                return LockedRow(connection, row[0], row[1], mode)

    def release(self, row: LockedRow) -> None:
        """Roll back."""
        if isinstance(row.connection, BoundedConnection):
            row.connection.until = monotonic() + self._store.deadline
        self._store.line.give_back(row.connection)

    def commit(self, row: LockedRow, text: str, until: float) -> None:
        """Write and commit; the row's lock ends in any case. Raises as `write`."""
        if isinstance(row.connection, BoundedConnection):
            row.connection.until = until
        values = self._values(row.mode, until, data=text)
        try:
            try:
                with self._gate(row.mode, until):
                    cursor = psycopg.ClientCursor(row.connection).execute(sql.WRITE_COMMIT_OF_HOST, values)
                    reached("write.answered")
                    cursor.nextset()
                    found = cursor.fetchone()
                    if found is not None:
                        self._note(found[0], text, values["token"])
            finally:
                self._store.line.give_back(row.connection)
        except psycopg.Error as error:
            self._settle(error, row.connection, values, text, row.mode, until, sql.FIND_TOKEN_LOCKED)
            return
        if found is None:
            raise Lost(StoreUnavailable(f"The row of {self._kind} is gone. Nothing was written."))

    def _settle(
        self,
        error: psycopg.Error,
        connection: Connection,
        values: dict[str, Any],
        text: str,
        mode: Mode,
        until: float,
        look: str,
    ) -> None:
        """After `error` in a statement that writes: return where the write is done, raise what fits where not."""
        if not connection.closed or (isinstance(error, LineTimeout) and not error.sent):
            raise self._lost(error) from error
        rows = None
        try:
            second = self._take(mode, until)
            try:
                with self._gate(mode, until):
                    rows = _found(second, look, {**values, **self._values(mode, until), "token": values["token"]})
                    if "revision" in rows:
                        self._note(rows["revision"], text, values["token"])
                        return
            finally:
                self._store.line.give_back(second)
        except (psycopg.Error, StoreError, Moved, Lost):
            rows = None
        if rows is not None and (error.sqlstate is not None or "locked" in rows):
            # The server told its end before it went away, or we held the lock that the write held: no later commit.
            raise self._lost(error) from error
        raise Lost(self._store.line.explain(error, self._store.deadline), values["token"]) from error

    # --- what both need --------------------------------------------------------------------------------------------

    def _values(self, mode: Mode, until: float, **more: Any) -> dict[str, Any]:
        # By its beginning a write is told to be this host's, also where nobody lives to name its token.
        token = self._host.id[:OWN_TOKEN] + str(uuid4())[OWN_TOKEN:]
        return self._store.values(until, token, host=self._host.id, epoch=str(mode.epoch), **more)

    def _take(self, mode: Mode, until: float) -> Connection:
        enough = LEAST_SHARE * (until - monotonic())
        try:
            connection = self._store.line.take(until)
        except psycopg.Error as error:
            lost = self._lost(error)
            if isinstance(lost, StoreBusy) and self._moves_soon(mode):
                raise Moved from error
            raise lost from error
        if until - monotonic() < enough:
            # It would be over before PostgreSQL could answer, or say that somebody holds the lock: no proof of its end.
            self._store.line.give_back(connection)
            raise StoreBusy("All connections of this process were in use for too long. Nothing was changed; try again.")
        if isinstance(connection, BoundedConnection):
            connection.abandon = self._has_moved(mode)
        return connection

    def _moves_soon(self, mode: Mode) -> bool:
        """All connections are in use: where their calls hang, those end before this one and switch the host."""
        until = monotonic() + HOLDERS_SECONDS
        has_moved = self._has_moved(mode)
        while not has_moved():
            if monotonic() >= until:
                return False
            sleep(0.005)
        return True

    def _has_moved(self, mode: Mode) -> Callable[[], bool]:
        def has_moved() -> bool:
            now = self._host.mode()
            return now.epoch != mode.epoch or now.phase == SWITCHING

        return has_moved

    def _gate(self, mode: Mode, until: float) -> _Gate:
        """`with` it: in this block the host stays in its mode. Raises Moved where it has left it, StoreBusy."""
        return _Gate(self._host, mode, until)

    def _lost(self, error: psycopg.Error) -> StoreError | Lost:
        explained = self._store.line.explain(error, self._store.deadline)
        # PostgreSQL is there: somebody holds a lock, or our own threads hold all connections.
        return explained if isinstance(explained, StoreBusy | DocumentError) else Lost(explained)

    def _went_back(self, revision: int | None, seen: int) -> WentBack:
        found = "has no such row" if revision is None else f"is at revision {revision}"
        return WentBack(
            f"PostgreSQL's {self._kind} {found}, but this host has seen revision {seen}: it was emptied, restored to an "
            "older point, or POSTGRES_URL names another database. The copy goes on serving and nothing is merged. Run "
            "resync_store to see both sides; --strategy ours brings the copy to PostgreSQL, --strategy theirs takes "
            "what PostgreSQL has."
        )


class _Gate:
    """Not a generator: every write passes here."""

    __slots__ = ("_hold", "_host", "_mode")

    def __init__(self, host: Host, mode: Mode, until: float) -> None:
        self._host = host
        self._mode = mode
        self._hold = host.lock.shared(until)

    def __enter__(self) -> None:
        self._hold.__enter__()
        try:
            now = self._host.mode()
            if now.epoch != self._mode.epoch or now.backend != "postgres" or now.phase:
                raise Moved
        except BaseException:
            self._hold.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        self._hold.__exit__()


def _last_row(connection: Connection, statements: str, values: dict[str, Any]) -> tuple[Any, ...] | None:
    cursor = psycopg.ClientCursor(connection).execute(statements, values)
    while cursor.nextset():
        pass
    row: tuple[Any, ...] | None = cursor.fetchone()
    return row


def _found(connection: Connection, look: str, values: dict[str, Any]) -> dict[str, Any]:
    """The first column of each statement of `look` that found a row, by its name."""
    cursor = psycopg.ClientCursor(connection).execute(look, values)
    found: dict[str, Any] = {}
    while True:
        if cursor.description:
            row = cursor.fetchone()
            if row is not None:
                found[cursor.description[0].name] = row[0]
        if not cursor.nextset():
            return found
