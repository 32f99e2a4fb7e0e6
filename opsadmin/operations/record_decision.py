"""The decision log."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Call, Effect, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.logbook.decisions import STATUSES, Given, find_decision, write_decision
from opsadmin.logbook.told import DecisionTold, decision_told
from opsadmin.models import Decision
from opsadmin.postgres.aliases import resolve_alias

MOST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Listed(OnDatabase):
    status: str = parameter("all", help="Which ones.", choices=("all", *STATUSES))
    limit: int = parameter(20, help="How many, the newest first.", minimum=1, maximum=500)
    offset: int = parameter(0, help="How many of the newest to leave out.", minimum=0, maximum=1_000_000)


@operation(
    "list_decisions",
    title=_("Decisions"),
    summary=_("What was decided about the database, why, and with what consequences. PostgreSQL is not asked."),
    group="logbook",
    parameters=Listed,
    permission="opsadmin.view_decision",
)
def list_decisions(parameters: Listed, call: Call) -> list[DecisionTold]:
    rows = Decision.objects.filter(database__in=("", resolve_alias(parameters.database)))
    if parameters.status != "all":
        rows = rows.filter(status=parameters.status)
    return [decision_told(one) for one in rows[parameters.offset : parameters.offset + parameters.limit]]


@dataclass(frozen=True, kw_only=True)
class Recorded(OnDatabase):
    title: str = parameter(help="What it is about.")
    text: str = parameter(help="What was decided.", multiline=True)
    context: str = parameter("", help="What made it necessary.", multiline=True)
    consequences: str = parameter("", help="What follows from it.", multiline=True)
    status: str = parameter("proposed", help="How it stands.", choices=STATUSES)
    incident: int | None = parameter(None, help="The incident that it comes from.", minimum=1, maximum=MOST)
    run: int | None = parameter(None, help="The run of the operation that carried it out.", minimum=1, maximum=MOST)
    supersedes: int | None = parameter(None, help="The decision that no longer counts.", minimum=1, maximum=MOST)
    decision: int | None = parameter(None, help="Change the one of this number.", minimum=1, maximum=MOST)


@operation(
    "record_decision",
    title=_("Write down a decision"),
    summary=_("Write down what was decided and why, or change what is written."),
    group="logbook",
    effect=Effect.WRITES,
    permission="opsadmin.write_decision",
    parameters=Recorded,
)
def record_decision(parameters: Recorded, call: Call) -> DecisionTold:
    given = Given(
        title=parameters.title,
        decision=parameters.text,
        context=parameters.context,
        consequences=parameters.consequences,
        status=parameters.status,
        incident=parameters.incident,
        run=parameters.run,
        supersedes=parameters.supersedes,
    )
    alias = resolve_alias(parameters.database)
    row = write_decision(alias, given, call.caller.name, number=parameters.decision)
    return decision_told(find_decision(row.pk))
