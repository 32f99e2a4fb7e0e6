"""Stretches of time up to now that may be asked for by name, and how much of one was sampled. From the site database alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from opsadmin.core.result import Result
from opsadmin.models import Mark, Sample
from opsadmin.workload.cells import cells_of
from opsadmin.workload.levels import LEVELS, MINUTES
from opsadmin.workload.marks import marks
from opsadmin.workload.reading import whole_rows
from opsadmin.workload.sampler import EVERY
from opsadmin.workload.trends import gaps

#: By name. `ALL` is no stretch: what pg_stat_statements has counted since its last reset.
ALL = "all"
WINDOWS = {
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
CHOICES = (ALL, *WINDOWS)


def window_of(database: str, name: str) -> tuple[datetime, datetime]:
    """Where a window of `WINDOWS` begins and ends: as many samples as it has room for up to the last look, so that the time before
    has as many. One statement."""
    now = timezone.now()
    rows = Sample.objects.filter(database=database, kind=Sample.Kind.METRICS, level=MINUTES.name, at__lte=now)
    last = rows.order_by("-at").values_list("at", flat=True).first()
    newest = MINUTES.begin(now)
    # The present sample has no look yet, unless the last one fell into it.
    begin = newest - MINUTES.width if last == newest - MINUTES.width else newest
    end = begin + MINUTES.width
    return end - WINDOWS[name], min(end, now)


@dataclass(frozen=True)
class Missing(Result):
    """A time that samples say nothing of: nobody looked, or PostgreSQL did not answer (`is_outage`)."""

    start: datetime
    end: datetime
    is_outage: bool


@dataclass(frozen=True)
class Coverage(Result):
    """How much of [start, end) was sampled. `since`: of the first sample that there is, None where there is none; `answered`: the
    looks that PostgreSQL answered, `possible`: those that the schedule would have taken since then. `missing`: in the order of
    time. `waiting`: the most sessions that a look found waiting for a lock, None where no sample tells."""

    start: datetime
    end: datetime
    since: datetime | None
    answered: int
    possible: int
    missing: tuple[Missing, ...] = ()
    waiting: float | None = None

    @property
    def is_short(self) -> bool:
        """Sampling began within it."""
        return self.since is not None and self.since - self.start > 2 * EVERY


def first_look(database: str) -> datetime | None:
    """When the first look was that samples tell of, as exactly as they do; None where there is none. One statement."""
    rows = Sample.objects.filter(database=database, kind=Sample.Kind.METRICS).values("level")
    firsts = {row["level"]: row["first"] for row in rows.annotate(first=Min("at"))}
    since: datetime | None = None
    width = timedelta()
    for level in reversed(LEVELS):
        first = firsts.get(level.name)
        # The first look of a day is in one of its hours, unless those are kept no longer.
        if first is not None and (since is None or since <= first < since + width):
            since, width = first, level.width
    return since


def coverage(database: str, start: datetime, end: datetime) -> Coverage:
    """Four statements to the site database, one where there is no sample.

    Raises Django's database errors."""
    since = first_look(database)
    if since is None:
        return Coverage(start, end, None, 0, 0)
    rows = whole_rows(database, Sample.Kind.METRICS, start, end, timezone.now())
    cells = [cells_of(row.data) for row in rows]
    looks = [cell for one in cells if (cell := one.get("up")) is not None]
    waiting = max((one["lock_waits"].high for one in cells if "lock_waits" in one), default=None)
    answered = round(sum(cell.sum for cell in looks))
    possible = max(answered, -int(-(end - max(start, since)) // EVERY))
    missing = [Missing(one.start, one.end, is_outage=False) for one in gaps(database, start, end)]
    missing += [
        Missing(max(one.at, start), min(one.until or one.at, end), is_outage=True)
        for one in marks(database, start, end, [Mark.Kind.OUTAGE])
    ]
    return Coverage(start, end, since, answered, possible, tuple(sorted(missing, key=lambda one: one.start)), waiting)
