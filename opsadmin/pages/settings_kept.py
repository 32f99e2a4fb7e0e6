"""Whom this site tells, and what comes round by itself: decided by code and settings, shown here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import DatabaseError
from django.utils.translation import gettext as _

from opsadmin.alerts.channels import channels, policy, problems
from opsadmin.core.blocks import said_seconds
from opsadmin.core.finding import Status
from opsadmin.jobs.planned import planned


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


def _span(length: timedelta) -> str:
    return said_seconds(length.total_seconds())
