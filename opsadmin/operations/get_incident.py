"""One incident with its time."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.blocks import Block, Code, Figures, Table, said, said_seconds
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.core.result import Result
from opsadmin.logbook.incidents import find_incident
from opsadmin.logbook.markdown import incident_markdown, offset
from opsadmin.logbook.steps import Step, steps_of
from opsadmin.logbook.timeline import Entry, entries_of
from opsadmin.logbook.told import IncidentTold, incident_told


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    incident: int = parameter(help="The incident's number.", minimum=1, maximum=2**63 - 1)


@dataclass(frozen=True, kw_only=True)
class WholeIncident(Result):
    """`markdown`: all of it as a document."""

    incident: IncidentTold
    timeline: list[Entry]
    steps: list[Step]
    markdown: str

    def blocks(self) -> list[Block]:
        told = self.incident
        figures = (
            (_("Incident"), f"{told.incident}: {told.title}"),
            (_("State"), told.state),
            (_("Severity"), told.severity),
            (_("Since"), said("", told.opened_at)),
            (_("Lasted"), said_seconds(told.seconds)),
        )
        rows = tuple(
            (
                said("", one.at),
                offset(one.seconds),
                one.word,
                " ".join(part for part in (one.title, one.text) if part),
                one.who,
            )
            for one in self.timeline
        )
        return [
            Figures("", figures),
            Table(_("Timeline"), (_("When"), _("After"), _("Kind"), _("What"), _("Who")), rows),
            Code(_("As Markdown"), self.markdown),
        ]


@operation(
    "get_incident",
    title=gettext_lazy("An incident"),
    summary=gettext_lazy(
        "An incident's time, what to do about it, and all of it as Markdown. PostgreSQL is not asked."
    ),
    group="logbook",
    parameters=Parameters,
    permission="opsadmin.view_incident",
)
def run(parameters: Parameters, call: Call) -> WholeIncident:
    incident = find_incident(parameters.incident)
    return WholeIncident(
        incident=incident_told(incident),
        timeline=entries_of(incident),
        steps=steps_of(incident),
        markdown=incident_markdown(incident),
    )
