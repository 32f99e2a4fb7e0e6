"""The page "Runs": the operations that take long, and one of them while it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError, UnknownOperation
from opsadmin.core.operation import Operation
from opsadmin.indexing.aftermath import State, aftermath_of
from opsadmin.jobs.state import RunState, find_run, note_interrupted, state_of
from opsadmin.models import OperationRun
from opsadmin.pages.patient import ask
from opsadmin.pages.registry import Page, register_page
from opsadmin.pages.site import caller_of, render_page, site_url
from opsadmin.perform import find, perform
from opsadmin.postgres.aliases import resolve_alias

SHOWN = 50
CANCEL = "opsadmin.cancel_run"
#: Milliseconds between two looks of the page.
AGAIN = 2000


@dataclass(frozen=True)
class NextStep:
    """What to do about a run that lost its process, and where."""

    message: str
    label: str = ""
    url: str = ""


def progress_page(request: HttpRequest) -> HttpResponse:
    """The latest runs; with `?run=N` that one. A POST stops it."""
    number = request.POST.get("run") or request.GET.get("run") or ""
    if not number:
        return _list(request)
    try:
        run = find_run(int(number))
    except (OperationError, ValueError, OverflowError):
        raise Http404(_("There is no run %(number)s.") % {"number": number}) from None
    if not _may_see(request, run):
        raise PermissionDenied
    if request.method == "POST":
        return _stop(request, run)
    return _one(request, run)


def _list(request: HttpRequest) -> HttpResponse:
    note_interrupted()
    runs = OperationRun.objects.filter(heartbeat_at__isnull=False)
    if not request.user.has_perm("opsadmin.view_operationrun"):
        runs = runs.filter(caller=request.user.get_username(), door="page")
    shown = [(state_of(run), _title(run)) for run in runs[:SHOWN]]
    going_on = any(not state.is_over for state, _name in shown)
    context = {"title": _("Runs"), "runs": shown, "going_on": going_on, "again": AGAIN}
    return render_page(request, "progress", context)


def _may_see(request: HttpRequest, run: OperationRun) -> bool:
    """One's own, or anybody's with the permission to see the log."""
    own = run.caller == request.user.get_username() and run.door == "page"
    return own or request.user.has_perm("opsadmin.view_operationrun")


def _one(request: HttpRequest, run: OperationRun) -> HttpResponse:
    state = state_of(run)
    context = {
        "title": _title(run),
        "run": run,
        "state": state,
        "detail": state.detail or {},
        "undo": _undo(state),
        "may_stop": not state.is_over and run.heartbeat_at is not None and _may_stop(request, run),
        "is_stopping": bool(run.stop_asked_by) and not state.is_over,
        "next_step": _next_step(request, state) if state.outcome == "interrupted" else None,
        "address": f"{site_url(request, 'ops_progress')}?run={run.pk}",
        "again": AGAIN,
    }
    return render_page(request, "progress_one", context)


def _undo(state: RunState) -> str:
    """What takes it back; of a drop it is known before its end."""
    kept = [one for one in (state.result, state.detail) if isinstance(one, dict)]
    return next((str(one["undo"]) for one in kept if one.get("undo")), "")


def _may_stop(request: HttpRequest, run: OperationRun) -> bool:
    """Whoever may do it may stop her own; anybody's takes a permission."""
    own = run.caller == request.user.get_username() and run.door == "page"
    return own or request.user.has_perm(CANCEL)


def _stop(request: HttpRequest, run: OperationRun) -> HttpResponse:
    if not _may_stop(request, run):
        raise PermissionDenied
    back = HttpResponseRedirect(f"{site_url(request, 'ops_progress')}?run={run.pk}")
    caller = caller_of(request)
    # The permission of one's own run is that of the operation itself, which was asked for.
    trusted = type(caller)(caller.name, caller.door, caller.address)
    try:
        perform("cancel_run", {"run": run.pk}, trusted)
    except OperationError as error:
        messages.warning(request, error.message)
    return back


def _operation(run: OperationRun) -> Operation | None:
    try:
        return find(run.operation)
    except UnknownOperation:
        return None


def _title(run: OperationRun) -> str:
    operation = _operation(run)
    return str(operation.title) if operation else run.operation


def _next_step(request: HttpRequest, state: RunState) -> NextStep | None:
    """What PostgreSQL says became of it."""
    detail: dict[str, Any] = state.detail or {}
    if "index" not in detail:
        return NextStep(_("Nothing was begun in PostgreSQL.")) if "_index" in state.operation else None
    try:
        database = resolve_alias(state.database)
    except OperationError as error:
        return NextStep(error.message)
    answer = ask(("aftermath", state.run), database, lambda: aftermath_of(database, detail))
    if answer.value is None:
        words = answer.error.message if answer.error else _("PostgreSQL is still being asked.")
        return NextStep(_("What became of it is not known: %(words)s") % {"words": words})
    index = {"index": detail["index"]}
    match answer.value.state:
        case State.UNDER_WAY:
            query = urlencode({"pid": detail["pid"], "backend_start": detail["started"], "database": database})
            return NextStep(
                _("PostgreSQL is still at it, in session %(pid)s, and comes to its end by itself.") % detail,
                _("Cancel it there"),
                f"{site_url(request, 'ops_run_operation', 'cancel_query')}?{query}",
            )
        case State.VALID:
            return NextStep(_("The index %(index)s is there and valid: there is nothing to clean up.") % index)
        case State.INVALID:
            left = answer.value.left[0]
            query = urlencode({"index": left, "database": database})
            return NextStep(
                _("It left the invalid index %(index)s, which nobody reads and writes may still pay for.")
                % {"index": left},
                _("Drop it"),
                f"{site_url(request, 'ops_run_operation', 'drop_index')}?{query}",
            )
    return NextStep(_("There is no index %(index)s: there is nothing to clean up.") % index)


register_page(
    Page("progress", gettext_lazy("Runs"), progress_page, "opsadmin.view_database", order=90, needs_database=False)
)
