"""What statements cost between two moments, against the time before, and over time. From the site database alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from django.utils import timezone

from opsadmin.core.errors import OperationError
from opsadmin.core.result import Result
from opsadmin.models import Sample, SampledStatement
from opsadmin.workload.reading import fine_rows, grouped, whole_rows
from opsadmin.workload.sums import StatementSums, Sums, added

#: What statements may be ordered by, the greatest first; the names of get_top_queries.
ORDERS = ("total_time", "mean_time", "max_time", "calls", "rows", "io", "wal", "change")


@dataclass(frozen=True, kw_only=True)
class SampledQuery(Result):
    """A statement in a stretch of time. Times in milliseconds. `share`: of the execution time of all statements, 0 to 1. `max_time`: a
    call of that time there was. `io_blks`: blocks read, and written to temporary files. `before`: the same of the time of the
    same length before, None where it is not among the statements kept of it. `is_new`: it was not seen in that time, though
    samples of it are there. `sql`: empty where the text is no longer kept."""

    queryid: str
    sql: str
    roles: tuple[str, ...]
    calls: int
    total_time: float
    mean_time: float
    max_time: float
    rows: int
    share: float
    io_time: float
    io_blks: int
    wal_bytes: int
    plan_time: float
    shared_blks_hit: int
    shared_blks_read: int
    before: Before | None
    is_new: bool

    @property
    def change(self) -> float | None:
        """Of the total time, relative to the time before; None where that has none."""
        return _change(self.total_time, self.before.total_time if self.before else None)

    @property
    def mean_change(self) -> float | None:
        """Of the mean time."""
        return _change(self.mean_time, self.before.mean_time if self.before else None)

    @property
    def calls_change(self) -> float | None:
        return _change(self.calls, self.before.calls if self.before else None)

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "change": self.change, "mean_change": self.mean_change}


@dataclass(frozen=True)
class Before(Result):
    """A statement in the time before."""

    calls: int
    total_time: float
    mean_time: float
    max_time: float
    rows: int


class SampledQueries(list[SampledQuery]):
    """`found`: how many there are in all. `total`: what all statements of the database cost, `rest` what those did that no sample
    holds by itself. `has_before`: there are samples of the time before."""

    def __init__(
        self, queries: Iterable[SampledQuery], *, found: int, total: Sums, rest: Sums, has_before: bool
    ) -> None:
        super().__init__(queries)
        self.found = found
        self.total = total
        self.rest = rest
        self.has_before = has_before


@dataclass(frozen=True)
class QueryPoint(Result):
    """A statement in a stretch of a line. `mean_time`, `max_time`: None where it was not called; times in milliseconds."""

    at: datetime
    calls: int
    total_time: float
    mean_time: float | None
    max_time: float | None
    rows: int


def top_between(
    database: str,
    start: datetime,
    end: datetime,
    *,
    sort_by: str = "total_time",
    limit: int = 10,
    offset: int = 0,
    text: str = "",
    role: str = "",
    queryid: str = "",
) -> SampledQueries:
    """The statements that cost the most in [start, end), over all roles, in an order of `ORDERS` (change: of the total time, in
    milliseconds, against the time before). `text`: only those that hold it, in upper or lower case; `role`: only what it
    sent. Three statements.

    Raises `OperationError` for an unknown order."""
    if sort_by not in ORDERS:
        raise OperationError(
            f"sort_by is {sort_by!r}; it must be one of {', '.join(ORDERS)}.", parameter="sort_by", allowed=ORDERS
        )
    now = timezone.now()
    present = _sums(database, start, end, now)
    past = _sums(database, start - (end - start), start, now)
    by, roles = _by_statement(present, role)
    earlier, _ = _by_statement(past, role) if past else ({}, {})
    if queryid:
        by = {key: sums for key, sums in by.items() if key == queryid}
    texts = dict(
        SampledStatement.objects.filter(database=database, queryid__in=list(by)).values_list("queryid", "text")
    )
    if text:
        by = {key: sums for key, sums in by.items() if text.lower() in texts.get(key, "").lower()}
    whole = present.total.ms if present else 0.0
    queries = [
        _query(key, sums, whole, texts.get(key, ""), roles[key], earlier.get(key), bool(past))
        for key, sums in by.items()
    ]
    queries.sort(key=lambda one: (-_rank(one, sort_by), -one.total_time, one.queryid))
    return SampledQueries(
        queries[offset : offset + limit],
        found=len(queries),
        total=present.total if present else Sums(),
        rest=present.rest if present else Sums(),
        has_before=bool(past),
    )


def query_series(
    database: str, queryid: str, start: datetime, end: datetime, points: int = 200, *, role: str = ""
) -> list[QueryPoint]:
    """A statement over [start, end), one point for each stretch that somebody looked at, calls or not; where it is not among the
    statements kept of a stretch, it counts as not called. One statement."""
    level, rows = fine_rows(database, Sample.Kind.STATEMENTS, start, end, points)
    found = []
    for at, group in grouped(level, rows, start, end, points):
        sums = added(_only(row.data, queryid, role) for row in group)
        found.append(
            QueryPoint(
                at,
                round(sums.calls),
                sums.ms,
                sums.mean_ms,
                sums.max_ms if sums.calls else None,
                round(sums.rows),
            )
        )
    return found


def query_sparks(
    database: str, queryids: Iterable[str], start: datetime, end: datetime, points: int = 30
) -> dict[str, list[tuple[datetime, float]]]:
    """The total time of each of these statements over [start, end), in milliseconds, for sparklines. One statement for all."""
    wanted = list(queryids)
    level, rows = fine_rows(database, Sample.Kind.STATEMENTS, start, end, points)
    lines: dict[str, list[tuple[datetime, float]]] = {queryid: [] for queryid in wanted}
    for at, group in grouped(level, rows, start, end, points):
        totals = dict.fromkeys(wanted, 0.0)
        for row in group:
            for key, values in row.data["by"].items():
                queryid = key.partition("|")[0]
                if queryid in totals:
                    totals[queryid] += values[1]
        for queryid, total in totals.items():
            lines[queryid].append((at, total))
    return lines


def _sums(database: str, start: datetime, end: datetime, now: datetime) -> StatementSums | None:
    rows = whole_rows(database, Sample.Kind.STATEMENTS, start, end, now)
    return reduce(lambda one, other: one + other, (StatementSums.of_data(row.data) for row in rows)) if rows else None


def _by_statement(sums: StatementSums | None, role: str) -> tuple[dict[str, Sums], dict[str, tuple[str, ...]]]:
    by: dict[str, Sums] = {}
    roles: dict[str, tuple[str, ...]] = {}
    for (queryid, its_role), its in sums.by.items() if sums else ():
        if role and role != its_role:
            continue
        by[queryid] = by[queryid] + its if queryid in by else its
        roles[queryid] = (*roles.get(queryid, ()), its_role)
    return by, roles


def _only(data: dict[str, Any], queryid: str, role: str) -> Sums:
    prefix = f"{queryid}|"
    return added(
        Sums(*values)
        for key, values in data["by"].items()
        if key.startswith(prefix) and (not role or key == prefix + role)
    )


def _query(
    queryid: str,
    sums: Sums,
    whole: float,
    text: str,
    roles: tuple[str, ...],
    before: Sums | None,
    has_before: bool,
) -> SampledQuery:
    return SampledQuery(
        queryid=queryid,
        sql=text,
        roles=tuple(sorted(roles)),
        calls=round(sums.calls),
        total_time=sums.ms,
        mean_time=sums.mean_ms or 0.0,
        max_time=sums.max_ms,
        rows=round(sums.rows),
        share=sums.ms / whole if whole else 0.0,
        io_time=sums.io_ms,
        io_blks=round(sums.read + sums.temp),
        wal_bytes=round(sums.wal_bytes),
        plan_time=sums.plan_ms,
        shared_blks_hit=round(sums.hit),
        shared_blks_read=round(sums.read),
        before=None if before is None else _before(before),
        is_new=has_before and before is None,
    )


def _before(sums: Sums) -> Before:
    return Before(round(sums.calls), sums.ms, sums.mean_ms or 0.0, sums.max_ms, round(sums.rows))


def _rank(query: SampledQuery, order: str) -> float:
    match order:
        case "io":
            return query.io_time or query.io_blks / 1e6
        case "wal":
            return query.wal_bytes
        case "change":
            return query.total_time - (query.before.total_time if query.before else 0.0)
    return float(getattr(query, order))


def _change(now: float, before: float | None) -> float | None:
    return None if not before else now / before - 1
