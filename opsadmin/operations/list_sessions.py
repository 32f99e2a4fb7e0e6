"""Who is connected, and what they do."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.activity.sessions import STATES, Sessions, sessions
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    state: str = parameter(
        "",
        help="Only sessions in this state. waiting: for a lock. Left out: all but the idle ones.",
        choices=STATES,
    )
    older_than_seconds: float = parameter(
        0, help="Only those that have been at their statement, or in their state, so long.", minimum=0, maximum=1e9
    )
    include_idle: bool = parameter(False, help="Idle sessions too, with their last statement.")
    include_background: bool = parameter(
        False, help="PostgreSQL's own processes too: autovacuum, replication, checkpointer ..."
    )
    limit: int = parameter(200, help="The most sessions in the answer.", minimum=1, maximum=10_000)


@operation(
    "list_sessions",
    title=_("Sessions"),
    summary=_(
        "Who is connected to the server, in all its databases: role, application, state, statement and for how long, and "
        "whom they wait for. The longest first."
    ),
    group="activity",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> Sessions:
    with read_only(resolve_alias(parameters.database)) as look:
        return sessions(
            look,
            state=parameters.state,
            older_than_seconds=parameters.older_than_seconds,
            include_idle=parameters.include_idle,
            include_background=parameters.include_background,
            limit=parameters.limit,
        )
