"""What can be asked of the history: typed questions, checked before they reach PostgreSQL, and their SQL. A question
works on any cursor (psycopg's or Django's), so the service and the admin pages ask the same ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from stores.backends.history_sql import sql
from stores.errors import StoreError

#: Most buckets of one answer.
MOST_BUCKETS = 50_000
#: Most rows of one `latest`.
MOST_ROWS = 10_000
#: Readings further apart than this leave a gap: the dashboard's slowest usual poll is 10 minutes.
GAP = timedelta(minutes=20)
MOST_HOURS = 24 * 366 * 10

GRANULARITIES: dict[str, timedelta] = {
    "minute": timedelta(minutes=1),
    "5min": timedelta(minutes=5),
    "15min": timedelta(minutes=15),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
METRICS: dict[str, str] = {
    "temperature": "round(avg(temperature), 2)::float8",
    "humidity": "round(avg(humidity), 2)::float8",
    "assumed_aircon_power": "mode() WITHIN GROUP (ORDER BY assumed_aircon_power)",
    "last_action": "mode() WITHIN GROUP (ORDER BY last_action)",
    "api_requests_today": "max(api_requests_today)",
    "error_count": "sum(error_count)",
    "last_temperature_stale": "bool_or(last_temperature_stale)",
}


class HistoryQuestionError(StoreError, ValueError):
    """The history cannot be asked this."""


class Cursor(Protocol):
    """The part of a DB-API cursor that a question needs."""

    def execute(self, query: Any, params: Any = None, /) -> Any: ...

    def fetchall(self) -> list[tuple[Any, ...]]: ...

    @property
    def description(self) -> Any: ...


@dataclass(frozen=True)
class Aggregates:
    """Figures of the last `hours`. Measurements are None where there is none; `share_on` is the share of the known
    time that the air conditioner was on (0 to 1), None where nothing is known; a gap is a time of more than 20
    minutes without a reading."""

    hours: float
    readings: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    temperature_min: float | None = None
    temperature_avg: float | None = None
    temperature_max: float | None = None
    humidity_min: float | None = None
    humidity_avg: float | None = None
    humidity_max: float | None = None
    share_on: float | None = None
    stale_readings: int = 0
    gaps: int = 0
    longest_gap_seconds: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }


def rows(cursor: Cursor, name_or_sql: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer to a statement, one dict for each row."""
    cursor.execute(name_or_sql, params)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@dataclass(frozen=True)
class BucketQuestion:
    """The readings of [start, end) by bucket of `granularity`, `metrics` of each. Days and hours are those of the
    time zone `timezone`; a bucket without a reading is left out; with `limit` the earliest buckets.

    Raises HistoryQuestionError (a StoreError and a ValueError) that names what is allowed."""

    start: datetime
    end: datetime
    granularity: str = "minute"
    metrics: tuple[str, ...] = tuple(METRICS)
    limit: int | None = None
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        for name, moment in (("start", self.start), ("end", self.end)):
            if not isinstance(moment, datetime) or moment.utcoffset() is None:
                raise HistoryQuestionError(
                    f"{name} must be a datetime with a time zone, as datetime.now(timezone.utc); it is {moment!r}."
                )
        width = GRANULARITIES.get(self.granularity) if isinstance(self.granularity, str) else None
        if width is None:
            raise HistoryQuestionError(
                f"There is no granularity {self.granularity!r}. Allowed: {', '.join(GRANULARITIES)}."
            )
        unknown = [metric for metric in self.metrics if metric not in METRICS]
        if unknown or not self.metrics:
            asked = f"There is no metric {', '.join(map(repr, unknown))}" if unknown else "No metric is asked for"
            raise HistoryQuestionError(f"{asked}. Allowed: {', '.join(METRICS)}.")
        if self.limit is not None and (
            isinstance(self.limit, bool) or not isinstance(self.limit, int) or self.limit < 1
        ):
            raise HistoryQuestionError(f"limit must be a whole number from 1; it is {self.limit!r}.")
        check_timezone(self.timezone)
        buckets = (self.end - self.start) / width
        if min(buckets, self.limit or buckets) > MOST_BUCKETS:
            raise HistoryQuestionError(
                f"That would be {buckets:,.0f} buckets of one {self.granularity}; at most {MOST_BUCKETS:,} are "
                "answered at once. Choose a coarser granularity, a shorter range or a limit."
            )

    def ask(self, cursor: Cursor) -> list[dict[str, Any]]:
        """`{"bucket": start of it, "count": readings, metric: value, ...}` for each bucket, in order of time."""
        if self.granularity in ("hour", "day"):
            # With the zone as an argument PostgreSQL keeps the two hours of a night when clocks go back apart, and
            # makes days of 23 and 25 hours.
            bucket = f"date_trunc('{self.granularity}', \"timestamp\", %(timezone)s)"
        else:
            # Offsets of time zones are multiples of 15 minutes: these buckets begin alike in all of them.
            minutes = GRANULARITIES[self.granularity] // timedelta(minutes=1)
            bucket = f"date_bin('{minutes} minutes', \"timestamp\", timestamptz 'epoch')"
        chosen = "".join(f", {METRICS[metric]} AS {metric}" for metric in dict.fromkeys(self.metrics))
        # Every piece put in here comes from the tables above; values travel as parameters.
        statement = (
            f"SELECT {bucket} AS bucket, count(*) AS count{chosen} FROM state_history "  # noqa: S608
            'WHERE "timestamp" >= %(start)s AND "timestamp" < %(end)s GROUP BY 1 ORDER BY 1'
        )
        if self.limit is not None:
            statement += " LIMIT %(limit)s"
        return rows(cursor, statement, asdict(self))


