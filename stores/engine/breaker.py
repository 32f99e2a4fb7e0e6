"""Remembers that a server did not answer, so that pages do not wait for it again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from math import ceil
from time import monotonic

import psycopg
from django.utils import timezone

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 10.0


class Breaker:
    """After a failed connect, further ones are refused for 2 s, growing to 10 s; then one may try, while the others
    are refused on. A success forgets it all."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.succeeded()

    def succeeded(self) -> None:
        self._pause = 0.0
        self._retry_at = 0.0
        self._failed_at = timezone.now()

    def failed(self) -> None:
        with self._lock:
            self._pause = min(self._pause * 2 or FIRST_PAUSE, LONGEST_PAUSE)
            self._retry_at = self._clock() + self._pause
            self._failed_at = timezone.now()

    def forget_before(self, moment: datetime) -> None:
        """Somebody has heard the server at `moment`: failures of before count no more."""
        if self._pause and self._failed_at < moment:
            self.succeeded()

    def let_through(self) -> None:
        """Return where a connect may be tried; else raise psycopg's OperationalError that says when."""
        if not self._pause:
            return
        with self._lock:
            rest = self._retry_at - self._clock()
            if rest <= 0:
                # This caller tries; until it knows more, the others need not.
                self._retry_at = self._clock() + self._pause
                return
            failed_at = timezone.localtime(self._failed_at)
        raise psycopg.OperationalError(f"PostgreSQL did not answer at {failed_at:%H:%M:%S}; next try in {ceil(rest)} s")


_breakers: dict[tuple[str, str], Breaker] = {}


def breaker_of(host: str, port: str) -> Breaker:
    """The process's one breaker of that server."""
    return _breakers.setdefault((host, port), Breaker())


def forget() -> None:
    """Forget every failure, in all breakers."""
    for breaker in list(_breakers.values()):
        breaker.succeeded()
