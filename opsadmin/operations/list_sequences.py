"""Sequences and integer columns by how much of their range is used."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.catalogue.ranges import Ranges, number_ranges
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    pass


@operation(
    "list_sequences",
    title=_("Sequences and integer columns"),
    summary=_("Sequences and integer columns by how much of their range is used, the fullest first, at most 200."),
    group="catalogue",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Ranges:
    with read_only(resolve_alias(parameters.database)) as session:
        return number_ranges(session)
