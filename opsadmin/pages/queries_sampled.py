"""The statements of a range, from what was sampled: PostgreSQL is not asked, and may be down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.charts import sparkline
from opsadmin.pages.queries_view import PAGE, Choice, Wanted, orders_of
from opsadmin.workload.named import names_table
from opsadmin.workload.queries import said_ms
from opsadmin.workload.trends import SampledQuery, query_sparks, top_between
from opsadmin.workload.windows import WINDOWS, Coverage, coverage

#: More than samples can hold of a range.
ALL = 1_000_000
SPARK_POINTS = 24
#: The time before counts from that part of the range's length on.
COMPARABLE = 0.9
#: Samples keep blocks as PostgreSQL is built nearly everywhere.
BLOCK_SIZE = 8192


@dataclass(frozen=True)
class SampledList:
    """`found`: as `told` makes it, with what `listing` shows of a range besides. `roles`: who sent any statement of the range.
    `elsewhere`: the share of the time that went to statements which samples do not hold by themselves. `is_compared`: the time before was
    sampled too."""

    found: dict[str, Any]
    covered: Coverage
    roles: tuple[str, ...]
    elsewhere: float
    is_compared: bool


def read_sampled(wanted: Wanted) -> SampledList:
    """The statements that are wanted. At most eight statements to the site database.

    Raises Django's database errors."""
    end = timezone.now()
    start = end - WINDOWS[wanted.range]
    covered = coverage(wanted.database, start, end)
    found = top_between(wanted.database, start, end, sort_by=wanted.sort, limit=ALL, text=wanted.text, role=wanted.role)
    chosen = [
        one
        for one in as_compared(found, covered)
        if one.calls >= wanted.min_calls and (not wanted.table or names_table(one.sql, wanted.table))
    ]
    page = chosen[wanted.offset : wanted.offset + PAGE]
    sparks = query_sparks(wanted.database, [one.queryid for one in page], start, end, SPARK_POINTS) if page else {}
    queries = [{**as_told(one), "spark": _spark(one, sparks[one.queryid], start, end, wanted.range)} for one in page]
    return SampledList(
        {"found": len(chosen), "queries": queries},
        covered,
        tuple(sorted({role for one in found for role in one.roles})),
        found.rest.ms / found.total.ms if found.total.ms else 0.0,
        _is_comparable(covered),
    )


def _is_comparable(covered: Coverage) -> bool:
    """Whether the time before was sampled as long as the range is: sums of a shorter one say nothing."""
    length = covered.end - covered.start
    return covered.since is not None and covered.since <= covered.start - length * COMPARABLE


def as_compared(found: list[SampledQuery], covered: Coverage) -> list[SampledQuery]:
    """Compared with the time before only where that was sampled."""
    return found if _is_comparable(covered) else [replace(one, before=None, is_new=False) for one in found]


def as_told(query: SampledQuery) -> dict[str, Any]:
    """As the list that PostgreSQL gives has them."""
    return {
        **query.as_dict(),
        "before": query.before.as_dict() if query.before else None,
        "hidden": False,
        "note": "",
        "toplevel": True,
        "resources": {},
        "block_size": BLOCK_SIZE,
        "temp_blks_written": query.io_blks - query.shared_blks_read,
    }


def _spark(
    query: SampledQuery, points: list[tuple[datetime, float]], start: datetime, end: datetime, range: str
) -> Any:
    most = max((value for _at, value in points), default=0.0)
    title = _("Time it took over %(range)s: at most %(most)s a stretch") % {
        "range": range_names()[range],
        "most": said_ms(most),
    }
    return sparkline(points, start=start, end=end, title=title, width=72, height=20)


def range_choices(wanted: Wanted) -> list[Choice]:
    """A link for each range. The time since the reset is the one without a name."""
    names = {"": _("Since the reset"), **range_names()}
    sort = {name: "" if wanted.sort not in orders_of(name) else wanted.sort for name in names}
    return [
        Choice(label, wanted.query(range=name, sort=sort[name], page=""), name == wanted.range)
        for name, label in names.items()
    ]


def range_names() -> Mapping[str, str]:
    """Of every range."""
    return {"1h": _("1 hour"), "6h": _("6 hours"), "24h": _("24 hours"), "7d": _("7 days"), "30d": _("30 days")}
