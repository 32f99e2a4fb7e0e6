"""What repeats in an outage is logged once a minute."""

from __future__ import annotations

from time import monotonic

SECONDS = 60.0


class Throttle:
    """`allows(key)` is True when that key was not allowed within the last minute."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def allows(self, key: str) -> bool:
        now = monotonic()
        if now - self._last.get(key, -SECONDS) < SECONDS:
            return False
        self._last[key] = now
        return True
