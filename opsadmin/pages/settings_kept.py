"""What this site keeps, for how long, and whom it tells: decided by code and settings, shown here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from opsadmin import snapshots
from opsadmin.alerts import outbox
from opsadmin.alerts.channels import channels, policy, problems
from opsadmin.core.blocks import said_number, said_seconds
from opsadmin.core.finding import Status
from opsadmin.jobs.planned import planned
from opsadmin.jobs.retention import KEPT_DAYS, KEPT_RUNS
from opsadmin.logbook import incidents
from opsadmin.models import AlertDelivery, HealthSnapshot, Incident, OperationRun, Sample, SampledStatement
from opsadmin.workload.levels import LEVELS
from opsadmin.workload.retention import MOST_TEXTS


@dataclass(frozen=True)
class Kept:
    """`bound`: how long or how many, in words; `now`: how many rows there are."""

    what: str
    bound: str
    now: str


@dataclass(frozen=True)
class Way:
    """A way that alerts go; of an address only the host."""

    name: str
    shape: str


@dataclass(frozen=True)
class Alerts:
    ways: tuple[Way, ...]
    least: Status
    cooldown: str
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Turn:
    """A task of the schedule."""

    title: str
    every: str
    is_on: bool


def kept() -> list[Kept]:
    """What is kept in the site's own database."""
    found = [
        Kept(
            _("Health reports"),
            _("the newest %(newest)d and one an hour, at most %(most)d of a database")
            % {"newest": snapshots.NEWEST, "most": snapshots.MOST},
            _count(HealthSnapshot.objects.all()),
        ),
        Kept(
            _("Runs of operations"),
            _("%(days)d days, at most %(runs)s") % {"days": KEPT_DAYS, "runs": said_number("", KEPT_RUNS)},
            _count(OperationRun.objects.all()),
        ),
    ]
    for level in LEVELS:
        words = {"width": _span(level.width), "kept": _span(level.kept)}
        rows = Sample.objects.filter(level=level.name)
        found.append(Kept(_("Samples of %(width)s") % words, _span(level.kept), _count(rows)))
    return [
        *found,
        Kept(
            _("Texts of statements"),
            _("those seen last, at most %(most)s of a database") % {"most": said_number("", MOST_TEXTS)},
            _count(SampledStatement.objects.all()),
        ),
        Kept(
            _("Incidents"),
            _("at most %(most)s") % {"most": said_number("", incidents.MOST)},
            _count(Incident.objects.all()),
        ),
        Kept(
            _("Alerts"),
            _("at most %(most)s") % {"most": said_number("", outbox.MOST)},
            _count(AlertDelivery.objects.all()),
        ),
    ]


def alerts() -> Alerts:
    """Whom the site tells. Never an address: whoever has a webhook's can write there."""
    how = policy()
    ways = tuple(
        Way(one.name, _("e-mail to %(count)d") % {"count": len(one.recipients)} if one.recipients else one.shape)
        for one in channels()
    )
    return Alerts(ways, how.least, _span(how.cooldown), tuple(problems()))


def turns() -> list[Turn]:
    """What comes round by itself."""
    try:
        return [Turn(str(one.task.title), _span(one.every), one.enabled) for one in planned()]
    except DatabaseError:
        return []


def _count(rows: QuerySet[Model]) -> str:
    try:
        return said_number("", rows.count())
    except DatabaseError:
        return "–"


def _span(length: timedelta) -> str:
    return said_seconds(length.total_seconds())
