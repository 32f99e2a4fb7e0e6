"""What a statement really reads: EXPLAIN (ANALYZE, BUFFERS), run in a READ ONLY part of the transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from opsadmin.advisor.verify.trial_session import TrialSession
from opsadmin.plans.server import PlanSession

#: Runs of each statement at least, so that what stands in no cache yet does not count as slow; and at most, as long as they
#: are short: of a few milliseconds a busy processor can make the double. One that takes long runs once.
RUNS, MOST_RUNS, SHORT_MS, LONG_MS = 2, 6, 100.0, 1500.0
#: TIMING OFF, because looking at the clock for each row can take longer than the row.
_EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)"
_BLOCKS = ("Shared Hit Blocks", "Shared Read Blocks", "Local Hit Blocks", "Local Read Blocks")


@dataclass(frozen=True)
class Run:
    """`blocks`: that were read, in a cache or not; `ms`: of the fastest run; `indexes`: the plain names of those in the plan.
    `is_over`: it was ended before its end, after `ms`; its blocks are not known."""

    blocks: int
    ms: float
    indexes: frozenset[str] = frozenset()
    is_over: bool = False

    def is_like(self, other: Run) -> bool:
        """Whether it is the same plan, as far as can be seen."""
        return not (self.is_over or other.is_over) and (self.blocks, self.indexes) == (other.blocks, other.indexes)

    def with_time_of(self, other: Run) -> Run:
        """The faster of both, where it is the same plan."""
        return replace(self, ms=min(self.ms, other.ms)) if self.is_like(other) else self


def run_of(session: TrialSession, plans: PlanSession, *, most_ms: int) -> Run:
    """The statement run. The guard must have let it through.

    Raises psycopg's errors, `OutOfTime`, `Stopped`."""
    found = _once(session, plans, most_ms)
    runs, total = 1, found.ms
    while not found.is_over and (runs < RUNS or (runs < MOST_RUNS and total < SHORT_MS)) and found.ms <= LONG_MS:
        again = _once(session, plans, most_ms)
        if again.is_over:
            break
        runs, total = runs + 1, total + again.ms
        found = Run(again.blocks, min(found.ms, again.ms), again.indexes)
    return found


def _once(session: TrialSession, plans: PlanSession, most_ms: int) -> Run:
    session.check()
    left = int(1000 * session.seconds_left) - 300
    limit = max(1, min(most_ms, left))
    try:
        with session.reading():
            session.ready(as_usual=True)
            session.set({"statement_timeout": str(limit)})
            (found,) = json.loads(plans.send_text(f"{_EXPLAIN} {plans.work.text()}"))
    except psycopg.errors.QueryCanceled:
        session.check()
        return Run(0, float(limit), is_over=True)
    return Run(
        blocks=sum(int(found["Plan"].get(name, 0)) for name in _BLOCKS),
        ms=float(found["Execution Time"]),
        indexes=frozenset(str(node["Index Name"]) for node in _nodes_of(found["Plan"]) if "Index Name" in node),
    )


def _nodes_of(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting = [plan]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.get("Plans", ()))
