"""How a run stands."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.jobs.state import RunState, find_run, state_of


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    run: int = parameter(help="The run's number.", minimum=1, maximum=2**63 - 1)


@operation(
    "get_run",
    title=_("A run"),
    summary=_("How a run stands: how far it has come, whom it waits for, how it ended."),
    group="runs",
    parameters=Parameters,
    permission="opsadmin.view_operationrun",
)
def run(parameters: Parameters, call: Call) -> RunState:
    return state_of(find_run(parameters.run))
