"""psycopg's connection pool, made to tell bad news at once.

The pool as it comes retries a failed connect in the background, with growing pauses, while its callers wait out
their time. Here a caller learns of a refusal when it happens, each call that finds no connection starts a fresh
attempt, and no connection is opened that nobody waits for (Neon's compute may sleep).

This leans on inner parts of psycopg_pool (`_waiting`, `_nconns`, `_growing`, `_add_connection`, `_connect`), which
tests/backends/test_line.py holds in place."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool
from psycopg_pool.pool import WaitingClient

from stores.backends.bounded import BoundedConnection, LineTimeout, connecting_until


class FastPool(ConnectionPool[BoundedConnection]):
    """`patience`: seconds the present callers can wait for a connect. `in_use`: whether connections are lent out, so
    that a caller may wait for one of them though no new one can be had."""

    def __init__(
        self, conninfo: str, *, patience: Callable[[], float], in_use: Callable[[], bool], **options: Any
    ) -> None:
        self.serve(patience, in_use)
        self.last_error: psycopg.Error | None = None
        self._opening = 0
        self._attempts: list[float] = []
        super().__init__(
            conninfo,
            connection_class=BoundedConnection,
            min_size=0,
            open=False,
            # Not a pause but one more attempt at once, which _add_connection drops where nobody waits any more.
            reconnect_timeout=0,
            **options,
        )

    def serve(self, patience: Callable[[], float], in_use: Callable[[], bool]) -> None:
        """Work for callers with this patience from now on."""
        self._patience = patience
        self._in_use = in_use

    def is_full(self) -> bool:
        """Whether it has all the connections it may have: who gets none waits for another caller, be it one whom a
        connection is just handed to, and not for the server."""
        with self._lock:
            return self._nconns - self._opening >= self.max_size

    def connecting_for(self) -> float:
        """Seconds since the oldest connect that is under way began; 0 where none is."""
        begun = self._attempts[:1]
        return monotonic() - begun[0] if begun else 0.0

    def _add_connection(self, attempt: Any, growing: bool = False) -> None:
        with self._lock:
            if self._opening >= len(self._waiting):
                self._nconns -= 1
                if growing:
                    self._growing = False
                return
            self._opening += 1
        try:
            super()._add_connection(attempt, growing)
        finally:
            with self._lock:
                self._opening -= 1
                # Who came meanwhile may have been told that this attempt was for him. Where it failed and connections
                # are lent out, callers wait for those; to try on and on would only hammer the server.
                if len(self._waiting) > self._opening and (self.last_error is None or not self._in_use()):
                    self._maybe_grow_pool()

    def _connect(self, timeout: float | None = None) -> BoundedConnection:
        while True:
            begun = monotonic()
            with self._lock:
                callers = set(self._waiting)
                self._attempts.append(begun)
            try:
                with connecting_until(begun + self._patience()):
                    connection = super()._connect(timeout)
            except psycopg.Error as error:
                if self._drop_options(error):
                    continue
                self.last_error = error
                if not isinstance(error, LineTimeout) and not self._in_use():
                    self._fail(callers, error)
                # Who came later than this attempt began gets another: the line may be back since.
                if not set(self._waiting) - callers:
                    raise
            else:
                self.last_error = None
                return connection
            finally:
                with self._lock:
                    self._attempts.remove(begun)

    def _drop_options(self, error: psycopg.Error) -> bool:
        """A pooler that is not known by its name refuses startup options: go on without."""
        if "unsupported startup parameter" not in str(error) or not isinstance(self.kwargs, dict):
            return False
        self.kwargs["prepare_threshold"] = None
        return self.kwargs.pop("options", None) is not None

    def _fail(self, callers: set[WaitingClient[BoundedConnection]], error: psycopg.Error) -> None:
        with self._lock:
            waiting = [client for client in self._waiting if client in callers]
            for client in waiting:
                self._waiting.remove(client)
        for client in waiting:
            client.fail(error)
