"""Building an index anew."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Call, Effect, Preview, operation
from opsadmin.core.params import LongOnDatabase, parameter
from opsadmin.indexing.rebuild import IndexRebuilt, Request, preview_rebuild, rebuild
from opsadmin.postgres.aliases import resolve_alias


@dataclass(frozen=True, kw_only=True)
class Parameters(LongOnDatabase):
    index: str = parameter(help="The index, with its schema where that is not on the search path.", spellings=("name",))
    lock_seconds: float = parameter(5.0, help="How long each try waits for the table's lock.", minimum=0.1, maximum=60)
    wait_seconds: float = parameter(
        3600.0, help="How long it waits for transactions that began before.", minimum=1, maximum=86_400
    )


def request_of(parameters: Parameters) -> Request:
    return Request(
        alias=resolve_alias(parameters.database),
        index=parameters.index,
        lock_seconds=parameters.lock_seconds,
        wait_seconds=parameters.wait_seconds,
    )


def preview(parameters: Parameters, call: Call) -> Preview:
    return preview_rebuild(request_of(parameters))


@operation(
    "reindex_index",
    title=_("Rebuild an index"),
    summary=_(
        "Build an index anew while the table is in use: a bloated one gets small, an invalid one valid. The old one serves "
        "until the new one is there."
    ),
    group="index",
    effect=Effect.WRITES,
    permission="opsadmin.create_index",
    parameters=Parameters,
    preview=preview,
)
def run(parameters: Parameters, call: Call) -> IndexRebuilt:
    return rebuild(request_of(parameters), call)
