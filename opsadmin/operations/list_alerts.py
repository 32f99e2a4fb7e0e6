"""The alerts that went out, or wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.core.result import Result
from opsadmin.models import AlertDelivery


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    limit: int = parameter(20, help="How many, the newest first.", minimum=1, maximum=500)


@dataclass(frozen=True, kw_only=True)
class Alert(Result):
    """`error`: why the last attempt failed."""

    created_at: datetime
    channel: str
    subject: str
    state: str
    attempts: int
    sent_at: datetime | None
    error: str


@operation(
    "list_alerts",
    title=_("Alerts"),
    summary=_("The messages of all databases that were sent, wait or were given up, and why. PostgreSQL is not asked."),
    group="alerts",
    parameters=Parameters,
    permission="opsadmin.view_alertdelivery",
)
def run(parameters: Parameters, call: Call) -> list[Alert]:
    return [
        Alert(
            created_at=row.created_at,
            channel=row.channel,
            subject=row.subject,
            state=row.state,
            attempts=row.attempts,
            sent_at=row.sent_at,
            error=row.error,
        )
        for row in AlertDelivery.objects.defer("message")[: parameters.limit]
    ]
