"""Which indexes would make given statements cheaper."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from opsadmin.advisor.advice import Advice
from opsadmin.advisor.advise import NOBODY, Judge, Limit, Wanted, advise
from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Call, Progress, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.health.limits import limits
from opsadmin.operations.execute_sql import address_of
from opsadmin.postgres.aliases import resolve_alias

#: As PostgreSQL counts them.
MB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    queries: list[str] = parameter(
        help="The statements, $1 as pg_stat_statements writes it included. They are planned, not run."
    )
    max_size_mb: float | None = parameter(
        None, help="The most that all recommended indexes may take on disk together, in MB.", minimum=0
    )
    max_indexes: int | None = parameter(None, help="The most indexes to recommend.", minimum=1)
    time_limit: int = parameter(30, help="Seconds after which the best advice so far is given.", minimum=2, maximum=600)


@operation(
    "analyze_query_indexes",
    title=_("Index ideas for statements"),
    summary=_(
        "The indexes that would make given statements cheaper, by the server's own planner and within a size; what each "
        "brings, which existing ones can go then, and what to change in the Django project. Changes nothing."
    ),
    group="queries",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Advice:
    queries = [one for one in parameters.queries if one.strip()]
    if not queries:
        raise OperationError("There is no statement to analyse.", parameter="queries", hint="Give at least one.")
    return advice_on(parameters, [Wanted(one) for one in queries], call)


def advice_on(
    parameters: Parameters, wanted: list[Wanted], call: Call, *, window_seconds: float = 0.0, judge: Judge = NOBODY
) -> Advice:
    """Advice for the statements, within the limits that the parameters name. `judge`: as `advise` takes it."""
    alias = resolve_alias(parameters.database)
    address, role = address_of(alias)
    limit = Limit(
        size_bytes=None if parameters.max_size_mb is None else parameters.max_size_mb * MB,
        indexes=parameters.max_indexes,
        seconds=float(parameters.time_limit),
    )
    found = advise(
        address,
        wanted,
        limit,
        role=role,
        database=alias,
        window_seconds=window_seconds,
        progress=lambda says, share: call.report(Progress(share, 1.0, says)),
        judge=judge,
    )
    # What is accepted, or was made from here only lately, is not advised against.
    known = limits()
    return replace(found, drops=tuple(one for one in found.drops if not known.ignores(f"index.{one.why}", one.index)))
