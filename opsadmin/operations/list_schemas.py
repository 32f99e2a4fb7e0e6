"""The schemas of a database."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.catalogue.schemas import Schemas, list_schemas
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    pass


@operation(
    "list_schemas",
    title=_("Schemas"),
    summary=_("The schemas of the database, the user's first: owner, kind, what is in them, estimated size."),
    group="catalogue",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Schemas:
    with read_only(resolve_alias(parameters.database)) as session:
        return list_schemas(session)
