"""What goes on in the server at this moment."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.activity.moment import Activity, activity
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    pass


@operation(
    "get_activity",
    title=_("Activity"),
    summary=_(
        "What goes on at this moment: the sessions that are not idle, who waits for whose lock, what they wait for, and "
        "what keeps VACUUM from removing dead rows."
    ),
    group="activity",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Activity:
    with read_only(resolve_alias(parameters.database)) as look:
        return activity(look)
