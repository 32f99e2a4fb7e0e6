"""A test alert: the same way as one that matters."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.alerts.channels import channels, policy
from opsadmin.alerts.message import subject_of, test_message
from opsadmin.alerts.outbox import put
from opsadmin.alerts.send import join, wake
from opsadmin.core.errors import OperationError
from opsadmin.core.result import Result
from opsadmin.jobs.patiently import patiently
from opsadmin.models import AlertDelivery

PAUSE_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Tried(Result):
    """`state`: sent, waiting or given_up; `error`: why it has not arrived yet."""

    channel: str
    state: str
    error: str


def try_out(database: str, who: str, seconds: float) -> list[Tried]:
    """Send a test alert through every channel, and say what became of it within so many seconds.

    Raises `OperationError` where there is no channel."""
    ways = channels()
    if not ways:
        raise OperationError(
            _("No alerts are set up here."),
            hint=_(
                'Name where they go in OPSADMIN["ALERTS"], here by ALERT_EMAIL, ALERT_WEBHOOK_URL or ALERT_SLACK_URL.'
            ),
        )
    now = timezone.now()
    message = test_message(database, who, policy(), now)
    rows = patiently(lambda: put(ways, subject_of(message), message))
    until = time.monotonic() + seconds
    wake()
    while (left := until - time.monotonic()) > 0 and _wait(rows):
        if join(left):
            # It had begun before these were written, or an older message goes first.
            time.sleep(min(left, PAUSE_SECONDS))
            wake()
    found = AlertDelivery.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk")
    return [Tried(channel=row.channel, state=row.state, error=row.error) for row in found]


def _wait(rows: list[AlertDelivery]) -> bool:
    """Whether one of them was not tried yet."""
    keys = [row.pk for row in rows]
    return AlertDelivery.objects.filter(pk__in=keys, state=AlertDelivery.State.WAITING, attempts=0).exists()
