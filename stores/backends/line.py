"""The line to one PostgreSQL: a pool of connections per process, of which every call ends within its deadline."""

from __future__ import annotations

import os
import select
import threading
import weakref
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from stores.backends.bounded import BoundedConnection
from stores.backends.fast_pool import FastPool
from stores.backends.postgres_errors import translate
from stores.errors import StoreBusy, StoreError, StoreMisconfigured, StoreUnavailable

Connection = psycopg.Connection[Any]

#: A file of this name in `requests_dir`, made anew or touched, asks every process of the host to rebuild its pool.
REQUEST = "pool.request"
#: The server's own last resort for what a vanished client left behind.
SERVER_STATEMENT_MS = 60_000
SERVER_IDLE_IN_TRANSACTION_MS = 10_000
MAX_IDLE = 120.0
MAX_LIFETIME = 1800.0

_lines: weakref.WeakSet[Line] = weakref.WeakSet()
#: Pools of the parent process. They are kept: collecting them would meddle with sockets that the parent uses.
_foreign: list[object] = []


class Line:
    """`dsn`: URL or libpq text; `ssl_mode` counts where it names none and its host is no socket, `application_name`
    where it names none. `size`: most connections. `deadline`: seconds a call may take, waiting for a connection
    included. `requests_dir`: where `pool.request` is looked for.

    `pool` instead of `dsn`: somebody else's open pool. It is used as it is and never closed; its connections know no
    client-side deadline, so a statement that is never answered hangs as it would for its owner."""

    def __init__(
        self,
        dsn: str = "",
        *,
        ssl_mode: str | None = None,
        size: int = 4,
        deadline: float = 1.0,
        application_name: str = "switchbot-store",
        requests_dir: str | os.PathLike[str] | None = None,
        pool: ConnectionPool[Any] | None = None,
    ) -> None:
        self.size = size if pool is None else pool.max_size
        self.deadline = deadline
        self._given = pool
        parts = {} if pool is not None else _parts(dsn, ssl_mode, application_name)
        self.pooled = "-pooler." in str(parts.get("host", ""))
        self._conninfo = make_conninfo(**parts)
        self._request = Path(requests_dir) / REQUEST if requests_dir is not None else None
        self._dead = self._failed = self._rebuilt = 0
        self._closed = False
        self._forget()
        _lines.add(self)

    def _forget(self) -> None:
        """Start without a pool: at the beginning, and in a child process, where the parent's is not ours."""
        self._lock = threading.Lock()
        self._pool: FastPool | None = None
        self._seen: object = None
        self._out: set[int] = set()
        self._wanted_until = 0.0

    # --- one call --------------------------------------------------------------------------------------------------

    def connection(self, deadline: float | None = None) -> Checkout:
        """`with line.connection() as connection:` lends one in autocommit mode for at most `deadline` seconds; what
        fails in the block, within them or at their end, comes out as a `StoreError`."""
        return Checkout(self, self.deadline if deadline is None else deadline)

    def take(self, until: float) -> Connection:
        """A living connection in autocommit mode, bound to end by `until` (`monotonic()`). Raises psycopg's errors;
        it must go to `give_back`."""
        self._wanted_until = max(self._wanted_until, until)
        while True:
            pool = self._current()
            try:
                connection: Connection = pool.getconn(max(until - monotonic(), 0.0))
            except PoolClosed:
                # Rebuilt while we waited in the old one; or closed for good.
                if self._closed or self._given is not None:
                    raise
                self._drop(pool)
                continue
            except psycopg.Error:
                self._failed += 1
                raise
            self._out.add(id(connection))
            if isinstance(connection, BoundedConnection):
                connection.until = until
                connection.abandon = None
                connection.home = pool
            if self._alive(connection):
                if not connection.autocommit:
                    connection.autocommit = True
                return connection
            self._dead += 1
            connection.close()
            self.give_back(connection)

    def give_back(self, connection: Connection) -> None:
        self._out.discard(id(connection))
        home: Any = getattr(connection, "home", None) or self._given
        status = connection.pgconn.transaction_status
        if status in (psycopg.pq.TransactionStatus.INTRANS, psycopg.pq.TransactionStatus.INERROR):
            try:
                connection.rollback()
            except psycopg.Error:
                connection.close()
        elif status != psycopg.pq.TransactionStatus.IDLE:
            connection.close()
        home.putconn(connection)

    def _alive(self, connection: Connection) -> bool:
        """Nothing arrives on a resting connection unless it died or the server has something to say: only then a
        round trip tells which."""
        poller = getattr(connection, "poller", None)
        if poller is None:
            if connection.closed:
                return False
            poller = select.poll()
            poller.register(connection.pgconn.socket, select.POLLIN)
            if isinstance(connection, BoundedConnection):
                connection.poller = poller
        if not poller.poll(0):
            return True
        return _answers(connection)

    # --- the pool --------------------------------------------------------------------------------------------------

    def _current(self) -> ConnectionPool[Any]:
        if self._given is not None:
            return self._given
        pool = self._pool
        if pool is not None and (self._request is None or self._request_seen() == self._seen):
            return pool
        with self._lock:
            if self._closed:
                raise PoolClosed("the line is closed")
            seen = self._request_seen()
            old = self._pool
            if old is None or seen != self._seen:
                self._pool = self._new_pool()
                self._seen = seen
                if old is not None:
                    self._rebuilt += 1
                    # It waits for its threads; this call has a deadline.
                    threading.Thread(target=old.close, name="close-old-pool", daemon=True).start()
            assert self._pool is not None  # noqa: S101  # made just now, under the lock
            return self._pool

    def _drop(self, pool: object) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None

    def _new_pool(self) -> FastPool:
        options: dict[str, Any] = {"autocommit": True}
        if self.pooled:
            options["prepare_threshold"] = None
        elif "options" not in conninfo_to_dict(self._conninfo):
            options["options"] = (
                f"-c statement_timeout={SERVER_STATEMENT_MS} -c lock_timeout={max(1, int(self.deadline * 1000))}"
                f" -c idle_in_transaction_session_timeout={SERVER_IDLE_IN_TRANSACTION_MS}"
            )
        pool = FastPool(
            self._conninfo,
            patience=lambda: max(self.deadline, self._wanted_until - monotonic()),
            in_use=lambda: bool(self._out),
            kwargs=options,
            max_size=self.size,
            max_idle=MAX_IDLE,
            max_lifetime=MAX_LIFETIME,
            name="store",
        )
        pool.open()
        return pool

    def _request_seen(self) -> object:
        if self._request is None:
            return None
        try:
            found = os.stat(self._request)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    # --- for the operator ------------------------------------------------------------------------------------------

    def stats(self) -> dict[str, int]:
        """The pool's figures, without touching PostgreSQL: `size` (most), `open`, `available`, `in_use`, `waiting`
        (callers), `requests`, `request_errors`, `connects`, `connect_errors`, `dead` (found dead at checkout),
        `rebuilt`."""
        pool = self._given or self._pool
        found = pool.get_stats() if pool is not None else {}
        return {
            "size": self.size,
            "open": found.get("pool_size", 0),
            "available": found.get("pool_available", 0),
            "in_use": len(self._out),
            "waiting": found.get("requests_waiting", 0),
            "requests": found.get("requests_num", 0),
            "request_errors": self._failed,
            "connects": found.get("connections_num", 0),
            "connect_errors": found.get("connections_errors", 0),
            "dead": self._dead,
            "rebuilt": self._rebuilt,
        }

    def check(self, timeout: float | None = None) -> dict[str, int]:
        """A round trip on every resting connection (on a new one where there is none) within `timeout` seconds (default: the deadline); a dead one is
        replaced. Answers `checked`, `dead`, `replaced`. Raises `StoreError` where none could replace it."""
        seconds = self.deadline if timeout is None else timeout
        until = monotonic() + seconds
        dead = before = 0
        held: list[Connection] = []
        pool = self._current_or_error(seconds)
        # An unused pool is empty, and an empty pool proves nothing: then one connection is opened.
        resting = pool.get_stats()["pool_available"] or (0 if self._out else 1)
        try:
            for _ in range(resting):
                before = self._dead
                connection = self._take_or_error(until, seconds)
                dead += self._dead - before
                held.append(connection)
                if not _answers(connection):
                    dead += 1
                    self._dead += 1
                    held.remove(connection)
                    connection.close()
                    self.give_back(connection)
                    held.append(self._take_or_error(until, seconds))
        finally:
            for connection in held:
                self.give_back(connection)
        return {"checked": resting, "dead": dead, "replaced": dead}

    def wait_full(self, timeout: float = 10.0) -> int:
        """Open connections until the pool holds `size`, each proved by a round trip; answers how many there are.
        Raises `StoreError` where that takes longer than `timeout` seconds."""
        until = monotonic() + timeout
        held: list[Connection] = []
        try:
            while len(self._out) < self.size:
                connection = self._take_or_error(until, timeout)
                held.append(connection)
                if not _answers(connection):
                    raise StoreUnavailable(
                        f"PostgreSQL did not answer on connection {len(held)} of {self.size} within {timeout:g} s."
                    )
            return len(self._out)
        finally:
            for connection in held:
                self.give_back(connection)

    def recreate(self, timeout: float = 10.0) -> int:
        """A new pool, full, takes over; running calls finish on the old one. Answers its connections. Raises
        `StoreError`, with the old pool still in place, where the new one cannot be filled."""
        if self._given is not None:
            raise StoreMisconfigured("This line uses a pool that its owner made: only the owner can rebuild it.")
        with Line(self._conninfo, size=self.size, deadline=self.deadline) as ready:
            full = ready.wait_full(timeout)
            with self._lock:
                if self._closed:
                    raise StoreUnavailable("The line to PostgreSQL was closed. Make a new store.")
                old, self._pool = self._pool, ready._hand_over(self)
                self._seen = self._request_seen()
                self._rebuilt += 1
        if old is not None:
            old.close()
        return full

    def _hand_over(self, heir: Line) -> FastPool | None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.serve(
                patience=lambda: max(heir.deadline, heir._wanted_until - monotonic()),
                in_use=lambda: bool(heir._out),
            )
        return pool

    def close(self) -> None:
        """Close all connections; a later call raises `StoreUnavailable`. Somebody else's pool stays open."""
        with self._lock:
            pool, self._pool = self._pool, None
            self._closed = True
        if pool is not None:
            pool.close()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def explain(self, error: BaseException, deadline: float) -> StoreError:
        """The `StoreError` for what psycopg raised in a call that had `deadline` seconds."""
        if isinstance(error, PoolTimeout):
            if self._is_busy(deadline):
                return StoreBusy(
                    f"All {self.size} connections of this process were in use for {deadline:g} s. Nothing was "
                    "changed; raise STORE_POOL_SIZE or look for a long transaction."
                )
            pool = self._pool
            if pool is not None and pool.last_error is not None:
                return translate(pool.last_error, deadline=deadline)
        return translate(error, deadline=deadline)

    def _is_busy(self, deadline: float) -> bool:
        """Whether who got no connection in `deadline` seconds waited for others of this process, not for the server.

        One may just be replaced while others wait in a row for those that are lent out: that is the server's fault only
        where connecting takes long, or fails."""
        pool = self._pool
        if len(self._out) >= self.size or (pool is not None and pool.is_full()):
            return True
        return pool is not None and bool(self._out) and pool.last_error is None and pool.connecting_for() < deadline / 2

    def _current_or_error(self, seconds: float) -> ConnectionPool[Any]:
        try:
            return self._current()
        except psycopg.Error as error:
            raise self.explain(error, seconds) from error

    def _take_or_error(self, until: float, seconds: float) -> Connection:
        try:
            return self.take(until)
        except psycopg.Error as error:
            raise self.explain(error, seconds) from error


