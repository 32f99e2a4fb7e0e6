"""A wall clock that steps back while the process runs. The machine's own is not ours to set, so what the store's code
reads as the time of day is replaced in the worker; the monotonic clock, as in reality, goes on."""

from __future__ import annotations

import datetime as real
import sys
import time
from typing import Any

#: Seconds (of real time) between two steps, and how far each goes back.
EVERY = 0.15
STEP = 7.0
#: After so many steps it is set right again, as NTP does.
STEPS = 40

_now = time.time


def stepped() -> float:
    """The time of day, as a clock tells it that is set back again and again."""
    moment = _now()
    return moment - STEP * (int(moment / EVERY) % STEPS)


class SteppedDatetime(real.datetime):
    @classmethod
    def now(cls, tz: Any = None) -> SteppedDatetime:
        return cls.fromtimestamp(stepped(), tz)


def step_back_now_and_then() -> None:
    """From now on in this process, in every module of the store."""
    time.time = stepped
    for name, module in list(sys.modules.items()):
        if name.startswith("stores.") and getattr(module, "datetime", None) is real.datetime:
            module.datetime = SteppedDatetime  # type: ignore[attr-defined]
