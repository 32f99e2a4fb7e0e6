"""Index advice whose indexes were really built and measured, where nobody sees it and nothing stays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.advisor.advice import Advice
from opsadmin.advisor.advise import Wanted
from opsadmin.advisor.verify.advised import verified
from opsadmin.advisor.verify.request import COPY, HOWS, MB, MOST_MB, MOST_SECONDS, Request
from opsadmin.core.blocks import said_bytes
from opsadmin.core.operation import Call, Effect, Preview, Progress, operation
from opsadmin.core.params import LongOnDatabase, parameter
from opsadmin.indexing.create import lease_of
from opsadmin.jobs.lease import take
from opsadmin.operations.analyze_query_indexes import Parameters as ForQueries
from opsadmin.operations.analyze_query_indexes import advice_on
from opsadmin.operations.analyze_workload_indexes import Parameters as ForWorkload
from opsadmin.operations.analyze_workload_indexes import advice_on_workload
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.direct import direct_address

#: The part of the work that making the advice is.
ADVISING = 0.2


@dataclass(frozen=True, kw_only=True)
class Parameters(LongOnDatabase):
    queries: list[str] = parameter(
        [],
        help="The statements; left out, those that the server runs (pg_stat_statements). Those that only read are run, with "
        "values from the statistics for $1.",
    )
    how: str = parameter(
        COPY,
        help="copy: on temporary copies of the tables, which is in nobody's way. trial: on the tables themselves, which "
        "nobody can write to meanwhile.",
        choices=HOWS,
    )
    max_mb: float | None = parameter(
        None,
        help="MB that the copies may take with their indexes (256; of larger tables a sample is copied), or that the tables of "
        "a trial may have (64).",
        minimum=1,
        maximum=1_000_000,
    )
    max_seconds: int | None = parameter(
        None,
        help="Seconds that verifying may take on copies (120), or that writers may have to wait for a trial (10).",
        minimum=1,
        maximum=3600,
    )
    max_size_mb: float | None = parameter(
        None, help="The most that all recommended indexes may take on disk together, in MB.", minimum=0
    )
    max_indexes: int | None = parameter(None, help="The most indexes to recommend.", minimum=1)
    min_calls: int = parameter(2, help="Of the server's statements only those that were sent so often.", minimum=1)
    time_limit: int = parameter(60, help="Seconds after which the best advice so far is taken.", minimum=2, maximum=600)


def preview(parameters: Parameters, call: Call) -> Preview:
    most, seconds = said_bytes(_most_bytes(parameters)), _most_seconds(parameters)
    if parameters.how == COPY:
        sentences = [
            _(
                "The advice is made first; then at most %(most)s of the tables it is about are copied into temporary tables, the "
                "indexes are built there, and the statements that only read are run, without the indexes and with them."
            )
            % {"most": most},
            _("Nobody has to wait for it: the tables are read as by a SELECT (ACCESS SHARE lock)."),
            _("For at most %(seconds)s s it takes that much of the server's disk, and one processor.")
            % {"seconds": seconds},
        ]
    else:
        sentences = [
            _(
                "The advice is made first; then its indexes are built on the tables themselves in a transaction, and the "
                "statements that only read are run, without the indexes and with them."
            ),
            _(
                "From the first index on nobody can write to the tables (SHARE lock), for at most %(seconds)s s; reading goes on. "
                "Tables of more than %(most)s together are left out, and a lock that is not had within half a second ends it."
            )
            % {"seconds": seconds, "most": most},
        ]
    last = _("Everything is rolled back: by us, or by the server itself should this process die.")
    return Preview((*sentences, last))


@operation(
    "verify_indexes",
    title=gettext_lazy("Verify index ideas"),
    summary=gettext_lazy(
        "Index advice that was measured: its indexes are built on copies of the tables, or on the tables in a transaction, the "
        "statements are run, and all is rolled back. An index that does not read fewer pages is refuted, whatever its estimate."
    ),
    group="queries",
    effect=Effect.WRITES,
    permission="opsadmin.create_index",
    parameters=Parameters,
    preview=preview,
)
def run(parameters: Parameters, call: Call) -> Advice:
    alias = resolve_alias(parameters.database)
    # One that builds an index waits for the transactions of the others.
    take(call.run, lease_of(alias))
    address = direct_address(alias)
    advising = replace(call, report=lambda one: call.report(replace(one, done=ADVISING * one.done)))
    request = Request(
        address=address.parameters,
        role=address.role,
        how=parameters.how,
        most_bytes=_most_bytes(parameters),
        most_seconds=_most_seconds(parameters),
        tell=lambda says, share: call.report(Progress(ADVISING + (1 - ADVISING) * share, 1.0, f"{says}.")),
        is_stopped=call.is_stopped,
    )
    common: dict[str, Any] = {
        "max_size_mb": parameters.max_size_mb,
        "max_indexes": parameters.max_indexes,
        "time_limit": parameters.time_limit,
        "database": alias,
    }
    queries = [one for one in parameters.queries if one.strip()]
    if queries:
        asked = ForQueries(queries=queries, **common)
        return verified(
            lambda judge: advice_on(asked, [Wanted(one) for one in queries], advising, judge=judge), request
        )
    workload = ForWorkload(min_calls=parameters.min_calls, **common)
    return verified(lambda judge: advice_on_workload(workload, advising, judge=judge), request)


def _most_bytes(parameters: Parameters) -> float:
    return (MOST_MB[parameters.how] if parameters.max_mb is None else parameters.max_mb) * MB


def _most_seconds(parameters: Parameters) -> int:
    return MOST_SECONDS[parameters.how] if parameters.max_seconds is None else parameters.max_seconds
