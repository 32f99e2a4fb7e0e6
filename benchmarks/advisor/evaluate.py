"""One common judge: a proposal in, figures out, for each set of constants, always against no index in the same run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from benchmarks.advisor.contenders import Proposal
from benchmarks.advisor.estimate import Estimate, costs, estimate, heap_size, mean_of_ratios, ratio_of_sums
from benchmarks.advisor.trial import ROUNDS, Trial, trial
from benchmarks.advisor.workload import Query, Workload

#: What `real` may be: `no`, only build, build and run.
REAL = ("no", "build", "run")


@dataclass(frozen=True)
class Ratios:
    """After against before: all costs together, and the mean of the queries' own."""

    sum: float
    mean: float

    @classmethod
    def of(cls, queries: Sequence[Query], before: dict[str, float], after: dict[str, float]) -> Ratios:
        return cls(ratio_of_sums(queries, before, after), mean_of_ratios(queries, before, after))


@dataclass(frozen=True)
class Verdict:
    """Sizes in bytes and as shares of the heap. `estimated` is HypoPG's (what it refuses counts nothing), `built` the
    planner's with the real indexes; `time` and `pages` come from runs."""

    workload: str
    constants: str
    contender: str
    budget: float | None
    heap: int
    proposal: Proposal
    size: int
    estimated: Ratios
    refused: dict[str, str]
    real_size: int | None = None
    built: Ratios | None = None
    time: Ratios | None = None
    pages: Ratios | None = None
    timeouts: tuple[str, ...] = ()
    queries: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def share(self) -> float:
        return self.size / self.heap

    @property
    def real_share(self) -> float | None:
        return None if self.real_size is None else self.real_size / self.heap


@dataclass
class Judge:
    """Judges proposals for one workload's database. The figures without an index are taken once."""

    dsn: str
    workload: Workload
    real: str = "no"
    rounds: int = ROUNDS
    heap: int = field(init=False)
    before: dict[str, dict[str, float]] = field(init=False, default_factory=dict)
    trials: dict[str, Trial] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            self.heap = heap_size(connection)

    def bytes(self, budget: float | None) -> int | None:
        return None if budget is None else int(self.heap * budget)

    def judge(self, name: str, constants: str, budget: float | None, proposal: Proposal) -> Verdict:
        queries = self.workload.queries(constants)
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            if constants not in self.before:
                self.before[constants] = costs(connection, queries)
            guessed = estimate(connection, queries, proposal.ddl)
        before = self.before[constants]
        measured: dict[str, Any] = {}
        refused = dict(guessed.refused)
        after = None
        if self.real != "no":
            run = self.real == "run"
            if run and constants not in self.trials:
                self.trials[constants] = trial(self.dsn, queries, (), rounds=self.rounds)
            after = trial(self.dsn, queries, proposal.ddl, rounds=self.rounds, run=run)
            refused = after.refused
            measured = {"real_size": after.size, "built": Ratios.of(queries, before, after.costs)}
            if run:
                none = self.trials[constants]
                measured |= {
                    "time": Ratios.of(queries, none.times, after.times),
                    "pages": Ratios.of(queries, none.pages, after.pages),
                    "timeouts": (*(f"{one} without an index" for one in none.timeouts), *after.timeouts),
                }
        return Verdict(
            self.workload.name,
            constants,
            name,
            budget,
            self.heap,
            proposal,
            guessed.size,
            Ratios.of(queries, before, guessed.costs),
            refused,
            queries=self._by_query(queries, constants, guessed, after),
            **measured,
        )

    def _by_query(
        self, queries: Sequence[Query], constants: str, guessed: Estimate, after: Trial | None
    ) -> dict[str, dict[str, float]]:
        none = self.trials.get(constants)
        found: dict[str, dict[str, float]] = {}
        for query in queries:
            row = {"cost": self.before[constants][query.name], "estimated": guessed.costs[query.name]}
            if after is not None:
                row["built"] = after.costs[query.name]
            for label, one in (("without", none), ("with", after)):
                if one is not None and query.name in one.times:
                    row[f"ms_{label}"] = one.times[query.name]
                if one is not None and query.name in one.pages:
                    row[f"pages_{label}"] = one.pages[query.name]
            found[query.name] = {key: round(value, 3) for key, value in row.items()}
        return found
