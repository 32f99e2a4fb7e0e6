"""What is asked of a verification."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MB = 1024 * 1024
COPY, TRIAL = "copy", "trial"
HOWS = (COPY, TRIAL)
#: The usual bounds: of a copy, which is in nobody's way but takes disk and time; of a trial, for which writers wait.
MOST_MB = {COPY: 256.0, TRIAL: 64.0}
MOST_SECONDS = {COPY: 120, TRIAL: 10}
#: How long a trial may last in all; only a part of it is in the way of others.
TRIAL_SECONDS = 120


@dataclass(frozen=True)
class Request:
    """`address`, `role`: of a connection to the server itself, as libpq names it. `most_bytes`: of the copies with their
    indexes, or of the tables that are tried on. `most_seconds`: of the whole; of a trial, the time for which writers
    wait."""

    address: Mapping[str, Any]
    role: str = ""
    how: str = COPY
    most_bytes: float = MOST_MB[COPY] * MB
    most_seconds: float = MOST_SECONDS[COPY]
    tell: Callable[[str, float], None] = lambda says, share: None
    is_stopped: Callable[[], bool] = lambda: False
