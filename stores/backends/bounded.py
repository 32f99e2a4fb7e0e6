"""A psycopg connection whose every wait ends.

`connect_timeout`, `tcp_user_timeout` and keepalives do not help where a middle box acknowledges TCP and forwards
nothing, and `statement_timeout` is the server's clock. So the client counts: a wait that is over closes the
connection from our side, and it is never used again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar

import psycopg
from psycopg.rows import TupleRow

T = TypeVar("T")

#: Seconds between two looks whether a wait should be abandoned.
ABANDON_EVERY = 0.03

_connecting = threading.local()


class LineTimeout(psycopg.OperationalError):
    """PostgreSQL did not answer in time; the connection was given up. `sent`: whether anything was asked at all."""

    sent = True


def bounded(
    waits: Generator[Any, Any, T], until: float, abandon: Callable[[], bool] | None = None
) -> Generator[Any, Any, T]:
    """psycopg's generator `waits`, ended with `LineTimeout` at the time `until` (of `monotonic()`), or when nothing
    came and `abandon` answers true.

    Whoever drives it comes back at least every `interval` seconds, with a false value where nothing is ready."""
    try:
        state = next(waits)
        while True:
            ready = yield state
            if ready:
                state = waits.send(ready)
            if monotonic() >= until or (not ready and abandon is not None and abandon()):
                waits.close()
                raise LineTimeout("no answer in time")
    except StopIteration as done:
        result: T = done.value
        return result


@contextmanager
def connecting_until(until: float) -> Iterator[None]:
    """In this block and thread `BoundedConnection.connect` ends by `until`; libpq itself knows nothing under 2 s."""
    _connecting.until = until
    try:
        yield
    finally:
        _connecting.until = None


class BoundedConnection(psycopg.Connection[TupleRow]):
    """`until`: when (`monotonic()`) the present call must be over. `limit`: seconds that one wait may take where
    there is no `until`. Neither: no bound."""

    until: float | None = None
    limit: Callable[[], float | None] | None = None
    #: Asked now and then while nothing comes: whether to end the wait at once.
    abandon: Callable[[], bool] | None = None
    #: Whether a wait of this connection was over before its answer came.
    gave_up = False
    #: The pool it goes back to, and its poll object: whether something has arrived. Both belong to `Line`.
    home: Any = None
    poller: Any = None

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Any:
        waits: Any = super()._connect_gen(conninfo)
        until: float | None = getattr(_connecting, "until", None)
        return waits if until is None else bounded(waits, until)

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        until = self.until
        if until is None and self.limit is not None:
            seconds = self.limit()
            until = None if seconds is None else monotonic() + seconds
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        if until is None:
            return super().wait(gen, interval)
        rest = until - monotonic()
        try:
            if rest <= 0:
                gen.close()
                late = LineTimeout("no time left")
                late.sent = False
                raise late
            if self.abandon is not None:
                interval = ABANDON_EVERY
            return super().wait(bounded(gen, until, self.abandon), min(interval, rest))
        except LineTimeout:
            self.gave_up = True
            self.pgconn.finish()
            raise
