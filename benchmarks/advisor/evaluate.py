"""One common judge: a proposal in, figures out, for each set of constants, always against no index in the same run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from benchmarks.advisor.contenders import Contender, Proposal, Task
from benchmarks.advisor.estimate import Estimate, costs, estimate, heap_size, mean_of_ratios, ratio_of_sums
from benchmarks.advisor.trial import ROUNDS, Runs, Trial, trial
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
    without: Trial | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            self.heap = heap_size(connection)

    def ask(self, contender: Contender, budget: float | None, sizes: str) -> Proposal:
        """Its answer on the first set of constants: the others are there to check it."""
        queries = tuple(self.workload.queries(self.workload.constants[0]))
        return contender(Task(self.dsn, queries, None if budget is None else int(self.heap * budget), sizes))

    def judge(self, name: str, budget: float | None, proposal: Proposal) -> list[Verdict]:
        """One verdict for each set of constants."""
        queries = {constants: self.workload.queries(constants) for constants in self.workload.constants}
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            if not self.before:
                self.before = {constants: costs(connection, some) for constants, some in queries.items()}
            guessed = {constants: estimate(connection, some, proposal.ddl) for constants, some in queries.items()}
        run = self.real == "run"
        if run and self.without is None:
            self.without = trial(self.dsn, queries, (), rounds=self.rounds)
        built = None
        if self.real != "no":
            built = trial(self.dsn, queries, proposal.ddl, rounds=self.rounds, run=run)
        return [
            self._verdict(name, constants, some, budget, proposal, guessed[constants], built)
            for constants, some in queries.items()
        ]

    def _verdict(
        self,
        name: str,
        constants: str,
        queries: Sequence[Query],
        budget: float | None,
        proposal: Proposal,
        guessed: Estimate,
        built: Trial | None,
    ) -> Verdict:
        before = self.before[constants]
        measured: dict[str, Any] = {}
        none = self.without.runs[constants] if self.without else None
        with_it = built.runs[constants] if built else None
        if built is not None and with_it is not None:
            measured = {"real_size": built.size, "built": Ratios.of(queries, before, with_it.costs)}
            if none is not None:
                measured |= {
                    "time": Ratios.of(queries, none.times, with_it.times),
                    "pages": Ratios.of(queries, none.pages, with_it.pages),
                    "timeouts": (*(f"{one} without an index" for one in none.timeouts), *with_it.timeouts),
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
            built.refused if built else guessed.refused,
            queries=_by_query(queries, before, guessed.costs, none, with_it),
            **measured,
        )


def _by_query(
    queries: Sequence[Query],
    before: dict[str, float],
    guessed: dict[str, float],
    none: Runs | None,
    with_it: Runs | None,
) -> dict[str, dict[str, float]]:
    columns = {"cost": before, "estimated": guessed}
    if with_it is not None:
        columns["built"] = with_it.costs
    for label, runs in (("without", none), ("with", with_it)):
        if runs is not None:
            columns |= {f"ms_{label}": runs.times, f"pages_{label}": runs.pages}
    return {
        query.name: {name: round(values[query.name], 3) for name, values in columns.items() if query.name in values}
        for query in queries
    }
