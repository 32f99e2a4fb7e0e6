"""What the operations remember, in the site database (never in the PostgreSQL that is looked after). One concern, one file."""

from opsadmin.models.follow import FollowedIndex
from opsadmin.models.roles import RoleGroup
from opsadmin.models.runs import OperationRun
from opsadmin.models.schedule import ScheduledTask, ScheduleLease
from opsadmin.models.seen import HealthSnapshot, SeenAnswer
from opsadmin.models.settings import CheckThreshold, IgnoredFinding
from opsadmin.models.statements import AskedStatement, SavedStatement
from opsadmin.models.tokens import ApiToken

__all__ = [
    "ApiToken",
    "AskedStatement",
    "CheckThreshold",
    "FollowedIndex",
    "HealthSnapshot",
    "IgnoredFinding",
    "OperationRun",
    "RoleGroup",
    "SavedStatement",
    "ScheduleLease",
    "ScheduledTask",
    "SeenAnswer",
]
