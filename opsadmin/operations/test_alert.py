"""Trying out where alerts go."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.alerts.trial import Tried, try_out
from opsadmin.core.operation import Call, Effect, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.postgres.aliases import resolve_alias


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    seconds: float = parameter(
        10.0, help="How long to wait for it to arrive; it goes on by itself.", minimum=0, maximum=60
    )


@operation(
    "test_alert",
    title=_("Send a test alert"),
    summary=_('Send a message that says that nothing is wrong through every channel of OPSADMIN["ALERTS"].'),
    group="alerts",
    effect=Effect.WRITES,
    permission="opsadmin.test_alert",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> list[Tried]:
    return try_out(resolve_alias(parameters.database), call.caller.name, parameters.seconds)
