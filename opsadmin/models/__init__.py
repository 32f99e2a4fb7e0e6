"""What the operations remember, in the site database (never in the PostgreSQL that is looked after). One concern, one file."""

from opsadmin.models.alerts import AlertDelivery, ToldCondition
from opsadmin.models.follow import FollowedIndex
from opsadmin.models.logbook import Condition, Decision, Incident, IncidentEvent
from opsadmin.models.retention import Retention
from opsadmin.models.roles import RoleGroup
from opsadmin.models.runs import OperationRun
from opsadmin.models.samples import Mark, Sample, SampledCounters, SampledStatement
from opsadmin.models.schedule import ScheduledTask, ScheduleLease
from opsadmin.models.seen import HealthSnapshot, SeenAnswer
from opsadmin.models.settings import CheckThreshold, IgnoredFinding
from opsadmin.models.statements import AskedStatement, SavedStatement
from opsadmin.models.tokens import ApiToken

__all__ = [
    "AlertDelivery",
    "ApiToken",
    "AskedStatement",
    "CheckThreshold",
    "Condition",
    "Decision",
    "FollowedIndex",
    "HealthSnapshot",
    "IgnoredFinding",
    "Incident",
    "IncidentEvent",
    "Mark",
    "OperationRun",
    "Retention",
    "RoleGroup",
    "Sample",
    "SampledCounters",
    "SampledStatement",
    "SavedStatement",
    "ScheduleLease",
    "ScheduledTask",
    "SeenAnswer",
    "ToldCondition",
]
