"""When a host looks for PostgreSQL's return next: 1 s after it went, then ever more rarely, at most every 30 s. All
processes of the host share the plan, so that eight workers do not send eight probes."""

from __future__ import annotations

import json
import random
import time
from contextlib import suppress
from dataclasses import dataclass

from stores.backends import durable_file

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0


@dataclass(frozen=True)
class ProbePlan:
    """`next_at` is of the host's monotonic clock, which all its processes share and nobody sets. `epoch`: what the plan
    belongs to. `attempts` failed so far; `error` says why the latest did, and `answers` whether PostgreSQL answered it
    all the same: it takes no writes, or a person must decide."""

    epoch: int
    attempts: int
    next_at: float
    error: str = ""
    answers: bool = False

    def seconds_left(self) -> float:
        """0 where it is due. A plan of before the machine's last start lies too far ahead, and is due."""
        left = self.next_at - time.monotonic()
        return 0.0 if left > 2 * LONGEST_SECONDS else max(0.0, left)

    def after_failure(self, error: str, *, answers: bool = False) -> ProbePlan:
        return plan_after(self.epoch, self.attempts + 1, error, answers=answers)


def plan_after(epoch: int, attempts: int, error: str = "", *, answers: bool = False) -> ProbePlan:
    seconds = min(FIRST_SECONDS * 2.0 ** min(attempts, 10), LONGEST_SECONDS)
    # Jitter, so that hosts that lost one server together do not come back to it together.
    next_at = time.monotonic() + seconds * random.uniform(0.75, 1.0)  # noqa: S311
    return ProbePlan(epoch, attempts, next_at, error, answers)


def read_plan(path: str, epoch: int) -> ProbePlan:
    """The plan of this epoch; a first one where there is none."""
    found = find_plan(path, epoch)
    if found is not None:
        return found
    first = plan_after(epoch, 0)
    write_plan(path, first)
    return first


def find_plan(path: str, epoch: int) -> ProbePlan | None:
    """The plan of this epoch, for who only looks; None where there is none."""
    with suppress(OSError, ValueError, KeyError, TypeError), open(path, encoding="utf-8") as file:
        found = json.load(file)
        if found["epoch"] == epoch:
            answers = bool(found.get("answers", False))
            return ProbePlan(epoch, int(found["attempts"]), float(found["next_at"]), str(found["error"]), answers)
    return None


def write_plan(path: str, plan: ProbePlan) -> None:
    """Never raises: at worst a probe comes early."""
    data = json.dumps(vars(plan)).encode()
    with suppress(OSError):
        durable_file.replace(path, data, lambda made: None, durable=False)
