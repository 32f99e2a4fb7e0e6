"""Making an index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Call, Effect, Preview, operation
from opsadmin.core.params import LongOnDatabase, parameter
from opsadmin.indexing.create import IndexMade, Request, create, preview_create
from opsadmin.postgres.aliases import resolve_alias


@dataclass(frozen=True, kw_only=True)
class Parameters(LongOnDatabase):
    ddl: str = parameter(
        "", help="The CREATE INDEX; or leave it out, and say table and columns.", multiline=True, spellings=("sql",)
    )
    table: str = parameter("", help="The table, with its schema where that is not on the search path.")
    columns: list[str] = parameter([], help="Its columns in their order, each also with DESC or an operator class.")
    using: str = parameter("btree", help="The access method.")
    include: list[str] = parameter([], help="Columns that the index only carries.")
    where: str = parameter("", help="The condition of a partial index.")
    unique: bool = parameter(False, help="Let no two rows have the same values.")
    name: str = parameter("", help="The name of the index. Left out, PostgreSQL's own way to name it.")
    concurrently: bool = parameter(True, help="Let others write to the table meanwhile.")
    if_not_exists: bool = parameter(False, help="Be content with an index of that name.")
    lock_seconds: float = parameter(5.0, help="How long each try waits for the table's lock.", minimum=0.1, maximum=60)
    wait_seconds: float = parameter(
        3600.0, help="How long it waits for transactions that began before.", minimum=1, maximum=86_400
    )
    advice: Any = parameter(None, help="The recommendation that it follows, to compare later: as the advisor gives it.")


def request_of(parameters: Parameters) -> Request:
    """The index that is asked for.

    Raises `OperationError` where it is said twice, or not at all."""
    given: str | Mapping[str, Any] = parameters.ddl
    if parameters.ddl.strip():
        if parameters.table or parameters.columns:
            raise OperationError(_("Say the index by ddl, or by table and columns, not both."), parameter="ddl")
    elif not parameters.table:
        raise OperationError(_("Say the index: ddl, or table and columns."), parameter="ddl")
    else:
        given = {
            "table": parameters.table,
            "columns": parameters.columns,
            "using": parameters.using,
            "include": parameters.include,
            "where": parameters.where,
            "unique": parameters.unique,
        }
    return Request(
        alias=resolve_alias(parameters.database),
        given=given,
        name=parameters.name,
        concurrently=parameters.concurrently,
        if_not_exists=parameters.if_not_exists,
        lock_seconds=parameters.lock_seconds,
        wait_seconds=parameters.wait_seconds,
        advice=parameters.advice,
    )


def preview(parameters: Parameters, call: Call) -> Preview:
    return preview_create(request_of(parameters))


@operation(
    "create_index",
    title=gettext_lazy("Create an index"),
    summary=gettext_lazy(
        "Make an index while the table is in use, with progress; what fails or is stopped leaves nothing behind. One at a "
        "time in a database; an index that is there already is not made twice."
    ),
    group="index",
    effect=Effect.WRITES,
    permission="opsadmin.create_index",
    parameters=Parameters,
    preview=preview,
)
def run(parameters: Parameters, call: Call) -> IndexMade:
    return create(request_of(parameters), call)
