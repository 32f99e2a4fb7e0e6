"""The rows that are kept no longer: what a clean-up deletes, and what a preview counts. Each function gives querysets, of which
no row is in two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Q, QuerySet

from opsadmin.models import (
    AlertDelivery,
    AskedStatement,
    HealthSnapshot,
    Incident,
    Mark,
    OperationRun,
    Sample,
    SampledStatement,
)
from opsadmin.retention.bounds import Bound
from opsadmin.retention.kept import Kept
from opsadmin.workload.levels import LEVEL_OF, Level

Rows = Iterator[QuerySet[Any]]

#: SQLite takes so many values at a time.
_AT_ONCE = 500
#: Of the newest health reports every one is kept, of older ones one an hour.
NEWEST = 40


#: All there is of what a bound counts, by its name; two bounds of one thing have it once.
_ALL: dict[str, Callable[[], QuerySet[Any]]] = {
    **{name: partial(Sample.objects.filter, level=level.name) for name, level in LEVEL_OF.items()},
    "statement_texts": SampledStatement.objects.all,
    "marks": Mark.objects.all,
    "health_reports": HealthSnapshot.objects.all,
    "runs": OperationRun.objects.all,
    "incidents": Incident.objects.all,
    "alerts": AlertDelivery.objects.all,
    "asked_statements": AskedStatement.objects.all,
}


def present(bound: Bound) -> int | None:
    """How many rows there are; None where another bound counts them, or none does."""
    return _ALL[bound.name]().count() if bound.name in _ALL else None


def count(surplus: Iterable[QuerySet[Any]]) -> int:
    """How many rows there are."""
    return sum(rows.count() for rows in surplus)


def delete(surplus: Iterable[QuerySet[Any]]) -> int:
    """Delete them; how many, without what hung on them."""
    gone = 0
    for rows in surplus:
        _all, by_model = rows.delete()
        gone += by_model.get(rows.model._meta.label, 0)
    return gone


def lost_by(one: Kept, value: int, now: datetime) -> int:
    """How many rows go at the next clean-up because the bound is made that tight; 0 where it is not made tighter."""
    return count(surplus(one.bound, value, now)) if value < one.value else 0


def _beyond(rows: QuerySet[Any], most: int) -> Rows:
    """All but the first ones."""
    return _of(rows.model, list(rows.values_list("pk", flat=True)[most:]))


def _of(model: Any, keys: Sequence[int]) -> Rows:
    for start in range(0, len(keys), _AT_ONCE):
        yield model.objects.filter(pk__in=keys[start : start + _AT_ONCE])


def _databases(model: Any, database: str | None) -> list[str]:
    """That one, or all that there are rows of; also those that the settings no longer name."""
    if database is not None:
        return [database]
    return list(model.objects.order_by("database").values_list("database", flat=True).distinct())


def samples(level: Level, kept: timedelta, now: datetime, database: str | None = None) -> Rows:
    """Those that are older than they are kept, and those that a clock that was wrong dated ahead."""
    aged = Q(at__lt=level.begin(now - kept)) | Q(at__gt=now + timedelta(days=1))
    rows = Sample.objects.filter(aged, level=level.name)
    yield rows if database is None else rows.filter(database=database)


def texts(most: int, database: str | None = None) -> Rows:
    """Texts of statements beyond those seen last."""
    for one in _databases(SampledStatement, database):
        yield from _beyond(SampledStatement.objects.filter(database=one).order_by("-seen_at", "-pk"), most)


def marks(most: int, database: str | None = None) -> Rows:
    """Marks beyond the newest ones; those that are about all databases count with each."""
    seen: set[int] = set()
    for one in _databases(Mark, database):
        rows = Mark.objects.filter(Q(database=one) | Q(database="")).order_by("-at", "-pk")
        keys = [key for key in rows.values_list("pk", flat=True)[most:] if key not in seen]
        seen.update(keys)
        yield from _of(Mark, keys)


def old_marks(kept: timedelta, now: datetime, database: str | None = None) -> Rows:
    """Marks that are older than any sample."""
    rows = Mark.objects.filter(at__lt=now - kept)
    yield rows if database is None else rows.filter(Q(database=database) | Q(database=""))


def reports(most: int, database: str | None = None) -> Rows:
    """Health reports that are `superfluous`."""
    for one in _databases(HealthSnapshot, database):
        times = list(HealthSnapshot.objects.filter(database=one).values_list("pk", "taken_at"))
        yield from _of(HealthSnapshot, superfluous(times, most))


def superfluous(times: Sequence[tuple[int, datetime]], most: int) -> list[int]:
    """Which of (key, time), newest first, are kept no longer."""
    kept, gone = 0, []
    hour: datetime | None = None
    for number, (key, at) in enumerate(times):
        its_hour = at.replace(minute=0, second=0, microsecond=0)
        if kept < most and (number < NEWEST or its_hour != hour):
            kept += 1
        else:
            gone.append(key)
        hour = its_hour
    return gone


def old_runs(kept: timedelta, now: datetime) -> Rows:
    """Runs that began too long ago. What is under way stays."""
    yield _ended().filter(started_at__lt=now - kept)


def runs(most: int) -> Rows:
    """Runs beyond the newest ones. What is under way stays."""
    return _beyond(_ended().order_by("-started_at", "-pk"), most)


def _ended() -> QuerySet[OperationRun]:
    return OperationRun.objects.exclude(outcome=OperationRun.Outcome.RUNNING)


def incidents(most: int) -> Rows:
    """Incidents beyond those that were closed last."""
    return _beyond(Incident.objects.exclude(closed_at=None).order_by("-closed_at", "-pk"), most)


def alerts(most: int) -> Rows:
    """Messages beyond the newest ones. What waits stays."""
    return _beyond(AlertDelivery.objects.exclude(state=AlertDelivery.State.WAITING).order_by("-pk"), most)


def asked(most: int, user: Any = None, database: str | None = None) -> Rows:
    """Statements beyond those that each person asked last in each database."""
    whole = AskedStatement.objects.order_by("user_id", "database")
    whole = whole if user is None else whole.filter(user_id=user)
    whole = whole if database is None else whole.filter(database=database)
    for its_user, its_database in list(whole.values_list("user_id", "database").distinct()):
        own = AskedStatement.objects.filter(user_id=its_user, database=its_database).order_by("-asked_at", "-pk")
        yield from _beyond(own, most)


def surplus(bound: Bound, value: int, now: datetime) -> Rows:
    """What goes at the next clean-up where the bound has that value."""
    by_time: dict[str, Callable[[timedelta, datetime], Rows]] = {
        **{name: partial(samples, level) for name, level in LEVEL_OF.items()},
        "run_days": old_runs,
    }
    if bound.name in by_time:
        return by_time[bound.name](bound.time(value), now)
    by_number: dict[str, Callable[[int], Rows]] = {
        "statement_texts": texts,
        "marks": marks,
        "health_reports": reports,
        "runs": runs,
        "incidents": incidents,
        "alerts": alerts,
        "asked_statements": asked,
    }
    return by_number[bound.name](value) if bound.name in by_number else iter(())
