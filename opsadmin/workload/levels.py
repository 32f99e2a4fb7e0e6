"""How wide samples are, how long those of each width are kept, and which of them make up a stretch of time. Pure.

Every look is added to one sample of each width. So a month is read from thirty days, an hour from twelve times five minutes, and
nothing has to be moved from one to the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opsadmin.models import Sample

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Level:
    """Samples of one width. `kept`: how long. `statements`, `tables`: how many of each one sample holds at most. `since`: those
    that began before it may be gone although they are kept for long enough by now; None where none is."""

    name: str
    width: timedelta
    kept: timedelta
    statements: int
    tables: int
    since: datetime | None = None

    def oldest(self, now: datetime) -> datetime:
        """What began since then is there."""
        begin = now - self.kept
        return begin if self.since is None else max(begin, self.since)

    def begin(self, at: datetime) -> datetime:
        """The begin of the sample that the moment falls into; days are UTC's."""
        return at - (at - _EPOCH) % self.width

    @property
    def most(self) -> int:
        """So many samples of a kind are kept of one database: those that began within `kept`, and the present one."""
        return self.kept // self.width + 1


MINUTES = Level(Sample.Level.MINUTES.value, timedelta(minutes=5), timedelta(hours=49), statements=40, tables=0)
HOURS = Level(Sample.Level.HOUR.value, timedelta(hours=1), timedelta(days=32), statements=60, tables=40)
DAYS = Level(Sample.Level.DAY.value, timedelta(days=1), timedelta(days=400), statements=100, tables=60)
#: The finest first. How long they are kept here is `opsadmin.workload.kept_levels`.
LEVELS = (MINUTES, HOURS, DAYS)
#: By what how long they are kept is set under.
LEVEL_OF = {"five_minute_samples": MINUTES, "hour_samples": HOURS, "day_samples": DAYS}


@dataclass(frozen=True)
class Stretch:
    """The samples of one width that began in [start, end)."""

    level: Level
    start: datetime
    end: datetime


def level_for(
    start: datetime,
    end: datetime,
    now: datetime,
    points: int,
    but: Level | None = None,
    levels: Sequence[Level] = LEVELS,
) -> Level:
    """The finest width that is still kept since `start` and has no more than ten times the wanted points, for who draws a month
    by thirty points need not read its hours. `but`: not that one."""
    for level in levels:
        if but is not None and level.name == but.name:
            continue
        if start >= level.oldest(now) and (end - start) / level.width <= 10 * points:
            return level
    return levels[-1]


def stretches(start: datetime, end: datetime, now: datetime, levels: Sequence[Level] = LEVELS) -> Iterator[Stretch]:
    """The samples that make up [start, end), each look in one of them: days where whole ones fit, hours and minutes at the
    edges. An edge within a sample is where that begins, so that stretches which follow each other share nothing; only the
    present sample counts as a whole. `start` and `end` must have been asked for with the same `now`."""
    yield from _within(_edge(start, now, levels), _end(end, now, levels), levels)


def _finest(at: datetime, now: datetime, levels: Sequence[Level]) -> Level:
    """The finest width that is still kept of that moment."""
    return next((level for level in levels if at >= level.oldest(now)), levels[-1])


def _edge(at: datetime, now: datetime, levels: Sequence[Level]) -> datetime:
    return _finest(at, now, levels).begin(at)


def _end(at: datetime, now: datetime, levels: Sequence[Level]) -> datetime:
    level = _finest(at, now, levels)
    begin = level.begin(at)
    return begin + level.width if begin < at and begin + level.width > now else begin


def _within(start: datetime, end: datetime, levels: Sequence[Level]) -> Iterator[Stretch]:
    """In the widest of them, and at the edges in finer ones."""
    if start >= end:
        return
    *finer, level = levels
    if not finer:
        yield Stretch(level, start, end)
        return
    first, last = level.begin(start), level.begin(end)
    if first < start:
        first += level.width
    if first >= last:
        yield from _within(start, end, finer)
        return
    yield from _within(start, first, finer)
    yield Stretch(level, first, last)
    yield from _within(last, end, finer)
