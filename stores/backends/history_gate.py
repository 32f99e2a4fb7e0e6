"""Whether PostgreSQL is worth asking: after a failure later calls are told no at once, and now and then one of them
is let through to see."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0


@dataclass(frozen=True)
class GateState:
    """`since`: when it last went on or off; `reason`: why it is off, a sentence."""

    open: bool
    since: datetime
    reason: str | None = None


class Gate:
    """Open until `close(reason)`; then one caller is let through after 1 s, 2 s, 4 s ... 30 s, until `reopen()`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = GateState(open=True, since=datetime.now(UTC))
        self._wait = FIRST_WAIT
        self._next_try = 0.0

    @property
    def state(self) -> GateState:
        return self._state

    def seconds_to_next_try(self) -> float:
        """0 where a call would be let through."""
        return 0.0 if self._state.open else max(0.0, self._next_try - time.monotonic())

    def lets_through(self) -> bool:
        """True for all while open; while closed for one caller whenever the wait is over."""
        if self._state.open:
            return True
        with self._lock:
            if not self._state.open:
                if time.monotonic() < self._next_try:
                    return False
                self._next_try = time.monotonic() + self._wait
            return True

    def close(self, reason: str) -> bool:
        """True where it was open."""
        with self._lock:
            was_open = self._state.open
            self._wait = FIRST_WAIT if was_open else min(self._wait * 2, LONGEST_WAIT)
            self._next_try = time.monotonic() + self._wait
            since = datetime.now(UTC) if was_open else self._state.since
            self._state = GateState(open=False, since=since, reason=reason)
            return was_open

    def reopen(self) -> bool:
        """True where it was closed."""
        if self._state.open:
            return False
        with self._lock:
            was_open = self._state.open
            if not was_open:
                self._state = GateState(open=True, since=datetime.now(UTC))
            return not was_open
