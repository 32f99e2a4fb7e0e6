"""Which indexes would make the statements cheaper that the server really runs."""

from __future__ import annotations

from collections.abc import Sequence
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
from opsadmin.workload.look import CHARACTERS
from opsadmin.workload.queries import Query, top_queries
from opsadmin.workload.sampled_list import TopSampled, choose, require_sampled
from opsadmin.workload.trends import SampledQuery
from opsadmin.workload.windows import ALL, CHOICES


@dataclass(frozen=True)
class Workload:
    """What ran, and for how long that was counted."""

    statements: list[Wanted]
    seconds: float
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    max_size_mb: float | None = parameter(
        None, help="The most that all recommended indexes may take on disk together, in MB.", minimum=0
    )
    max_indexes: int | None = parameter(None, help="The most indexes to recommend.", minimum=1)
    min_calls: int = parameter(2, help="Only statements that were sent so often.", minimum=1)
    window: str = parameter(
        ALL,
        help="The time whose statements count: all since pg_stat_statements counts, or the last hours or days by what was sampled.",
        choices=CHOICES,
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
    workload = _counted(parameters) if parameters.window == ALL else _sampled(parameters)
    asked = ForQueries(
        queries=[],
        max_size_mb=parameters.max_size_mb,
        max_indexes=parameters.max_indexes,
        time_limit=parameters.time_limit,
        database=parameters.database,
    )
    advice = advice_on(asked, workload.statements, call, window_seconds=workload.seconds, judge=judge)
    return replace(advice, notes=(*advice.notes, *workload.notes))


def _counted(parameters: Parameters) -> Workload:
    """Since pg_stat_statements counts."""
    with read_only(resolve_alias(parameters.database)) as session:
        found = top_queries(session, limit=parameters.limit, min_calls=parameters.min_calls)
        now = capabilities_of(session).now
    since = next((one.since for one in found if one.since is not None), None)
    return _workload(
        [one for one in found if not one.hidden],
        (now - since).total_seconds() if since is not None else 0.0,
        [note.text for note in found.notes],
    )


def _sampled(parameters: Parameters) -> Workload:
    """Within the window. What the samples do not hold by itself is not known, and said."""
    chosen = choose(resolve_alias(parameters.database), parameters.window, min_calls=parameters.min_calls)
    require_sampled(chosen, parameters.window)
    covered = chosen.covered
    begin = max(covered.start, covered.since or covered.start)
    top = TopSampled(chosen.queries[: parameters.limit], chosen)
    whole = [one for one in top if one.sql and len(one.sql) < CHARACTERS]
    notes = [note.text for note in top.notes]
    if count := len(top) - len(whole):
        notes.append(
            ngettext(
                "Of %(n)d statement the samples do not hold the whole text; it is left out.",
                "Of %(n)d statements the samples do not hold the whole text; they are left out.",
                count,
            )
            % {"n": count}
        )
    return _workload(whole, (covered.end - begin).total_seconds(), notes)


def _workload(found: Sequence[Query | SampledQuery], seconds: float, notes: list[str]) -> Workload:
    planned = [one for one in found if _has_plan(one.sql)]
    statements = [
        Wanted(one.sql, weight=None, queryid=str(one.queryid or ""), calls=one.calls, total_ms=one.total_time)
        for one in planned
    ]
    return Workload(statements, seconds, [*notes, *_left_out(len(found) - len(planned))])


def _has_plan(sql: str) -> bool:
    try:
        asked_of(sql)
    except OperationError:
        return False
    return True


def _left_out(count: int) -> list[str]:
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
