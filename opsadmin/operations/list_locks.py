"""Who waits for whose lock."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from opsadmin.activity.locks import LockForest, lock_forest
from opsadmin.core.operation import Call, operation
from opsadmin.core.params import OnDatabase
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.session import read_only


@dataclass(frozen=True, kw_only=True)
class Parameters(OnDatabase):
    pass


@operation(
    "list_locks",
    title=_("Locks"),
    summary=_(
        "Who waits for a lock, for which, how long, and behind whom: the sessions and prepared transactions at the root of "
        "each queue first."
    ),
    group="activity",
    parameters=Parameters,
)
def run(parameters: Parameters, call: Call) -> LockForest:
    with read_only(resolve_alias(parameters.database)) as look:
        return lock_forest(look)
