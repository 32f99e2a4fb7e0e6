"""One long statement on a connection of its own, watched from another one: how far it has come, whom it waits for, and
whether it has to stop."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from opsadmin.core.errors import OperationFailed
from opsadmin.indexing.questions import rows
from opsadmin.indexing.sessions import named
from opsadmin.postgres.direct import own_connection
from opsadmin.postgres.session import MARKER

logger = logging.getLogger(__name__)

#: Seconds between looks: soon at first, so that a lock is let go of soon.
FIRST_LOOKS, FIRST_SECONDS, LATER_SECONDS = 20, 0.1, 0.5
#: After that many seconds a statement that was told to stop loses its connection.
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Seen:
    """One look at the statement. `row`: as `sql/busy.sql` has it. `waits_seconds`: at the present lock; `blockers`: who holds
    it, in words."""

    row: dict[str, Any]
    waits_seconds: float
    blockers: str

    @property
    def awaits_table(self) -> bool:
        """Whether it stands in the queue of a table or an index, where others queue behind it."""
        return bool(self.row["locktype"] == "relation")


class Watcher:
    """Looks from a connection of its own, which may come and go."""

    def __init__(self, alias: str) -> None:
        self._alias = alias
        self._stack = contextlib.ExitStack()
        self._connection: psycopg.Connection[Any] | None = None
        self._lock: tuple[Any, ...] | None = None
        self._since = 0.0

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def look(self, pid: int) -> Seen | None:
        """What the statement of that session does; None where that cannot be seen at the moment."""
        try:
            connection = self._connected()
            row = rows(connection, "busy", {"pid": pid})[0]
            blockers = [one for one in row["blockers"] if one is not None]
            return Seen(row, self._waits(row), named(connection, blockers) if blockers else "")
        except (psycopg.Error, OperationFailed, IndexError) as error:
            logger.debug("[ops] the statement cannot be watched: %s", type(error).__name__)
            self._forget()
            return None

    def end(self, pid: int, started: str) -> None:
        """Close that session from the server's side."""
        with contextlib.suppress(psycopg.Error, OperationFailed):
            self._connected().execute(
                "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_get_activity(%s) AS a"
                " WHERE a.backend_start::text = %s /* opsadmin */",
                [pid, started],
            )

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = self._stack.enter_context(own_connection(self._alias, lock_seconds=1))
            self._connection.execute(f"SET statement_timeout = '3s' {MARKER}".encode())
        return self._connection

    def _forget(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self._stack.close()
        self._stack, self._connection = contextlib.ExitStack(), None

    def _waits(self, row: dict[str, Any]) -> float:
        """By the server's clock, or by ours where it does not tell since when."""
        lock = (row["locktype"], row["relation"]) if row["locktype"] else None
        if lock != self._lock:
            self._lock, self._since = lock, time.monotonic()
        if lock is None:
            return 0.0
        return max(float(row["waited_seconds"] or 0.0), time.monotonic() - self._since)


class Errand:
    """A statement under way. `pid`, `started`: of its session."""

    def __init__(self, connection: psycopg.Connection[Any], statement: str) -> None:
        self.connection = connection
        row = connection.execute(
            "SELECT pg_catalog.pg_backend_pid(), a.backend_start::text"
            " FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) AS a /* opsadmin */"
        ).fetchone()
        assert row is not None  # noqa: S101  # a session sees itself
        self.pid, self.started = int(row[0]), str(row[1])
        self._statement = f"{statement}\n{MARKER}".encode()
        self._error: BaseException | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._send, name=f"errand-{self.pid}", daemon=True)

    def run(self, watcher: Watcher, watch: Callable[[Seen | None], None]) -> None:
        """Send it and come back at its end. `watch` gets every look; what it raises stops the statement and is raised here.

        Raises psycopg's errors."""
        self._thread.start()
        try:
            looks = 0
            while not self._done.wait(FIRST_SECONDS if looks < FIRST_LOOKS else LATER_SECONDS):
                looks += 1
                watch(watcher.look(self.pid))
        except BaseException:
            self._stop(watcher)
            raise
        if self._error is not None:
            raise self._error

    def _send(self) -> None:
        try:
            self.connection.execute(self._statement)
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()

    def _stop(self, watcher: Watcher) -> None:
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(psycopg.Error):
                self.connection.cancel_safe(timeout=5)
            if self._done.wait(1.0):
                return
        watcher.end(self.pid, self.started)
        self._done.wait(STOP_SECONDS)
