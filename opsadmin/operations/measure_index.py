"""Measuring how much of an index is empty."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.indexing.measure import IndexMeasured, measure
from opsadmin.postgres.aliases import resolve_alias


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    index: str = parameter(help="The index, with its schema where that is not on the search path.", spellings=("name",))
    seconds: float = parameter(30.0, help="How long reading it may take.", minimum=0.1, maximum=600)


@operation(
    "measure_index",
    title=_("Measure an index's bloat"),
    summary=_(
        "Read a B-tree as a whole and say how much of it is empty and what a rebuild would free. One at a time on a server, "
        "for a bounded time; it needs the extension pgstattuple."
    ),
    group="index",
    permission="opsadmin.measure_index",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> IndexMeasured:
    return measure(resolve_alias(parameters.database), parameters.index, seconds=parameters.seconds)
