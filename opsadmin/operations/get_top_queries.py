"""The statements that cost the most."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only
from opsadmin.workload.queries import ORDERS, TopQueries, top_queries
from opsadmin.workload.sampled_list import TopSampled, choose, require_sampled
from opsadmin.workload.windows import ALL, CHOICES


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    limit: int = parameter(10, help="The most statements in the answer.", minimum=1, maximum=1000)
    offset: int = parameter(0, help="How many statements to pass over first.", minimum=0, maximum=100_000)
    sort_by: str = parameter(
        "total_time",
        help="The order, greatest first. io: time of reading and writing, else blocks. resources: only what takes 5 % or "
        "more of the time, the blocks touched, read or changed, or the WAL. change: what grew most, within a window.",
        choices=(*ORDERS, "change"),
    )
    text: str = parameter(
        "", help="Only statements that hold this text, in upper or lower case.", spellings=("search",)
    )
    role: str = parameter("", help="Only what this role sent.")
    table: str = parameter("", help="Only statements that name this table, by the words of their text.")
    min_calls: int = parameter(1, help="Only statements that were sent so often.", minimum=1)
    window: str = parameter(
        ALL,
        help="The time that counts: all since pg_stat_statements counts, or the last hours or days by what was sampled, with the "
        "change against the time before; PostgreSQL is not asked then.",
        choices=CHOICES,
    )
    queryid: str = parameter("", help="Only the statement with this number, with its whole text.")


@operation(
    "get_top_queries",
    title=_("Slow queries"),
    summary=_(
        "The statements that cost the most since pg_stat_statements counts: calls, times, rows, blocks, WAL and the share "
        "of all time. What this site itself asks is left out."
    ),
    group="queries",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> TopQueries | TopSampled:
    queryid = _number(parameters.queryid)
    wrong = "change" if parameters.window == ALL else "resources"
    if parameters.sort_by == wrong:
        allowed = tuple(one for one in (*ORDERS, "change") if one != wrong)
        raise OperationError(
            f"sort_by is {wrong!r}; with the window {parameters.window} it must be one of {', '.join(allowed)}.",
            parameter="sort_by",
            allowed=allowed,
        )
    if parameters.window != ALL:
        return _sampled(parameters)
    with read_only(resolve_alias(parameters.database)) as session:
        return top_queries(
            session,
            limit=parameters.limit,
            offset=parameters.offset,
            sort_by=parameters.sort_by,
            text=parameters.text,
            role=parameters.role,
            table=parameters.table,
            min_calls=parameters.min_calls,
            queryid=queryid,
        )


def _sampled(parameters: Parameters) -> TopSampled:
    chosen = choose(
        resolve_alias(parameters.database),
        parameters.window,
        sort_by=parameters.sort_by,
        text=parameters.text,
        role=parameters.role,
        table=parameters.table,
        min_calls=parameters.min_calls,
        queryid=parameters.queryid,
    )
    require_sampled(chosen, parameters.window)
    return TopSampled(chosen.queries[parameters.offset : parameters.offset + parameters.limit], chosen)


def _number(queryid: str) -> int | None:
    if not queryid:
        return None
    try:
        number = int(queryid)
    except ValueError:
        number = 1 << 63
    if not -(1 << 63) <= number < 1 << 63:
        raise OperationError(
            f"queryid is {queryid!r}; it must be a whole number, as get_top_queries shows it.", parameter="queryid"
        )
    return number
