"""Writing into the log of incidents."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Call, Effect, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.logbook.incidents import close, find_incident, note, open_by_hand, reopen
from opsadmin.logbook.told import IncidentTold, incident_told
from opsadmin.models import Incident
from opsadmin.postgres.aliases import resolve_alias

WRITE = "opsadmin.write_incident"


@dataclass(frozen=True, kw_only=True)
class Opened(OnDatabase):
    title: str = parameter(help="What is wrong, in a few words.")
    text: str = parameter("", help="What is known of it.", multiline=True)
    severity: str = parameter("warning", help="How bad it is.", choices=tuple(Incident.Severity.values))


@operation(
    "open_incident",
    title=_("Open an incident"),
    summary=_("Note something that no check sees. It stays open until somebody closes it."),
    group="logbook",
    effect=Effect.WRITES,
    permission=WRITE,
    parameters=Opened,
)
def open_incident(parameters: Opened, call: Call) -> IncidentTold:
    alias = resolve_alias(parameters.database)
    return incident_told(open_by_hand(alias, parameters.title, parameters.severity, parameters.text, call.caller.name))


@dataclass(frozen=True, kw_only=True)
class Noted(OnDatabase):
    incident: int = parameter(help="The incident's number.", minimum=1, maximum=2**63 - 1)
    text: str = parameter(help="The note.", multiline=True)


@operation(
    "note_incident",
    title=_("Write a note"),
    summary=_("Write a note into an incident, open or closed."),
    group="logbook",
    effect=Effect.WRITES,
    permission=WRITE,
    parameters=Noted,
)
def note_incident(parameters: Noted, call: Call) -> IncidentTold:
    incident = find_incident(parameters.incident)
    note(incident, parameters.text, call.caller.name)
    return incident_told(incident)


@dataclass(frozen=True, kw_only=True)
class Closed(OnDatabase):
    incident: int = parameter(help="The incident's number.", minimum=1, maximum=2**63 - 1)
    text: str = parameter("", help="Why, for whoever reads it later.", multiline=True)
    again: bool = parameter(False, help="Open it again instead.")


@operation(
    "close_incident",
    title=_("Close an incident"),
    summary=_(
        "Close an incident, or open it again. One that opened by itself closes by itself too; closed by hand it stays so until "
        "its check gets well and turns critical again."
    ),
    group="logbook",
    effect=Effect.WRITES,
    permission=WRITE,
    parameters=Closed,
)
def close_incident(parameters: Closed, call: Call) -> IncidentTold:
    incident = find_incident(parameters.incident)
    (reopen if parameters.again else close)(incident, call.caller.name, parameters.text)
    return incident_told(find_incident(parameters.incident))
