"""One statement that reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.utils.translation import gettext_lazy as _

from opsadmin.console.rows import Rows
from opsadmin.console.run import run as run_statement
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.postgres.aliases import resolve_alias


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    sql: str = parameter(
        help="One statement that only reads: SELECT, WITH, VALUES, TABLE, EXPLAIN, SHOW.", multiline=True
    )
    params: Any = parameter(
        None,
        help="Its parameters: a list for $1, $2 ... (or %s), an object for %(name)s. Left out, a % stands for itself.",
    )
    limit: int = parameter(1000, help="The most rows in the answer.", minimum=1, maximum=10_000)


@operation(
    "execute_sql",
    title=_("SQL"),
    summary=_(
        "Run a statement that only reads. What could change, delay or reveal something is refused, with the reason."
    ),
    group="queries",
    parameters=Parameters,
    permission="opsadmin.execute_sql",
)
def run(parameters: Parameters, call: Call) -> Rows:
    alias = resolve_alias(parameters.database)
    address, role = address_of(alias)
    return run_statement(address, parameters.sql, parameters.params, limit=parameters.limit, role=role)


def address_of(alias: str) -> tuple[dict[str, Any], str]:
    """Where the alias is, as libpq names it, and the role that it changes to (empty: none)."""
    wrapper = connections[alias]
    role = wrapper.settings_dict.get("OPTIONS", {}).get("assume_role", "")
    return dict(wrapper.get_connection_params()), role
