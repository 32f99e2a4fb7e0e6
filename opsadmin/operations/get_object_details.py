"""One object of the catalogue, with everything that belongs to it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.catalogue.details import Details, object_details
from opsadmin.catalogue.kinds import DETAILED
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only

#: Of a table that is held for longer there is enough to say without its lock, and a page waits for it.
LOCK_MS = 100


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    schema: str = parameter(
        "public",
        help="The schema's name as it is stored. Extensions and schemas are found without.",
        spellings=("schema_name",),
    )
    name: str = parameter(
        help="The object's name as it is stored, or in double quotes as in SQL. An overloaded function's with its "
        "arguments: f(integer, text).",
        spellings=("object_name",),
    )
    object_type: str = parameter("table", help="The kind of the object.", choices=DETAILED)


@operation(
    "get_object_details",
    title=_("Object"),
    summary=_(
        "One table, view, index, function ... with columns, indexes, constraints, triggers, partitions, privileges, "
        "statistics, sizes, dependencies and definition."
    ),
    group="catalogue",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Details:
    with read_only(resolve_alias(parameters.database), lock_ms=LOCK_MS) as session:
        return object_details(
            session, schema=parameters.schema, name=parameters.name, object_type=parameters.object_type
        )
