"""The statements of a range, from what was sampled: PostgreSQL is not asked, and may be down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.charts import sparkline
from opsadmin.pages.queries_view import PAGE, Choice, Wanted, orders_of
from opsadmin.workload.queries import said_ms
from opsadmin.workload.sampled_list import Chosen, choose
from opsadmin.workload.trends import SampledQuery, query_sparks

SPARK_POINTS = 24
#: Samples keep blocks as PostgreSQL is built nearly everywhere.
BLOCK_SIZE = 8192


@dataclass(frozen=True)
class SampledList:
    """`found`: as `told` makes it, with what `listing` shows of a range besides."""

    found: dict[str, Any]
    chosen: Chosen


def read_sampled(wanted: Wanted) -> SampledList:
    """The statements that are wanted. At most nine statements to the site database.

    Raises Django's database errors."""
    chosen = choose(
        wanted.database,
        wanted.range,
        sort_by=wanted.sort,
        text=wanted.text,
        role=wanted.role,
        table=wanted.table,
        min_calls=wanted.min_calls,
    )
    start, end = chosen.covered.start, chosen.covered.end
    page = chosen.queries[wanted.offset : wanted.offset + PAGE]
    sparks = query_sparks(wanted.database, [one.queryid for one in page], start, end, SPARK_POINTS) if page else {}
    queries = [{**as_told(one), "spark": _spark(one, sparks[one.queryid], start, end, wanted.range)} for one in page]
    return SampledList({"found": len(chosen.queries), "queries": queries}, chosen)


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
