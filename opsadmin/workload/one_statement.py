"""One statement over time, and what a deploy or an index did to it. From the site database alone."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone

from opsadmin.core.result import Result
from opsadmin.models import Mark, Sample, SampledStatement
from opsadmin.workload.kept_levels import kept_levels
from opsadmin.workload.levels import level_for
from opsadmin.workload.marks import Happened
from opsadmin.workload.sums import Sums, added

#: What may make a statement faster or slower on purpose.
FIXES = (Mark.Kind.DEPLOY, Mark.Kind.INDEX_CREATED, Mark.Kind.INDEX_DROPPED)

#: The metric that tells of how many seconds a sample of figures holds statements.
_COUNTED = re.compile(r'"calls":\s*\[([0-9.eE+-]+)')


@dataclass(frozen=True)
class Stretch(Result):
    """A time that was looked at, and what the statement took in it. `seconds`: so long is what the looks in it tell of; a look tells
    of all the time since the one before. 0 where that is not known."""

    start: datetime
    end: datetime
    seconds: float
    sums: Sums

    @property
    def middle(self) -> datetime:
        return self.start + (self.end - self.start) / 2

    def a_minute(self, value: float) -> float | None:
        """That much in the stretch, as a rate."""
        return 60 * value / self.seconds if self.seconds else None


@dataclass(frozen=True)
class Line(Result):
    """`width`: of every stretch but the last one, which ends with the last look."""

    width: timedelta
    stretches: tuple[Stretch, ...]

    @property
    def is_called(self) -> bool:
        return any(one.sums.calls for one in self.stretches)


@dataclass(frozen=True)
class Effect(Result):
    """A statement before and after something that happened, as long before as it is ago; the stretch it happened in is left out."""

    mark: Happened
    before: Sums
    after: Sums

    @property
    def change(self) -> float | None:
        """Of the mean time of a call; None where there is nothing to compare."""
        before, after = self.before.mean_ms, self.after.mean_ms
        return None if not before or after is None else after / before - 1


def statement_line(database: str, queryid: str, start: datetime, end: datetime, points: int) -> Line:
    """What the statement took in [start, end), over all roles, in at most about `points` stretches. Those that nobody looked at are
    left out; where it is not among the statements kept of a stretch, it counts as not called. Two statements."""
    level = level_for(start, end, timezone.now(), points, levels=kept_levels())
    rows = Sample.objects.filter(
        database=database,
        kind__in=(Sample.Kind.METRICS, Sample.Kind.STATEMENTS),
        level=level.name,
        at__gt=start - level.width,
        at__lt=end,
    ).order_by("at")
    # A month of samples is some megabytes: they are searched for the one statement, not read whole.
    entry = re.compile(rf'"{re.escape(queryid)}\|(?:[^"\\]|\\.)*":\s*(\[[^\]]*\])')
    width = level.width * max(1, -int(-((end - start) / level.width) // max(points, 1)))
    first = level.begin(start)
    sums: dict[int, list[Sums]] = {}
    seconds: dict[int, float] = {}
    last_look = start
    values = rows.values_list("kind", "at", "last_at", Cast("data", TextField()))
    for kind, at, last_at, data in values.iterator(chunk_size=200):
        number = (at - first) // width
        if kind == Sample.Kind.STATEMENTS:
            sums.setdefault(number, []).extend(Sums(*json.loads(found)) for found in entry.findall(data))
        elif counted := _COUNTED.search(data):
            seconds[number] = seconds.get(number, 0.0) + float(counted[1])
        last_look = max(last_look, last_at)
    stretches = []
    for number in sorted(sums.keys() | seconds.keys()):
        begin = first + number * width
        # The present one is not over yet.
        until = begin + width if begin + width <= end else max(last_look, begin + timedelta(minutes=1))
        stretches.append(Stretch(begin, until, seconds.get(number, 0.0), added(sums.get(number, ()))))
    return Line(width, tuple(stretches))


def effect_of(line: Line, happened: Sequence[Happened]) -> Effect | None:
    """What the last deploy or change of an index did; None where there was none."""
    mark = next((one for one in reversed(happened) if one.kind in FIXES), None)
    if mark is None:
        return None
    # Both sides are as long: what changed long before is not its doing.
    length = max(line.stretches[-1].end - mark.at, 4 * line.width) if line.stretches else line.width
    before = added(one.sums for one in line.stretches if mark.at - length <= one.start and one.end <= mark.at)
    after = added(one.sums for one in line.stretches if one.start >= mark.at)
    return Effect(mark, before, after)


def text_of(database: str, queryid: str) -> str:
    """The text as it is kept beside the samples, its constants masked; empty where it is not."""
    rows = SampledStatement.objects.filter(database=database, queryid=queryid)
    return rows.values_list("text", flat=True).first() or ""
