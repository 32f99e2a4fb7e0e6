"""The tables with their sizes and what is done with them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.catalogue.tables import ORDERS, Tables, list_tables
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    schema: str = parameter(
        "", help="Only tables of this schema. Left out: all but the system's.", spellings=("schema_name",)
    )
    search: str = parameter("", help="Only names that hold this text, in upper or lower case.")
    sort_by: str = parameter(
        "size",
        help="The order: the largest (size, rows, dead_rows, rows_read by sequential scans, changes) first, or by name.",
        choices=ORDERS,
    )
    limit: int = parameter(50, help="The most tables in one answer.", minimum=1, maximum=1000)
    offset: int = parameter(0, help="How many tables to pass over first.", minimum=0, maximum=10_000_000)


@operation(
    "list_tables",
    title=_("Tables"),
    summary=_(
        "Tables with estimated rows, sizes, dead rows, last VACUUM and ANALYZE, and scans of the table against scans of its "
        "indexes. Partitions are counted within their partitioned table."
    ),
    group="catalogue",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Tables:
    with read_only(resolve_alias(parameters.database)) as session:
        return list_tables(
            session,
            schema=parameters.schema,
            search=parameters.search,
            sort_by=parameters.sort_by,
            limit=parameters.limit,
            offset=parameters.offset,
        )
