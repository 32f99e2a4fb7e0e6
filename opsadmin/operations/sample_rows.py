"""A few rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.catalogue.find import found_relation
from opsadmin.console.sample import SampleRows, common_values, rows_of
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.operations.execute_sql import address_of
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    schema: str = parameter("public", help="The schema's name as it is stored.", spellings=("schema_name",))
    name: str = parameter(
        help="The name of the table or view as it is stored, or in double quotes as in SQL.",
        spellings=("table", "object_name"),
    )
    limit: int = parameter(20, help="The most rows in the answer.", minimum=1, maximum=100)


@operation(
    "sample_rows",
    title=_("Rows of a table"),
    summary=_(
        "A few rows of a table or view as an example, in no order, and what ANALYZE found most often in its columns. What "
        "looks like a secret is masked."
    ),
    group="catalogue",
    parameters=Parameters,
    permission="opsadmin.view_rows",
)
def run(parameters: Parameters, call: Call) -> SampleRows:
    alias = resolve_alias(parameters.database)
    with read_only(alias) as session:
        schema, name = found_relation(session, schema=parameters.schema, name=parameters.name)
        common = common_values(session, schema, name)
    address, role = address_of(alias)
    return SampleRows(rows_of(address, role, schema, name, parameters.limit), common)
