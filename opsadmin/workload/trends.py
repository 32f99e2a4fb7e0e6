"""What was sampled, as pages show it: lines, figures with their change, statements, sizes, gaps. Reads the site database alone, so it works
while PostgreSQL is down.

    points = series("store", "p95_ms", start, end, points=120)
    figure = figures("store", ["p95_ms", "cache_hit"], start, end)["p95_ms"]     # figure.value, figure.change
    queries = top_between("store", start, end, sort_by="total_time", limit=25)   # queries[0].change

Metrics are named in `opsadmin.workload.metrics`. Times are aware; days are UTC's. See docs/core/trends.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from django.db.models import Min
from django.utils import timezone

from opsadmin.core.result import Result
from opsadmin.models import Sample
from opsadmin.workload.cells import Cells, add_cells, cells_of
from opsadmin.workload.levels import LEVELS
from opsadmin.workload.marks import Happened, marks
from opsadmin.workload.metrics import Metric, metrics
from opsadmin.workload.reading import fine_rows, grouped, whole_rows
from opsadmin.workload.statement_trends import (
    ORDERS,
    QueryPoint,
    SampledQueries,
    SampledQuery,
    query_series,
    query_sparks,
    top_between,
)
from opsadmin.workload.table_trends import TableSize, table_sizes

__all__ = [
    "ORDERS",
    "Figure",
    "Gap",
    "Happened",
    "Metric",
    "Point",
    "QueryPoint",
    "SampledQueries",
    "SampledQuery",
    "TableSize",
    "figures",
    "gaps",
    "marks",
    "metrics",
    "query_series",
    "query_sparks",
    "sampled_since",
    "series",
    "several",
    "table_sizes",
    "top_between",
]


@dataclass(frozen=True)
class Point(Result):
    """A stretch of a line. `at`: its middle. `value`: its mean, `low` and `high` of the looks in it."""

    at: datetime
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Figure(Result):
    """A metric over a time. `value`: the mean; `last`: of the newest sample; `total`: the sum, where it means something (what the
    metric counts: transactions, bytes), else None. `before`: the mean of the time before, None where there are no samples of
    it; `change`: the relative change since then, None where that was 0."""

    name: str
    value: float
    low: float
    high: float
    last: float
    total: float | None
    before: float | None

    @property
    def change(self) -> float | None:
        return None if not self.before else self.value / self.before - 1

    @property
    def grown(self) -> float | None:
        """The difference to the time before, in the metric's unit."""
        return None if self.before is None else self.value - self.before

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "change": self.change}


@dataclass(frozen=True)
class Gap(Result):
    """A time that nothing is known of: nobody looked."""

    start: datetime
    end: datetime


def series(database: str, metric: str, start: datetime, end: datetime, points: int = 200) -> list[Point]:
    """The line of a metric in [start, end), of at most `points` points; where nobody looked there are none. One statement."""
    return several(database, [metric], start, end, points)[metric]


def several(
    database: str, names: Iterable[str], start: datetime, end: datetime, points: int = 200
) -> dict[str, list[Point]]:
    """The lines of several metrics, by name. One statement."""
    wanted = list(names)
    level, rows = fine_rows(database, Sample.Kind.METRICS, start, end, points)
    lines: dict[str, list[Point]] = {name: [] for name in wanted}
    for at, group in grouped(level, rows, start, end, points):
        found = [cells_of({name: row.data[name] for name in wanted if name in row.data}) for row in group]
        for name, cell in reduce(add_cells, found).items():
            lines[name].append(Point(at, cell.value, cell.low, cell.high))
    return lines


def figures(database: str, names: Iterable[str], start: datetime, end: datetime) -> dict[str, Figure]:
    """The metrics over [start, end), by name, compared with the time of the same length before; those without samples are left
    out. Two statements."""
    wanted = list(names)
    now = timezone.now()
    present = [cells for _, cells in _cells(database, start, end, now)]
    past = reduce(add_cells, (cells for _, cells in _cells(database, start - (end - start), start, now)), Cells())
    whole = reduce(add_cells, present, Cells())
    known = metrics()
    found = {}
    for name in wanted:
        if name not in whole:
            continue
        cell = whole[name]
        last = next(cells[name] for cells in reversed(present) if name in cells)
        adds_up = name in known and known[name].adds_up
        before = past[name].value if name in past else None
        total = cell.sum if adds_up else None
        found[name] = Figure(name, cell.value, cell.low, cell.high, last.value, total, before)
    return found


def sampled_since(database: str) -> datetime | None:
    """Since when there are samples, as exactly as those tell that are still kept; None where there are none. One
    statement."""
    rows = Sample.objects.filter(database=database, kind=Sample.Kind.METRICS)
    oldest = dict(rows.values_list("level").annotate(Min("at")).values_list("level", "at__min"))
    since = until = None
    for level in reversed(LEVELS):
        # The first look is in a sample of each width. A day begins at midnight, also where nobody looked before noon:
        # the finer sample tells, unless it is forgotten and the oldest one left is of later.
        at = oldest.get(level.name)
        if at is not None and (until is None or at < until):
            since, until = at, at + level.width
    return since


def gaps(database: str, start: datetime, end: datetime, points: int = 200) -> list[Gap]:
    """The times in [start, end) that nobody looked at, an hour or longer (a day, where only days are kept), from the first sample
    on: the site was down, or let the server sleep. One statement."""
    level, rows = fine_rows(database, Sample.Kind.METRICS, start, end, points)
    least = max(timedelta(hours=1, minutes=10), 2 * level.width)
    found = []
    for one, other in zip(rows, rows[1:], strict=False):
        # A look in the later sample tells of the time before it, too, as far back as the last look.
        if other.at - one.last_at >= least:
            found.append(Gap(one.last_at, other.at))
    if rows and min(end, timezone.now()) - rows[-1].last_at >= least:
        found.append(Gap(rows[-1].last_at, min(end, timezone.now())))
    return found


def _cells(database: str, start: datetime, end: datetime, now: datetime) -> list[tuple[datetime, Cells]]:
    return [(row.at, cells_of(row.data)) for row in whole_rows(database, Sample.Kind.METRICS, start, end, now)]
