"""What the advisor is to reach, held against what it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.advisor.contenders import Contender, contender
from benchmarks.advisor.evaluate import Judge, Verdict
from benchmarks.advisor.home import HOME
from benchmarks.advisor.server import BenchError, load, open_cluster
from benchmarks.advisor.star import STAR
from benchmarks.advisor.tpch import TPCH
from benchmarks.advisor.workload import Workload

#: A real size may be this much over its budget.
SLACK = 1.05
MEMORY_MB = 300
ASKED = 3


@dataclass(frozen=True)
class Goal:
    """`got` is None where the contender gave no answer."""

    says: str
    at_most: float
    got: float | None

    @property
    def met(self) -> bool:
        return self.got is not None and self.got <= self.at_most


@dataclass(frozen=True)
class Question:
    """What is asked, and the aims of its answer: the ratio of estimated costs (with real indexes where the budget is in
    real bytes), of run time, seconds and EXPLAINs."""

    workload: Workload
    budget: float | None
    sizes: str
    ratio: float | None = None
    time: float | None = None
    seconds: float | None = None
    explains: int | None = None

    @property
    def name(self) -> str:
        budget = "no budget" if self.budget is None else f"{self.budget:g}x in {self.sizes} bytes"
        return f"{self.workload.name}, {budget}"


QUESTIONS = (
    Question(TPCH, 0.25, "hypopg", ratio=0.857, seconds=10, explains=3000),
    Question(TPCH, 0.5, "hypopg", ratio=0.725, seconds=10, explains=3000),
    Question(TPCH, 1.0, "hypopg", ratio=0.630, seconds=10, explains=3000),
    Question(TPCH, None, "hypopg", ratio=0.44, seconds=10, explains=3000),
    Question(TPCH, 0.25, "real", ratio=0.68, seconds=10, explains=3000),
    Question(TPCH, 0.5, "real", ratio=0.62, seconds=10, explains=3000),
    Question(HOME, 0.25, "real", ratio=0.10),
    Question(HOME, None, "real", time=0.03),
    Question(STAR, None, "real", seconds=60),
)


def reach(directory: Path, name: str, scale: float, only: str | None = None) -> tuple[list[Goal], list[Verdict]]:
    """Ask `name` every question; `only` those about one workload. An answer that fails is a goal missed."""
    cluster = open_cluster(directory)
    ask = contender(name)
    goals: list[Goal] = []
    verdicts: list[Verdict] = []
    judges: dict[str, Judge] = {}
    for question in QUESTIONS:
        workload = question.workload
        if only not in (None, workload.name):
            continue
        if workload.name not in judges:
            judges[workload.name] = Judge(load(cluster, workload, scale), workload)
        judge = judges[workload.name]
        # Only where it is asked for: building all of TPC-H's indexes takes minutes, running its queries more.
        judge.real = "run" if question.time else "build" if question.sizes == "real" and question.ratio else "no"
        try:
            found, same = _answer(judge, ask, name, question)
        except BenchError as error:
            Console().print(f"{question.name}: {error}", markup=False)
            goals.append(Goal(f"{question.name}: answers", 0, None))
            continue
        goals += _goals(question, found, same)
        verdicts += found
    return goals, verdicts


def _answer(judge: Judge, ask: Contender, name: str, question: Question) -> tuple[list[Verdict], bool]:
    proposals = [judge.ask(ask, question.budget, question.sizes) for _ in range(ASKED)]
    return judge.judge(name, question.budget, proposals[0]), len({one.ddl for one in proposals}) == 1


def _goals(question: Question, verdicts: list[Verdict], same: bool) -> Iterator[Goal]:
    first = verdicts[0]
    for one in verdicts:
        which = f"{question.name}, {one.constants} constants" if len(verdicts) > 1 else question.name
        if question.ratio is not None:
            ratio = one.built if question.sizes == "real" else one.estimated
            yield Goal(f"{which}: planner's cost", question.ratio, ratio.sum if ratio else None)
        if question.time is not None:
            yield Goal(f"{which}: run time", question.time, one.time.sum if one.time else None)
    if question.budget is not None:
        share = first.real_share if question.sizes == "real" else first.share
        yield Goal(
            f"{question.name}: size in budgets",
            SLACK if question.sizes == "real" else 1,
            (share or 0) / question.budget,
        )
    if question.seconds is not None:
        yield Goal(f"{question.name}: seconds", question.seconds, first.proposal.seconds)
    if question.explains is not None:
        yield Goal(f"{question.name}: EXPLAINs", question.explains, first.proposal.explains)
    yield Goal(f"{question.name}: memory, MB", MEMORY_MB, first.proposal.megabytes)
    yield Goal(f"{question.name}: different answers of {ASKED}, beyond the first", 0, 0 if same else 1)
    if first.real_size is not None:  # HypoPG refuses access methods that PostgreSQL knows: that is no fault
        yield Goal(f"{question.name}: statements that PostgreSQL refuses", 0, len(first.refused))


def show(goals: list[Goal]) -> None:
    found = Table(title=f"Reached: {sum(goal.met for goal in goals)} of {len(goals)}", title_justify="left")
    for name in ("goal", "at most", "got", ""):
        found.add_column(name, justify="left" if name in ("goal", "") else "right")
    for goal in goals:
        got = "no answer" if goal.got is None else f"{goal.got:,.3f}".rstrip("0").rstrip(".")
        found.add_row(goal.says, f"{goal.at_most:,g}", got, "met" if goal.met else "missed")
    Console(width=None if os.isatty(1) else 140).print(found)
