"""The figures as a table for a person and as JSON for a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.advisor.contenders import Proposal
from benchmarks.advisor.evaluate import Ratios, Verdict

MIB = 1 << 20


def table(verdicts: Sequence[Verdict]) -> Table:
    found = Table(
        title="Cost, time and pages after / before; sum over the workload (mean of the queries' own)",
        title_justify="left",
        caption="est.: the planner with HypoPG; built: the planner with the real indexes; sizes: times the heap",
        caption_justify="left",
    )
    for name in ("", "constants", "budget"):
        found.add_column(name)
    for name in (
        "indexes",
        "size, HypoPG",
        "est.",
        "size, real",
        "built",
        "time",
        "pages",
        "took",
        "EXPLAINs",
        "memory",
    ):
        found.add_column(name, justify="right")
    for one in verdicts:
        real = "" if one.real_size is None else f"{one.real_size / MIB:.0f} MB {one.real_share:.2f}x"
        found.add_row(
            f"{one.workload}: {one.contender}",
            one.constants,
            "none" if one.budget is None else f"{one.budget:g}x",
            str(len(one.proposal.ddl)),
            f"{one.size / MIB:.0f} MB {one.share:.2f}x",
            _ratios(one.estimated),
            real,
            _ratios(one.built),
            _ratios(one.time),
            _ratios(one.pages),
            f"{one.proposal.seconds:.1f} s" if one.proposal.seconds else "",
            "" if one.proposal.explains is None else f"{one.proposal.explains:,}",
            "" if one.proposal.megabytes is None else f"{one.proposal.megabytes:.0f} MB",
        )
    return found


def _ratios(ratios: Ratios | None) -> str:
    return "" if ratios is None else f"{ratios.sum:.3f} ({ratios.mean:.3f})"


def show(verdicts: Sequence[Verdict], *, statements: bool = False, by_query: bool = False) -> None:
    console = Console(width=None if Console().is_terminal else 200)
    console.print(table(verdicts))
    told: Proposal | None = None
    for one in verdicts:
        name = f"{one.workload}: {one.contender}, {one.constants}"
        if one.timeouts:
            console.print(f"{name}: ran out of time: {', '.join(one.timeouts)}.")
        if one.proposal is not told:  # it is the same for every set of constants
            for statement, why in one.refused.items():
                console.print(f"{name}: not counted: {statement}: {why}.", markup=False)
            for note in one.proposal.notes:
                console.print(f"{name}: {note}", markup=False)
            if statements:
                console.print(
                    f"{name}:", *(f"  {statement};" for statement in one.proposal.ddl), sep="\n", markup=False
                )
            told = one.proposal
        if by_query:
            console.print(_queries(one, name))


def _queries(verdict: Verdict, title: str) -> Table:
    columns = list(dict.fromkeys(key for row in verdict.queries.values() for key in row))
    found = Table(title=title, title_justify="left")
    for name in ("query", *columns):
        found.add_column(name, justify="left" if name == "query" else "right")
    for query, row in verdict.queries.items():
        found.add_row(query, *(f"{row[key]:,.0f}" if key in row else "" for key in columns))
    return found


def as_dict(verdict: Verdict) -> dict[str, Any]:
    return {**asdict(verdict), "share": verdict.share, "real_share": verdict.real_share}
