"""Dropping an index."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Call, Effect, Preview, operation
from opsadmin.core.params import LongOnDatabase, parameter
from opsadmin.indexing.drop import IndexDropped, Request, drop, preview_drop
from opsadmin.postgres.aliases import resolve_alias


@dataclass(frozen=True, kw_only=True)
class Parameters(LongOnDatabase):
    index: str = parameter(help="The index, with its schema where that is not on the search path.", spellings=("name",))
    force: bool = parameter(False, help="Also one that keeps values unique, or alone serves a foreign key.")
    lock_seconds: float = parameter(5.0, help="How long each try waits for the table's lock.", minimum=0.1, maximum=60)
    wait_seconds: float = parameter(
        3600.0, help="How long it waits for transactions that began before.", minimum=1, maximum=86_400
    )


def request_of(parameters: Parameters) -> Request:
    return Request(
        alias=resolve_alias(parameters.database),
        index=parameters.index,
        force=parameters.force,
        lock_seconds=parameters.lock_seconds,
        wait_seconds=parameters.wait_seconds,
    )


def preview(parameters: Parameters, call: Call) -> Preview:
    return preview_drop(request_of(parameters))


@operation(
    "drop_index",
    title=_("Drop an index"),
    summary=_(
        "Drop an index while the table is in use, also an invalid one left over from an attempt that failed. Says first "
        "what it is for; the statement that makes it again is kept with the run."
    ),
    group="index",
    effect=Effect.DESTROYS,
    permission="opsadmin.drop_index",
    parameters=Parameters,
    preview=preview,
)
def run(parameters: Parameters, call: Call) -> IndexDropped:
    return drop(request_of(parameters), call)
