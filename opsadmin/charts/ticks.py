"""Where the axes have their marks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils.dateformat import format as format_date

MINUTES = (1, 2, 5, 10, 15, 30)
HOURS = (1, 2, 3, 6, 12)
DAYS = (1, 2, 7, 14)
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)


def nice_step(rough: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `rough`."""
    if rough <= 0 or not math.isfinite(rough):
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About `count` round values from one at or below `low` to one at or above `high`."""
    if high - low < 1e-9 * max(abs(low), abs(high), 1):
        low, high = low - 0.5, high + 0.5
    step = nice_step((high - low) / max(count - 1, 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def decimals_for(ticks: list[float]) -> int:
    """Digits after the point that tell the ticks apart."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    return max(0, -math.floor(math.log10(step) + 1e-9))


@dataclass(frozen=True)
class TimeTick:
    """`label` for the axis; `day` where the tick is a midnight (or a longer period's begin): its date."""

    at: datetime
    label: str
    day: str = ""


def time_ticks(start: datetime, end: datetime, zone: tzinfo, count: int = 8) -> list[TimeTick]:
    """At most about `count` round times of the day (dates, months) of `zone` in [start, end]. The hour that a change
    of clocks leaves out has no tick."""
    rough = (end - start) / max(count, 1)
    for minutes in MINUTES:
        if rough <= timedelta(minutes=minutes):
            return list(_minute_ticks(start, end, zone, timedelta(minutes=minutes)))
    for hours in HOURS:
        if rough <= timedelta(hours=hours):
            return list(_hour_ticks(start, end, zone, hours))
    for days in DAYS:
        if rough <= timedelta(days=days):
            return list(_day_ticks(start, end, zone, days))
    for months in MONTHS:
        if rough <= timedelta(days=31 * months):
            return list(_month_ticks(start, end, zone, months))
    return list(_month_ticks(start, end, zone, 1200))


def day_starts(start: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    """The midnights of `zone` in (start, end)."""
    for day in _dates(start, end, zone):
        at = _at(day, 0, zone)
        if start < at < end:
            yield at


def _at(day: date, hour: int, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC)


def _dates(start: datetime, end: datetime, zone: tzinfo) -> Iterator[date]:
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _clock(at: datetime, zone: tzinfo) -> TimeTick:
    local = at.astimezone(zone)
    day = format_date(local, "j M") if (local.hour, local.minute) == (0, 0) else ""
    return TimeTick(at, local.strftime("%H:%M"), day)


def _minute_ticks(start: datetime, end: datetime, zone: tzinfo, step: timedelta) -> Iterator[TimeTick]:
    local = start.astimezone(zone)
    midnight = _at(local.date(), 0, zone)
    at = midnight + -((midnight - start) // step) * step
    while at <= end:
        yield _clock(at, zone)
        at += step


def _hour_ticks(start: datetime, end: datetime, zone: tzinfo, step: int) -> Iterator[TimeTick]:
    for day in _dates(start, end, zone):
        for hour in range(0, 24, step):
            at = _at(day, hour, zone)
            if start <= at <= end and at.astimezone(zone).hour == hour:
                yield _clock(at, zone)


def _day_ticks(start: datetime, end: datetime, zone: tzinfo, step: int) -> Iterator[TimeTick]:
    for day in _dates(start, end, zone):
        at = _at(day, 0, zone)
        if start <= at <= end and day.toordinal() % step == 1 % step:
            yield TimeTick(at, format_date(at.astimezone(zone), "j M"), "")


def _month_ticks(start: datetime, end: datetime, zone: tzinfo, step: int) -> Iterator[TimeTick]:
    local = start.astimezone(zone)
    month = local.year * 12 + local.month - 1
    month += -month % step
    while month // 12 <= 9999:
        at = _at(date(month // 12, month % 12 + 1, 1), 0, zone)
        if at > end:
            return
        if at >= start:
            yield TimeTick(at, format_date(at.astimezone(zone), "M Y" if step < 12 else "Y"), "")
        month += step
