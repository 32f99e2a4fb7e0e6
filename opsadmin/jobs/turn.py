"""Whose turn it is: of several processes one has the lease, which stands in the site database with its end. A process that
was killed no longer moves the end on, so that another one takes over."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from opsadmin.jobs.patiently import patiently
from opsadmin.models import ScheduleLease

#: How long a lease lasts without a sign of life, and how often one is given.
PERIOD = timedelta(seconds=30)
RENEW_SECONDS = 5.0


def new_holder() -> str:
    """A name that no other process has, nor another thread of this one."""
    return f"{socket.gethostname()[:100]}, process {os.getpid()}, {secrets.token_hex(4)}"


def end_of_period(now: datetime) -> datetime:
    """Until when somebody has it who gives a sign of life now."""
    return now + PERIOD


def is_over(until: datetime | None, now: datetime) -> bool:
    """An end that is too far away was written by a clock that has been set back since."""
    return until is None or until < now or until > now + 2 * PERIOD


class Turn:
    """The lease `name`, for `holder`."""

    def __init__(self, name: str, holder: str) -> None:
        self.name = name
        self.holder = holder

    def take(self) -> bool:
        """Whether it is ours from now on: nobody had it, or who had it gives no sign of life."""
        now = timezone.now()
        free = Q(until__lt=now) | Q(until__gt=now + 2 * PERIOD) | Q(holder=self.holder)
        values = {"holder": self.holder, "since": now, "until": end_of_period(now)}
        lease = ScheduleLease.objects.filter(free, name=self.name)
        if patiently(lambda: lease.update(**values)):
            return True
        if ScheduleLease.objects.filter(name=self.name).exists():
            return False
        try:
            with transaction.atomic():
                ScheduleLease.objects.create(name=self.name, **values)
        except IntegrityError:
            return False
        return True

    def renew(self) -> bool:
        """A sign of life. False where another one has taken it meanwhile."""
        until = end_of_period(timezone.now())
        try:
            return bool(ScheduleLease.objects.filter(name=self.name, holder=self.holder).update(until=until))
        except DatabaseError:
            return True  # the next one may get through

    def give_back(self) -> None:
        """Somebody else may have it."""
        patiently(lambda: ScheduleLease.objects.filter(name=self.name, holder=self.holder).delete())


def holder_of(name: str) -> str:
    """Who has it now; empty where nobody does."""
    lease = ScheduleLease.objects.filter(name=name).first()
    return "" if lease is None or is_over(lease.until, timezone.now()) else lease.holder
