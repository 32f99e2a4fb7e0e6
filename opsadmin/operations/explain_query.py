"""What PostgreSQL would do for a statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.operations.execute_sql import address_of
from opsadmin.plans.explain import Request, explain
from opsadmin.plans.formats import FORMATS
from opsadmin.plans.plan import Plan
from opsadmin.postgres.aliases import resolve_alias


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    sql: str = parameter(
        help="One statement that has a plan: SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE, DECLARE, CREATE TABLE AS ..., "
        "$1 as pg_stat_statements writes it included.",
        multiline=True,
    )
    analyze: bool = parameter(
        False, help="Run the statement, and tell what happened. Only for one that reads, within seconds."
    )
    hypothetical_indexes: list[Any] = parameter(
        [],
        help='Indexes to try without making them (needs HypoPG): a list of {"table": ..., "columns": [...], "using": '
        '"btree"}, also with schema, include, where, unique, or of CREATE INDEX texts.',
    )
    hidden_indexes: list[str] = parameter([], help="Indexes to plan without (needs HypoPG 1.4).")
    format: str = parameter("text", help="The format of the plan's text.", choices=FORMATS)


@operation(
    "explain_query",
    title=_("Plan"),
    summary=_(
        "What PostgreSQL would do for a statement, as a tree with cost and rows, and what that says in words. Tries "
        "indexes that are not there, and tells the cost before and after. Runs the statement only when asked to."
    ),
    group="queries",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Plan:
    address, role = address_of(resolve_alias(parameters.database))
    request = Request(
        sql=parameters.sql,
        analyze=parameters.analyze,
        hypothetical_indexes=_indexes(parameters.hypothetical_indexes),
        hidden_indexes=parameters.hidden_indexes,
        format=parameters.format,
    )
    return explain(address, request, role=role)


def _indexes(given: Any) -> list[Any]:
    """A list; one index may stand alone."""
    if isinstance(given, dict | str):
        given = [given] if given else []
    if not isinstance(given, list | tuple):
        raise OperationError(
            f"hypothetical_indexes is {given!r}; it must be a list of indexes.", parameter="hypothetical_indexes"
        )
    return list(given)
