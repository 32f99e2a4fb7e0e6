"""The incidents of a database."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.logbook.told import IncidentTold, incident_told
from opsadmin.models import Incident
from opsadmin.postgres.aliases import resolve_alias

STATES = ("all", "open", "closed")


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    state: str = parameter("all", help="Which ones.", choices=STATES)
    limit: int = parameter(20, help="How many, the newest first.", minimum=1, maximum=500)
    offset: int = parameter(0, help="How many of the newest to leave out.", minimum=0, maximum=1_000_000)


@operation(
    "list_incidents",
    title=_("Incidents"),
    summary=_(
        "What went wrong and when: incidents open by themselves when a check turns critical. PostgreSQL is not asked."
    ),
    group="logbook",
    parameters=Parameters,
    permission="opsadmin.view_incident",
)
def run(parameters: Parameters, call: Call) -> list[IncidentTold]:
    rows = Incident.objects.filter(database=resolve_alias(parameters.database))
    if parameters.state != "all":
        rows = rows.filter(closed_at__isnull=parameters.state == "open")
    return [incident_told(one) for one in rows[parameters.offset : parameters.offset + parameters.limit]]