def check_timezone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise HistoryQuestionError(
            f"There is no time zone {name!r}. Use an IANA name, as Europe/Paris or UTC."
        ) from None


def as_metrics(metrics: Iterable[str] | None) -> tuple[str, ...]:
    if isinstance(metrics, str):
        return (metrics,)
    return tuple(METRICS) if metrics is None else tuple(metrics)


def check_hours(hours: float) -> timedelta:
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= MOST_HOURS:
        raise HistoryQuestionError(f"hours must be a number above 0, at most {MOST_HOURS:,}; it is {hours!r}.")
    return timedelta(hours=hours)


def ask_aggregates(cursor: Cursor, hours: float, now: datetime | None = None) -> Aggregates:
    end = now or datetime.now(UTC)
    found = rows(cursor, sql("aggregates"), {"start": end - check_hours(hours), "end": end, "gap": GAP})[0]
    return Aggregates(hours=hours, **{name.name: found[name.name] for name in fields(Aggregates) if name.name in found})


def check_count(n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_ROWS:
        raise HistoryQuestionError(f"n must be a whole number from 1 to {MOST_ROWS:,}; it is {n!r}.")
    return n


def ask_latest(cursor: Cursor, n: int) -> list[dict[str, Any]]:
    """The newest `n` readings, newest first, each a dict of its columns."""
    return rows(cursor, sql("latest"), {"n": check_count(n)})


#: Widths a chart's points may have.
CHART_WIDTHS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)) + tuple(
    timedelta(days=days) for days in (1, 2, 7, 14, 28, 56, 112, 224, 448)
)
#: Ranges up to this long are averaged over every reading, longer ones over PROBES readings a point.
EXACT_CHART = timedelta(days=31)
PROBES = 12


@dataclass(frozen=True)
class ChartPoint:
    bucket: datetime
    readings: int
    temperature: float | None
    humidity: float | None
    power: str | None


@dataclass(frozen=True)
class Chart:
    """Points of `width` each; `sampled`: each is the mean of up to PROBES readings instead of all of its own."""

    points: list[ChartPoint]
    width: timedelta
    sampled: bool


def ask_chart(cursor: Cursor, start: datetime, end: datetime, *, most_points: int = 300) -> Chart:
    """At most about `most_points` points over [start, end), counted from `start`'s own midnight."""
    span = end - start
    width = next((width for width in CHART_WIDTHS if span / width <= most_points), CHART_WIDTHS[-1])
    sampled = span > EXACT_CHART
    origin = start.replace(hour=0, minute=0, second=0, microsecond=0)
    if sampled:
        # generate_series walks from here: not through a day before the range.
        origin += (start - origin) // width * width
    params = {"start": start, "end": end, "width": width, "origin": origin, "probes": PROBES}
    found = rows(cursor, sql("chart_sampled" if sampled else "chart"), params)
    return Chart([ChartPoint(**cast(Any, row)) for row in found], width, sampled)
