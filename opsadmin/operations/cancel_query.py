"""Ending the statement of a session."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.activity.moments import moment
from opsadmin.activity.signals import Asked, Signalled, preview_signal, send_signal
from opsadmin.core.operation import Call, Effect, Preview, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    pid: int = parameter(help="The session's process number, as list_sessions shows it.", minimum=1, maximum=2**31 - 1)
    backend_start: str = parameter(
        "", help="Since when the session is there, as list_sessions shows it: another one with that pid is left alone."
    )
    query_start: str = parameter(
        "", help="Since when its statement runs, as list_sessions shows it: another statement is left alone."
    )
    force: bool = parameter(False, help="Also a process of PostgreSQL's own, and the autovacuum against wraparound.")


def _asked(parameters: Parameters) -> Asked:
    return Asked(
        parameters.pid,
        terminate=False,
        force=parameters.force,
        backend_start=moment("backend_start", parameters.backend_start),
        query_start=moment("query_start", parameters.query_start),
    )


def preview(parameters: Parameters, call: Call) -> Preview:
    asked = _asked(parameters)
    with read_only(resolve_alias(parameters.database)) as look:
        return preview_signal(look, asked)


@operation(
    "cancel_query",
    title=_("Cancel a statement"),
    summary=_("End the statement that a session runs; the session stays. Says whether it ended."),
    group="activity",
    effect=Effect.WRITES,
    permission="opsadmin.cancel_query",
    parameters=Parameters,
    preview=preview,
)
def run(parameters: Parameters, call: Call) -> Signalled:
    asked = _asked(parameters)
    with read_only(resolve_alias(parameters.database)) as look:
        return send_signal(look, asked)
