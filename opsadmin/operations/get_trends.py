"""How the figures went, from what was sampled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from opsadmin.core.blocks import Block, Note, Table, said
from opsadmin.core.errors import OperationError
from opsadmin.core.finding import Status
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.core.result import Result
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.workload.said import said_change, said_figure
from opsadmin.workload.trends import (
    Figure,
    Gap,
    Happened,
    Point,
    figures,
    gaps,
    marks,
    metrics,
    sampled_since,
    several,
)

USUAL = ("up", "p95_ms", "mean_ms", "calls", "transactions", "cache_hit", "connections", "size_bytes", "wal_bytes")


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    metrics: str = parameter(
        ",".join(USUAL),
        help="Which figures, as a comma list; all stands for all that there are.",
    )
    hours: float = parameter(24.0, help="How far back.", minimum=0.1, maximum=9600)
    points: int = parameter(24, help="The most points of each line.", minimum=1, maximum=600)


@dataclass(frozen=True)
class Trends(Result):
    """`since`: since when there are samples, None where there are none. `figures`: each over the whole time, with its change
    against the time of the same length before. `lines`: the same in stretches, by name. `marks`: what happened meanwhile. `gaps`: when nobody
    looked."""

    database: str
    start: datetime
    end: datetime
    since: datetime | None
    figures: tuple[Figure, ...]
    lines: Mapping[str, list[Point]]
    marks: tuple[Happened, ...]
    gaps: tuple[Gap, ...]

    def blocks(self) -> list[Block]:
        if self.since is None:
            text = _now(
                "No sample is there yet. The schedule takes one every five minutes; sample_database takes one now."
            )
            return [Note(Status.UNKNOWN, text)]
        known = metrics()
        rows = tuple(
            (
                str(known[one.name].title),
                said_figure(known[one.name], one.value),
                said_figure(known[one.name], one.low),
                said_figure(known[one.name], one.high),
                said_figure(known[one.name], one.last),
                said_change(known[one.name], one),
            )
            for one in self.figures
        )
        columns = (_now("Figure"), _now("Mean"), _now("Lowest"), _now("Highest"), _now("Last"), _now("Change"))
        title = _now("From %(start)s to %(end)s") % {"start": said("", self.start), "end": said("", self.end)}
        blocks: list[Block] = [
            Table(title, columns, rows, frozenset(range(1, 6)), _now("No sample of that time has these figures."))
        ]
        if self.marks:
            happened = tuple((said("", one.at), one.name, one.text) for one in self.marks)
            blocks.append(Table(_now("What happened"), (_now("When"), _now("What"), ""), happened))
        if self.gaps:
            unseen = tuple((said("", one.start), said("", one.end)) for one in self.gaps)
            blocks.append(Table(_now("Nobody looked"), (_now("From"), _now("To")), unseen))
        return blocks


@operation(
    "get_trends",
    title=_("Trends"),
    summary=_(
        "How latency, load, connections, cache, size and WAL went, with the change against the time before, and what happened "
        "meanwhile. From what was sampled: PostgreSQL is not asked, and may be down."
    ),
    group="health",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Trends:
    database = resolve_alias(parameters.database)
    names = _names(parameters.metrics)
    end = timezone.now()
    start = end - timedelta(hours=parameters.hours)
    found = figures(database, names, start, end)
    lines = several(database, names, start, end, parameters.points)
    return Trends(
        database,
        start,
        end,
        sampled_since(database),
        tuple(found.values()),
        {name: line for name, line in lines.items() if line},
        tuple(marks(database, start, end)),
        tuple(gaps(database, start, end)),
    )


def _names(given: str) -> list[str]:
    known: Mapping[str, Any] = metrics()
    wanted = [name.strip() for name in given.split(",") if name.strip()]
    if wanted == ["all"]:
        return list(known)
    wrong = [name for name in wanted if name not in known]
    if wrong or not wanted:
        raise OperationError(
            f"metrics has {wrong[0] if wrong else ''!r}; it must be a comma list of {', '.join(known)}.",
            parameter="metrics",
            allowed=("all", *known),
        )
    return list(dict.fromkeys(wanted))
