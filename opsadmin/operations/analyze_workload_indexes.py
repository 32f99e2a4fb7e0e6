"""Which indexes would make the statements cheaper that the server really runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from opsadmin.advisor.advice import Advice
from opsadmin.advisor.advise import NOBODY, Judge, Wanted
from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.operations.analyze_query_indexes import Parameters as ForQueries
from opsadmin.operations.analyze_query_indexes import advice_on
from opsadmin.plans.asked import asked_of
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.capabilities import capabilities_of
from opsadmin.postgres.session import read_only
from opsadmin.workload.queries import Query, top_queries

#: All that was counted.
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    max_size_mb: float | None = parameter(
        None, help="The most that all recommended indexes may take on disk together, in MB.", minimum=0
    )
    max_indexes: int | None = parameter(None, help="The most indexes to recommend.", minimum=1)
    min_calls: int = parameter(2, help="Only statements that were sent so often.", minimum=1)
    window: str = parameter(
        ALL, help="The time whose statements count: all since pg_stat_statements counts.", choices=(ALL,)
    )
    limit: int = parameter(100, help="Only so many statements, by the time that they take.", minimum=1, maximum=1000)
    time_limit: int = parameter(60, help="Seconds after which the best advice so far is given.", minimum=2, maximum=600)


@operation(
    "analyze_workload_indexes",
    title=_("Index ideas"),
    summary=_(
        "The indexes that would make the statements cheaper that the server runs, weighted by the time they take "
        "(pg_stat_statements), with what each index costs when rows are written. Changes nothing."
    ),
    group="queries",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Advice:
    return advice_on_workload(parameters, call)


def advice_on_workload(parameters: Parameters, call: Call, *, judge: Judge = NOBODY) -> Advice:
    """Advice for what the server runs. `judge`: as `advise` takes it."""
    with read_only(resolve_alias(parameters.database)) as session:
        found = top_queries(session, limit=parameters.limit, min_calls=parameters.min_calls)
        now = capabilities_of(session).now
    since = next((one.since for one in found if one.since is not None), None)
    wanted = [_wanted(one) for one in found if not one.hidden and _has_plan(one.sql)]
    asked = ForQueries(
        queries=[],
        max_size_mb=parameters.max_size_mb,
        max_indexes=parameters.max_indexes,
        time_limit=parameters.time_limit,
        database=parameters.database,
    )
    window = (now - since).total_seconds() if since is not None else 0.0
    advice = advice_on(asked, wanted, call, window_seconds=window, judge=judge)
    notes = [*advice.notes, *(note.text for note in found.notes), *_left_out(found)]
    return replace(advice, notes=tuple(notes))


def _wanted(query: Query) -> Wanted:
    return Wanted(
        query.sql, weight=None, queryid=str(query.queryid or ""), calls=query.calls, total_ms=query.total_time
    )


def _has_plan(sql: str) -> bool:
    try:
        asked_of(sql)
    except OperationError:
        return False
    return True


def _left_out(found: list[Query]) -> list[str]:
    count = sum(not one.hidden and not _has_plan(one.sql) for one in found)
    if not count:
        return []
    return [
        ngettext(
            "%(n)d statement has no plan (BEGIN, SET and their kin) and is left out.",
            "%(n)d statements have no plan (BEGIN, SET and their kin) and are left out.",
            count,
        )
        % {"n": count}
    ]
