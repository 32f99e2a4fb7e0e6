"""The list of runs, as its template shows it. It reads the site database alone and writes nothing: it answers while PostgreSQL
is down, and while another process writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.core.errors import UnknownOperation
from opsadmin.jobs import task_log
from opsadmin.jobs.state import SILENCE, RunState, state_of
from opsadmin.models import OperationRun
from opsadmin.pages.progress_filter import PAGE, Wanted, door_names, title_of_run
from opsadmin.pages.progress_result import without_secret_values
from opsadmin.perform import find
from opsadmin.postgres.masking import one_line

SEE_ALL = "opsadmin.view_operationrun"
#: Characters of what a run is about.
SHOWN = 90


@dataclass(frozen=True)
class Entry:
    """A run in the list. `about`: what it was done to. `message`: what it is doing, or what came of it."""

    state: RunState
    title: str
    about: str
    door: str
    message: str
    took: float | None
    started_at: datetime


@dataclass(frozen=True)
class Listing:
    """`first` to `last` of `found`; `before`, `after`: links to the pages around, empty where there is none."""

    entries: tuple[Entry, ...]
    found: int
    first: int
    last: int
    before: str
    after: str
    running: int

    @property
    def said(self) -> str:
        """For who listens to the page: what is new."""
        newest = self.entries[0] if self.entries else None
        return f"{newest.title}: {newest.state.outcome}" if newest else ""


def visible(request: HttpRequest) -> QuerySet[OperationRun]:
    """One's own runs, or everybody's with the permission to see the log."""
    runs = OperationRun.objects.all()
    if request.user.has_perm(SEE_ALL):
        return runs
    return runs.filter(caller=request.user.get_username(), door="page")


def listing(request: HttpRequest, wanted: Wanted) -> Listing:
    """The page that is wanted."""
    runs = wanted.of(visible(request))
    found = runs.count()
    offset = (wanted.page - 1) * PAGE
    rows = runs.defer("result", "log").annotate(result_message=KT("result__message"))[offset : offset + PAGE]
    entries = tuple(_entry(as_it_is(run)) for run in rows)
    return Listing(
        entries=entries,
        found=found,
        first=offset + 1,
        last=offset + len(entries),
        before=wanted.query(page=wanted.page - 1 if wanted.page > 2 else "") if wanted.page > 1 else "",
        after=wanted.query(page=wanted.page + 1) if offset + len(entries) < found else "",
        running=sum(not one.state.is_over for one in entries),
    )


def as_it_is(run: OperationRun) -> OperationRun:
    """The row, interrupted where its process gives no sign of life. Nothing is written."""
    silent = run.heartbeat_at is not None and run.heartbeat_at < timezone.now() - SILENCE
    if run.outcome == OperationRun.Outcome.RUNNING and silent:
        run.outcome = OperationRun.Outcome.INTERRUPTED
        run.finished_at = run.heartbeat_at
        run.error = _("The process that did it ended before it was done: nobody watched any more.")
    return run


def _entry(run: OperationRun) -> Entry:
    state = state_of(run, with_result=False)
    over = run.elapsed_ms / 1000 if run.elapsed_ms is not None else state.seconds
    return Entry(
        state=state,
        title=title_of_run(run),
        about=about(run),
        door=door_names().get(run.door, run.door),
        message=state.message or (str(run.result_message or "") if state.is_over else ""),  # type: ignore[attr-defined]
        took=over if state.is_over and run.finished_at is not None else None,
        started_at=run.started_at,
    )


def about(run: OperationRun) -> str:
    """What it was done to: the index that it works on, else what had to be said, else what was said."""
    detail = (run.progress or {}).get("detail") or {}
    if detail.get("index"):
        return str(detail["index"])
    if run.operation == task_log.OPERATION:
        return ""  # its title says it
    given: dict[str, Any] = run.parameters if isinstance(run.parameters, dict) else {}
    try:
        known = find(run.operation).fields
        names = [one.name for one in known if one.required]
        names += [one.name for one in known if one.name in given and given[one.name] != one.default]
    except UnknownOperation:
        names = list(given)
    for name in names:
        value = without_secret_values(given.get(name), name)
        if name not in ("database", "wait") and value not in (None, "", [], {}, False, True):
            return one_line(value if isinstance(value, str) else str(value), SHOWN)
    return ""
