"""Samples of a stretch of time, from the site database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from opsadmin.models import Sample
from opsadmin.workload.kept_levels import kept_levels
from opsadmin.workload.levels import Level, level_for, stretches


def fine_rows(
    database: str, kind: Sample.Kind, start: datetime, end: datetime, points: int, *, but: Level | None = None
) -> tuple[Level, list[Sample]]:
    """The samples of one width (not of `but`) that touch [start, end), oldest first. Two statements."""
    level = level_for(start, end, timezone.now(), points, but, kept_levels())
    rows = Sample.objects.filter(
        database=database, kind=kind, level=level.name, at__gt=start - level.width, at__lt=end
    ).order_by("at")
    return level, list(rows)


def whole_rows(database: str, kind: Sample.Kind, start: datetime, end: datetime, now: datetime) -> list[Sample]:
    """The samples that make up [start, end), each look once, oldest first. Two statements."""
    wanted = Q()
    for one in stretches(start, end, now, kept_levels()):
        wanted |= Q(level=one.level.name, at__gte=one.start, at__lt=one.end)
    if not wanted:
        return []
    return list(Sample.objects.filter(wanted, database=database, kind=kind).order_by("at"))


def grouped(
    level: Level, rows: Sequence[Sample], start: datetime, end: datetime, points: int
) -> Iterator[tuple[datetime, list[Sample]]]:
    """Neighbouring samples together, so that there are no more than `points` groups; with the middle of each."""
    together = max(1, -int(-((end - start) / level.width) // max(points, 1)))
    width = level.width * together
    first = level.begin(start)
    group: list[Sample] = []
    number = 0
    for row in rows:
        its = (row.at - first) // width
        if group and its != number:
            yield _middle(first + number * width, width, group), group
            group = []
        number = its
        group.append(row)
    if group:
        yield _middle(first + number * width, width, group), group


def _middle(begin: datetime, width: timedelta, group: Sequence[Sample]) -> datetime:
    """Of what has passed of it."""
    return min(begin + width / 2, max(group[-1].last_at, begin))
