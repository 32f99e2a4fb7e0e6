"""Operations that keep the store's tables: their schema, and the history's size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from opsadmin.core.blocks import Block, Code, Note
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.finding import Status
from opsadmin.core.operation import Call, Effect, Preview, Progress, operation
from opsadmin.core.params import parameter
from opsadmin.core.result import Result
from stores.backends.history_prune import MOST_COUNTED, PruneReport
from stores.backends.history_questions import HistoryQuestionError
from stores.operations.told import MANAGE, OnStore, in_words, who
from stores.router import STORE_ALIAS
from stores.runs import adopt, prune
from stores.schema import report as reports
from stores.schema.adopt import LOCK_TIMEOUT_MS, AdoptionReport

GROUP = "store"
WIDTH = 100


@dataclass(frozen=True)
class AdoptDatabase(OnStore):
    apply: bool = parameter(False, help="Mend what can be mended, in one transaction. Without it, only look.")
    dashboard_role: str = parameter("", help="Also check that the dashboard can start with this role.")


@dataclass(frozen=True)
class Adoption(Result):
    """What differs from the expected schema, or what was mended."""

    report: AdoptionReport
    done: bool

    def as_dict(self) -> dict[str, Any]:
        return {**self.report.as_dict(), "done": self.done}

    def blocks(self) -> list[Block]:
        status = Status.WARNING if self.report.undecided else Status.OK
        text = reports.as_table(self.report, width=WIDTH, colour=False, done=self.done).strip("\n")
        return [Note(status, reports.summary(self.report, done=self.done)), Code("", text)]


def preview_adoption(parameters: AdoptDatabase, call: Call) -> Preview | None:
    if not parameters.apply:
        return None  # it is a dry run itself
    found = _looked(parameters)
    sql = reports.as_script(found, lock_timeout_ms=LOCK_TIMEOUT_MS) if found.applied else ""
    return Preview((reports.summary(found, done=False),), sql=sql)


@operation(
    "adopt_database",
    title=_("Adopt the database"),
    summary=_(
        "Say what differs between the store's database and the expected schema and, with apply, mend it: tables, columns, "
        "types, defaults, indexes, triggers, privileges. No row is changed or removed."
    ),
    group=GROUP,
    effect=Effect.WRITES,
    parameters=AdoptDatabase,
    permission=MANAGE,
    preview=preview_adoption,
)
def adopt_database(parameters: AdoptDatabase, call: Call) -> Adoption:
    if not parameters.apply:
        return Adoption(_looked(parameters), done=False)
    try:
        with in_words():
            report = adopt.adopt_alias(
                STORE_ALIAS,
                writer=who(call, "adopt_database"),
                dashboard_role=parameters.dashboard_role or None,
                lock_timeout_ms=LOCK_TIMEOUT_MS,
            )
    except (DatabaseError, InterfaceError) as error:
        raise OperationFailed(adopt.refusal(STORE_ALIAS, error)) from error
    return Adoption(report, done=True)


def _looked(parameters: AdoptDatabase) -> AdoptionReport:
    try:
        with in_words():
            return adopt.look(STORE_ALIAS, parameters.dashboard_role or None)
    except (DatabaseError, InterfaceError) as error:
        raise OperationFailed(adopt.refusal(STORE_ALIAS, error)) from error


@dataclass(frozen=True)
class PruneHistory(OnStore):
    hours: float | None = parameter(None, help="Keep so many hours. Left out: HISTORY_RETENTION_HOURS.", minimum=0)
    max_seconds: float | None = parameter(
        20.0, help="Stop after so many seconds; run it again for the rest.", minimum=0
    )


@dataclass(frozen=True)
class Pruned(Result):
    """`deleted` readings from before `cutoff`; `more_remain` where time was over first."""

    cutoff: datetime
    deleted: int
    more_remain: bool
    elapsed_seconds: float


def preview_prune(parameters: PruneHistory, call: Call) -> Preview:
    cutoff = _cutoff(parameters)
    with in_words():
        count = prune.count_before(cutoff)
    amount = f"{count:,}" if count < MOST_COUNTED else _now("%(count)s or more") % {"count": f"{MOST_COUNTED:,}"}
    values = {"amount": amount, "cutoff": f"{cutoff:%Y-%m-%d %H:%M} UTC"}
    return Preview((_now("%(amount)s readings from before %(cutoff)s would be deleted for good.") % values,))


@operation(
    "prune_history",
    title=_("Prune the history"),
    summary=_("Delete readings of state_history older than the retention, for good, in batches that disturb nobody."),
    group=GROUP,
    effect=Effect.DESTROYS,
    parameters=PruneHistory,
    permission=MANAGE,
    preview=preview_prune,
)
def prune_history(parameters: PruneHistory, call: Call) -> Pruned:
    def progress(report: PruneReport) -> None:
        call.report(Progress(report.deleted, message=_now("%(count)d deleted") % {"count": report.deleted}))

    report = prune.prune_before(_cutoff(parameters), max_seconds=parameters.max_seconds, progress=progress)
    if report.error:
        raise OperationFailed(
            _now("%(error)s %(deleted)s readings were deleted before that; run it again for the rest.")
            % {"error": report.error, "deleted": f"{report.deleted:,}"}
        )
    return Pruned(report.cutoff, report.deleted, report.more_remain, report.elapsed_seconds)


def _cutoff(parameters: PruneHistory) -> datetime:
    try:
        return prune.cutoff_of(parameters.hours)
    except HistoryQuestionError as error:
        raise OperationError(str(error), parameter="hours") from error
