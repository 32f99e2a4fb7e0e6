"""A run of the log as whoever asks for it sees it, also one whose process has died."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.core.blocks import Block, Code, Figures, Note, said, said_seconds
from opsadmin.core.errors import OperationError
from opsadmin.core.finding import Status
from opsadmin.core.result import Result
from opsadmin.jobs.patiently import patiently
from opsadmin.models import OperationRun

#: A run that gives no sign of life for so long has lost its process; it gives one every second.
SILENCE = timedelta(seconds=30)

_STATUS = {
    "running": Status.UNKNOWN,
    "done": Status.OK,
    "failed": Status.CRITICAL,
    "cancelled": Status.WARNING,
    "interrupted": Status.WARNING,
}


@dataclass(frozen=True, kw_only=True)
class RunState(Result):
    """How a run stands. `percent`: how far it has come, None where that is not known. `message`: what it is doing, or why
    it ended. `result`: as plain data, once it is done. `detail`: what it works on."""

    run: int
    operation: str
    database: str
    caller: str
    outcome: str
    started_at: datetime
    seconds: float
    percent: float | None
    message: str
    result: Any = None
    detail: Any = None

    @property
    def is_over(self) -> bool:
        return self.outcome != "running"

    @property
    def status(self) -> Status:
        return _STATUS[self.outcome]

    def blocks(self) -> list[Block]:
        figures = [
            (_("Run"), str(self.run)),
            (_("Operation"), self.operation),
            (_("Outcome"), self.outcome),
            (_("By"), self.caller),
            (_("Since"), said("", self.started_at)),
            (_("For"), said_seconds(self.seconds)),
        ]
        if self.percent is not None and not self.is_over:
            figures.append((_("Progress"), f"{self.percent:.0f} %"))
        shown: list[Block] = [Figures("", tuple(figures))]
        if self.message:
            shown.append(Note(self.status, self.message))
        if isinstance(self.result, dict) and self.result.get("message"):
            shown.append(Note(Status.OK, str(self.result["message"])))
        if isinstance(self.result, dict) and self.result.get("undo"):
            shown.append(Code(_("What takes it back"), str(self.result["undo"])))
        return shown


def state_of(run: OperationRun, *, with_result: bool = True) -> RunState:
    """The row as it stands. `with_result`: False where nobody needs it, and it is not read."""
    progress = run.progress or {}
    done, total = progress.get("done"), progress.get("total")
    over = run.finished_at or timezone.now()
    return RunState(
        run=run.pk,
        operation=run.operation,
        database=run.database,
        caller=run.caller,
        outcome=run.outcome,
        started_at=run.started_at,
        seconds=round(max(0.0, (over - run.started_at).total_seconds()), 1),
        percent=round(100 * done / total, 1) if done is not None and total else None,
        message=run.error or (str(progress.get("message", "")) if run.outcome == "running" else ""),
        result=run.result if with_result else None,
        detail=progress.get("detail"),
    )


def find_run(number: int) -> OperationRun:
    """The row of that run, its end noted where its process has died.

    Raises `OperationError` where there is none."""
    note_interrupted()
    run = OperationRun.objects.filter(pk=number).first()
    if run is None:
        raise OperationError(_("There is no run %(number)d.") % {"number": number}, parameter="run")
    return run


def note_interrupted() -> None:
    """Note the end of the runs whose processes have died."""
    dead = OperationRun.objects.filter(outcome=OperationRun.Outcome.RUNNING, heartbeat_at__lt=timezone.now() - SILENCE)
    # Mostly there is none, and then nobody has to be kept from writing.
    if not dead.exists():
        return
    patiently(
        lambda: dead.update(
            outcome=OperationRun.Outcome.INTERRUPTED,
            finished_at=F("heartbeat_at"),
            lease=None,
            error=_("The process that did it ended before it was done: nobody watched any more."),
        )
    )
