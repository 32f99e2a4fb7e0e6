"""One statement over time, and what a deploy or an index did to it. From the site database alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from opsadmin.core.result import Result
from opsadmin.models import Mark, Sample, SampledStatement
from opsadmin.workload.marks import Happened
from opsadmin.workload.reading import fine_rows
from opsadmin.workload.sums import Sums, added

#: What may make a statement faster or slower on purpose.
FIXES = (Mark.Kind.DEPLOY, Mark.Kind.INDEX_CREATED, Mark.Kind.INDEX_DROPPED)


@dataclass(frozen=True)
class Stretch(Result):
    """A time that was looked at, and what the statement took in it."""

    start: datetime
    end: datetime
    sums: Sums

    @property
    def middle(self) -> datetime:
        return self.start + (self.end - self.start) / 2

    @property
    def minutes(self) -> float:
        return max((self.end - self.start).total_seconds() / 60, 0.1)


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
    """A statement before and after something that happened; the stretch it happened in is left out."""

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
    left out; where it is not among the statements kept of a stretch, it counts as not called. One statement."""
    level, rows = fine_rows(database, Sample.Kind.STATEMENTS, start, end, points)
    width = level.width * max(1, -int(-((end - start) / level.width) // max(points, 1)))
    first = level.begin(start)
    groups: dict[int, list[Sample]] = {}
    for row in rows:
        groups.setdefault((row.at - first) // width, []).append(row)
    prefix = f"{queryid}|"
    stretches = []
    for number, group in groups.items():
        sums = added(Sums(*values) for row in group for key, values in row.data["by"].items() if key.startswith(prefix))
        begin = first + number * width
        until = begin + width
        # The present one is not over yet.
        if until > end:
            until = max(group[-1].last_at, begin + timedelta(minutes=1))
        stretches.append(Stretch(begin, until, sums))
    return Line(width, tuple(stretches))


def effect_of(line: Line, happened: Sequence[Happened]) -> Effect | None:
    """What the last deploy or change of an index did; None where there was none."""
    mark = next((one for one in reversed(happened) if one.kind in FIXES), None)
    if mark is None:
        return None
    before = added(one.sums for one in line.stretches if one.end <= mark.at)
    after = added(one.sums for one in line.stretches if one.start >= mark.at)
    return Effect(mark, before, after)


def text_of(database: str, queryid: str) -> str:
    """The text as it is kept beside the samples, its constants masked; empty where it is not."""
    rows = SampledStatement.objects.filter(database=database, queryid=queryid)
    return rows.values_list("text", flat=True).first() or ""
