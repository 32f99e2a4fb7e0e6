"""How long a page waits for the store's PostgreSQL. Commands are patient (a sleeping Neon needs seconds to wake up), a
person before a browser is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """`seconds` for a connect, and for the question whether a kept connection still lives; None: the engine's own.
    `refusal`: why PostgreSQL is not to be asked at all; "" where it may be."""

    seconds: float | None = None
    refusal: str = ""

    def at_most(self, seconds: float) -> float:
        return seconds if self.seconds is None else min(seconds, self.seconds)


_patience: ContextVar[Patience] = ContextVar("store_patience", default=Patience())  # noqa: B039  # it is frozen


def present() -> Patience:
    return _patience.get()


@contextmanager
def waiting_at_most(seconds: float, *, refusal: str = "") -> Iterator[None]:
    """In this block the engine has this patience."""
    token = _patience.set(Patience(seconds, refusal))
    try:
        yield
    finally:
        _patience.reset(token)
