"""Stopping an operation that goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Call, Effect, Preview, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.jobs.state import RunState, find_run, state_of
from opsadmin.jobs.track import ask_to_stop
from opsadmin.models import OperationRun

#: How long its end is waited for; what it cleans up may take longer.
PATIENCE_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    run: int = parameter(help="The run's number.", minimum=1, maximum=2**63 - 1)


def preview(parameters: Parameters, call: Call) -> Preview:
    row = find_run(parameters.run)
    state = state_of(row)
    sentences = [
        _("Run %(number)d is %(operation)s by %(caller)s, begun %(when)s ago.")
        % {
            "number": state.run,
            "operation": state.operation,
            "caller": state.caller,
            "when": f"{state.seconds:.0f} s",
        },
        state.message,
        _("What it is doing is stopped, and what is half done is cleaned up."),
    ]
    return Preview(tuple(filter(None, sentences)), refusal=_refusal(row))


@operation(
    "cancel_run",
    title=gettext_lazy("Stop a run"),
    summary=gettext_lazy("Stop an operation that goes on; what is half done is cleaned up. Says whether it ended."),
    group="runs",
    effect=Effect.WRITES,
    permission="opsadmin.cancel_run",
    parameters=Parameters,
    preview=preview,
)
def run(parameters: Parameters, call: Call) -> RunState:
    row = find_run(parameters.run)
    if refused := _refusal(row):
        raise OperationError(refused, parameter="run")
    ask_to_stop(row, call.caller.name)
    until = time.monotonic() + PATIENCE_SECONDS
    while row.outcome == OperationRun.Outcome.RUNNING and time.monotonic() < until:
        time.sleep(0.1)
        row = find_run(parameters.run)
    return state_of(row)


def _refusal(row: OperationRun) -> str:
    if row.outcome != OperationRun.Outcome.RUNNING:
        return _("Run %(number)d has ended already: %(outcome)s.") % {
            "number": row.pk,
            "outcome": row.get_outcome_display(),
        }
    if row.heartbeat_at is None:
        return _("Run %(number)d is none that takes long: it cannot be stopped.") % {"number": row.pk}
    return ""
