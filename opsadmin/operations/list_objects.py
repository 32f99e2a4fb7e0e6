"""The objects of one kind in a schema."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.catalogue.kinds import LISTED
from opsadmin.catalogue.objects import ORDERS, CatalogObjects, list_objects
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    schema: str = parameter(
        "public",
        help="The schema's name as it is stored. Extensions are listed whatever schema they are in.",
        spellings=("schema_name",),
    )
    object_type: str = parameter("table", help="The kind of objects.", choices=LISTED)
    search: str = parameter("", help="Only names that hold this text, in upper or lower case.")
    sort_by: str = parameter(
        "name", help="The order: by name, or the largest (size, rows) first, as estimated.", choices=ORDERS
    )
    limit: int = parameter(500, help="The most objects in one answer.", minimum=1, maximum=10_000)
    offset: int = parameter(0, help="How many objects to pass over first.", minimum=0, maximum=10_000_000)


@operation(
    "list_objects",
    title=_("Objects"),
    summary=_("The tables, views, indexes, functions ... of a schema: owner, estimated rows and size, comment."),
    group="catalogue",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> CatalogObjects:
    with read_only(resolve_alias(parameters.database)) as session:
        return list_objects(
            session,
            schema=parameters.schema,
            object_type=parameters.object_type,
            search=parameters.search,
            sort_by=parameters.sort_by,
            limit=parameters.limit,
            offset=parameters.offset,
        )