class Checkout:
    """The block in which a connection is lent."""

    __slots__ = ("_connection", "_deadline", "_line")

    def __init__(self, line: Line, deadline: float) -> None:
        self._line = line
        self._deadline = deadline
        self._connection: Connection | None = None

    def __enter__(self) -> Connection:
        try:
            self._connection = self._line.take(monotonic() + self._deadline)
        except psycopg.Error as error:
            raise self._line.explain(error, self._deadline) from error
        return self._connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._line.give_back(connection)
        if isinstance(error, psycopg.Error):
            raise self._line.explain(error, self._deadline) from error


def _parts(dsn: str, ssl_mode: str | None, application_name: str) -> dict[str, Any]:
    try:
        parts: dict[str, Any] = dict(conninfo_to_dict(dsn))
    except psycopg.ProgrammingError:
        # The reason repeats the text, password included.
        raise StoreMisconfigured(
            "The address is neither a PostgreSQL URL nor libpq key=value text. It looks like "
            "postgresql://ROLE:PASSWORD@HOST/DATABASE?sslmode=require, or host=/run/postgresql dbname=NAME."
        ) from None
    host = str(parts.get("host") or "")
    if ssl_mode and "sslmode" not in parts and host and not host.startswith(("/", "@")):
        parts["sslmode"] = ssl_mode
    parts.setdefault("application_name", application_name)
    parts.setdefault("client_encoding", "UTF8")
    return parts


def _answers(connection: Connection) -> bool:
    try:
        connection.execute("")
    except psycopg.Error:
        return False
    return True


def _after_fork() -> None:
    for line in list(_lines):
        if line._pool is not None:
            _foreign.append(line._pool)
        line._forget()


os.register_at_fork(after_in_child=_after_fork)
