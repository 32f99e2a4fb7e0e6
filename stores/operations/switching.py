"""Operations that switch between PostgreSQL and the JSON copies, bring the copies back, and settle conflicts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Call, Effect, Preview, operation
from opsadmin.core.params import parameter
from opsadmin.core.result import Result
from stores import conflicts
from stores.operations.told import SWITCH, VIEW, OnStore, Told, in_words, previewed, told, who
from stores.runs import resync, switch
from stores.switching import BACKENDS, STRATEGIES, ReasonMissing
from stores.sync.merge import ABSENT

GROUP = "store"
STRATEGY = (
    "Who wins where both sides changed something: rules (the documents' own; they stop where PostgreSQL was emptied or "
    "restored), ours (the copy), theirs (PostgreSQL), newest."
)


@dataclass(frozen=True)
class SwitchStore(OnStore):
    to: str = parameter(help="Where the documents shall live: postgres or filesystem.", choices=BACKENDS)
    reason: str = parameter(help="Why; it is kept with the switch.")
    strategy: str = parameter("rules", help=STRATEGY, choices=STRATEGIES)


def preview_switch(parameters: SwitchStore, call: Call) -> Preview:
    return previewed(switch.switch_store(parameters.to, "", "", strategy=parameters.strategy, dry_run=True))


@operation(
    "switch_store",
    title=_("Switch the store"),
    summary=_(
        "Switch this host, all its processes at once, between PostgreSQL and its JSON copies. On the way back what was "
        "written on the copies is merged into PostgreSQL first. No acknowledged write is lost."
    ),
    group=GROUP,
    effect=Effect.WRITES,
    parameters=SwitchStore,
    permission=SWITCH,
    preview=preview_switch,
)
def switch_store(parameters: SwitchStore, call: Call) -> Told:
    try:
        run = switch.switch_store(
            parameters.to, parameters.reason, who(call, "switch_store"), strategy=parameters.strategy
        )
    except ReasonMissing as error:
        raise OperationError(str(error), parameter="reason") from error
    return told(run)


@dataclass(frozen=True)
class ResyncStore(OnStore):
    apply: bool = parameter(False, help="Do it. Without it, say what would be done.")
    strategy: str = parameter("rules", help=STRATEGY, choices=STRATEGIES)
    reason: str = parameter("", help="Why; it is kept with the revisions.")


def preview_resync(parameters: ResyncStore, call: Call) -> Preview | None:
    if not parameters.apply:
        return None  # it is a dry run itself
    return previewed(resync.resync_store("", "", strategy=parameters.strategy, apply=False))


@operation(
    "resync_store",
    title=_("Resync the store"),
    summary=_(
        "Bring what was written on this host's JSON copies back into PostgreSQL by a three-way merge. A dry run unless "
        "apply is true. What both sides changed keeps one value and waits for a person."
    ),
    group=GROUP,
    effect=Effect.WRITES,
    parameters=ResyncStore,
    permission=SWITCH,
    preview=preview_resync,
)
def resync_store(parameters: ResyncStore, call: Call) -> Told:
    run = resync.resync_store(
        parameters.reason, who(call, "resync_store"), strategy=parameters.strategy, apply=parameters.apply
    )
    return told(run)


@dataclass(frozen=True)
class Conflict(Result):
    """A place that both sides changed and that waits for a person; values are masked, "" and null apart. A side where the
    key is not there says so in `absent`."""

    id: str
    kind: str
    path: str
    at: datetime
    kept: str
    rule: str
    values: dict[str, Any]
    absent: tuple[str, ...]


@operation(
    "list_conflicts",
    title=_("Conflicts"),
    summary=_("The places that both PostgreSQL and the JSON copies changed, and that wait for a person's decision."),
    group=GROUP,
    parameters=OnStore,
    permission=VIEW,
)
def list_conflicts(parameters: OnStore, call: Call) -> list[Conflict]:
    with in_words():
        found = conflicts.open_conflicts()
        return [_shown(conflict) for conflict in found]


def _shown(conflict: Any) -> Conflict:
    sides = vars(conflicts.values(conflict).masked(conflict))
    return Conflict(
        conflict.id,
        conflict.kind,
        conflict.path,
        conflict.at,
        conflict.kept,
        conflict.rule,
        {side: value for side, value in sides.items() if value is not ABSENT},
        tuple(side for side, value in sides.items() if value is ABSENT),
    )


@dataclass(frozen=True)
class SettleConflict(OnStore):
    id: str = parameter(help="The conflict's id; its first digits are enough.")
    take: str = parameter("", help="The value that holds.", choices=("", "ours", "theirs", "base"))
    value: Any = parameter(None, help="Another value, as JSON, instead of take.")
    force: bool = parameter(False, help="Also where the document's value was changed since.")


@dataclass(frozen=True)
class Settled(Result):
    """`revision`: the one that this wrote in PostgreSQL, None where nothing had to be written there."""

    kind: str
    path: str
    revision: int | None
    still_open: int


@operation(
    "settle_conflict",
    title=_("Settle a conflict"),
    summary=_(
        "Decide what a place that both sides changed shall hold: ours (the copy), theirs (PostgreSQL), base, or a value."
    ),
    group=GROUP,
    effect=Effect.WRITES,
    parameters=SettleConflict,
    permission=SWITCH,
)
def settle_conflict(parameters: SettleConflict, call: Call) -> Settled:
    if bool(parameters.take) == (parameters.value is not None):
        raise OperationError("Say what holds: take (ours, theirs, base), or a value.", parameter="take")
    with in_words():
        conflict = conflicts.find_conflict(parameters.id)
        try:
            revision = conflicts.settle(
                conflict,
                parameters.take or "other",
                ABSENT if parameters.value is None else parameters.value,
                who=who(call, "resync_store"),
                force=parameters.force,
            )
        except conflicts.ValueChanged as error:
            raise OperationError(str(error), parameter="force", hint="Look again, then say force.") from error
        return Settled(conflict.kind, conflict.path, revision, len(conflicts.open_conflicts()))
