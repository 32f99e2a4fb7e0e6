"""The messages that wait to be sent. They are written with what they tell of and sent afterwards, so that a process that
dies in between has told nobody of what did not happen, and forgotten nobody. Each arrives at least once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from opsadmin.alerts.channels import Channel
from opsadmin.models import AlertDelivery
from opsadmin.retention import surplus
from opsadmin.retention.kept import amount

State = AlertDelivery.State

#: Seconds before each further attempt; after the last it is given up.
PAUSES = (15, 60, 300, 900, 3600, 10_800)
#: Who is tried again within that time is not hurried.
SOON = timedelta(minutes=1)
#: Attempts where the other side says that it does not want it.
REFUSED_ATTEMPTS = 3
#: How long one process may be at one message before another takes it over.
CLAIM = timedelta(minutes=2)


def put(ways: Sequence[Channel], subject: str, message: dict[str, Any]) -> list[AlertDelivery]:
    """Write the message for each channel. What waits there for long yet is tried once more at once, beside its own attempts: it
    goes first, and an outage is not to be told hours later because a message of the night did not arrive.

    Raises Django's database errors."""
    now = timezone.now()
    for way in ways:
        late = AlertDelivery.objects.filter(
            channel=way.name, state=State.WAITING, attempts__gt=0, next_at__gt=now + SOON
        )
        late.update(next_at=now, attempts=F("attempts") - 1)
    rows = [
        AlertDelivery.objects.create(channel=way.name, subject=subject, message=message, created_at=now, next_at=now)
        for way in ways
    ]
    surplus.delete(surplus.alerts(amount("alerts")))
    return rows


def next_due() -> AlertDelivery | None:
    """A message whose turn it is, taken for this process; None where there is none. In each channel one goes after the
    other: that it is over must not arrive before that it began.

    Raises Django's database errors."""
    now = timezone.now()
    seen: set[str] = set()
    for row in AlertDelivery.objects.filter(state=State.WAITING).order_by("pk"):
        if row.channel in seen:
            continue
        seen.add(row.channel)
        free = Q(claimed_until=None) | Q(claimed_until__lte=now)
        mine = AlertDelivery.objects.filter(free, pk=row.pk, state=State.WAITING, next_at__lte=now)
        if row.next_at <= now and mine.update(claimed_until=now + CLAIM):
            return row
    return None


def note_sent(row: AlertDelivery) -> None:
    """It has arrived."""
    AlertDelivery.objects.filter(pk=row.pk).update(
        state=State.SENT, sent_at=timezone.now(), attempts=row.attempts + 1, claimed_until=None, error=""
    )


def note_failed(row: AlertDelivery, error: str, *, refused: bool = False, for_good: bool = False) -> None:
    """It has not. `refused`: the other side said no; `for_good`: it cannot arrive."""
    attempts = row.attempts + 1
    ends = for_good or attempts > len(PAUSES) or (refused and attempts >= REFUSED_ATTEMPTS)
    pause = timedelta(seconds=PAUSES[min(attempts, len(PAUSES)) - 1])
    AlertDelivery.objects.filter(pk=row.pk).update(
        state=State.GIVEN_UP if ends else State.WAITING,
        attempts=attempts,
        next_at=timezone.now() + pause,
        claimed_until=None,
        error=error[:300],
    )
