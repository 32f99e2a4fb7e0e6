"""How wide samples are, how long those of each width are kept, and which of them make up a stretch of time. Pure.

Every look is added to one sample of each width. So a month is read from thirty days, an hour from twelve times five minutes, and
nothing has to be moved from one to the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opsadmin.models import Sample

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Level:
    """Samples of one width. `kept`: how long. `statements`, `tables`: how many of each one sample holds at most."""

    name: str
    width: timedelta
    kept: timedelta
    statements: int
    tables: int

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
#: The finest first.
LEVELS = (MINUTES, HOURS, DAYS)


@dataclass(frozen=True)
class Stretch:
    """The samples of one width that began in [start, end)."""

    level: Level
    start: datetime
    end: datetime


def level_for(start: datetime, end: datetime, now: datetime, points: int, but: Level | None = None) -> Level:
    """The finest width that is still kept since `start` and has no more than ten times the wanted points, for who draws a month
    by thirty points need not read its hours. `but`: not that one."""
    for level in LEVELS:
        if level is not but and start >= now - level.kept and (end - start) / level.width <= 10 * points:
            return level
    return DAYS


def stretches(start: datetime, end: datetime, now: datetime) -> Iterator[Stretch]:
    """The samples that make up [start, end), each look in one of them: days where whole ones fit, hours and minutes at the
    edges. An edge within a sample is where that begins, so that stretches which follow each other share nothing; only the
    present sample counts as a whole. `start` and `end` must have been asked for with the same `now`."""
    yield from _within(_edge(start, now), _end(end, now), len(LEVELS) - 1)


def _finest(at: datetime, now: datetime) -> Level:
    """The finest width that is still kept of that moment."""
    return next((level for level in LEVELS if at >= now - level.kept), DAYS)


def _edge(at: datetime, now: datetime) -> datetime:
    return _finest(at, now).begin(at)


def _end(at: datetime, now: datetime) -> datetime:
    level = _finest(at, now)
    begin = level.begin(at)
    return begin + level.width if begin < at and begin + level.width > now else begin


def _within(start: datetime, end: datetime, number: int) -> Iterator[Stretch]:
    if start >= end:
        return
    level = LEVELS[number]
    if number == 0:
        yield Stretch(level, start, end)
        return
    first, last = level.begin(start), level.begin(end)
    if first < start:
        first += level.width
    if first >= last:
        yield from _within(start, end, number - 1)
        return
    yield from _within(start, first, number - 1)
    yield Stretch(level, first, last)
    yield from _within(last, end, number - 1)
