"""The operation `analyze_db_health`."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.core.finding import HealthReport
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.health.report import health_report
from opsadmin.postgres.aliases import resolve_alias


@dataclass(frozen=True)
class AnalyzeDbHealth(OnDatabase):
    checks: str = parameter(
        "all",
        help="Families of checks, comma separated: all, index, connection, vacuum, sequence, replication, buffer, "
        "constraint, table, query, security, configuration, store; or single checks, as in index.duplicate.",
        spellings=("health_type",),
    )
    everything: bool = parameter(False, help="Tell each finding by itself, also where there are thousands of a kind.")


@operation(
    "analyze_db_health",
    title=_("Health"),
    summary=_(
        "Look at the health of the database and say what is wrong, worst first, with the reason and the fix: indexes, "
        "connections and locks, vacuum, tables, sequences, constraints, replication, buffers, queries, security, "
        "configuration. Reads only, within seconds, without waiting for anybody's lock."
    ),
    group="health",
    parameters=AnalyzeDbHealth,
)
def analyze_db_health(parameters: AnalyzeDbHealth, call: Call) -> HealthReport:
    return health_report(resolve_alias(parameters.database), parameters.checks, everything=parameters.everything)
