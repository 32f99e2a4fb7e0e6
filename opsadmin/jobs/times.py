"""When a task is due. The clock may be set forward or back, and a site may sleep for a week: what was missed is done once."""

from __future__ import annotations

from datetime import datetime, timedelta

#: After the first failure; each further one doubles it.
FIRST_RETRY = timedelta(minutes=1)


def is_due(next_at: datetime | None, every: timedelta, now: datetime) -> bool:
    """A time that is further away than the interval was written by a clock that has been set back since."""
    return next_at is None or next_at <= now or next_at > now + every


def next_time(due: datetime | None, every: timedelta, now: datetime) -> datetime:
    """After a run that was due then: in step with it, so that a day's task stays at its hour, but always ahead."""
    in_step = due + every if due is not None and due <= now else now
    return in_step if in_step > now else now + every


def retry_time(failures: int, every: timedelta, now: datetime) -> datetime:
    """After so many failures in a row: soon, then later, at the latest when it would be due anyway."""
    doublings = min(max(failures, 1) - 1, 20)
    return now + min(every, FIRST_RETRY * (1 << doublings))
