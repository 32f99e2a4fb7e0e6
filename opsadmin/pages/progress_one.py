"""One run: who began it, from where, with what, how it goes on, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationError, UnknownOperation
from opsadmin.core.operation import Caller
from opsadmin.core.params import parse
from opsadmin.faces.drawn import drawn_blocks
from opsadmin.faces.operation_form import changed, query_of
from opsadmin.follow.wish import followed_already
from opsadmin.indexing.aftermath import State, aftermath_of
from opsadmin.jobs.state import RunState, state_of
from opsadmin.models import OperationRun, ScheduledTask
from opsadmin.pages.ideas_verified import VERIFY
from opsadmin.pages.patient import ask
from opsadmin.pages.progress_filter import door_names, title_of_run
from opsadmin.pages.progress_list import SEE_ALL, about, as_it_is
from opsadmin.pages.progress_result import Kept, as_json, without_secret_values
from opsadmin.pages.site import caller_of, render_page, site_url
from opsadmin.perform import find, perform
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.postgres.masking import MASK

CANCEL = "opsadmin.cancel_run"
CREATE = "create_index"
#: Seconds between two looks of the page, and what it asks for then: itself without its frame.
EVERY_SECONDS, PART = 2, "now"
#: An address beyond that is refused by some servers on the way.
LONGEST_ADDRESS = 1800
#: Rows of a table in a result.
MOST_ROWS = 200
#: What ended within that is what the person waits for: it has the focus, so that it is read out.
NEWS = timedelta(seconds=30)


@dataclass(frozen=True)
class NextStep:
    """What to do about a run that lost its process, or where to see what came of one."""

    message: str
    label: str = ""
    url: str = ""


def one_run(request: HttpRequest, number: str) -> HttpResponse:
    """The page of that run. A POST stops it.

    Raises Http404, PermissionDenied."""
    run = None
    if number.isdecimal() and len(number) < 19:
        run = OperationRun.objects.filter(pk=int(number)).first()
    if run is None:
        raise Http404(_("There is no run %(number)s.") % {"number": number})
    if not _may_see(request, run):
        raise PermissionDenied
    if request.method == "POST":
        return _stop(request, run)
    return _page(request, as_it_is(run))


def _page(request: HttpRequest, run: OperationRun) -> HttpResponse:
    state = state_of(run)
    given = without_secret_values(run.parameters)
    address = f"{site_url(request, 'ops_progress')}?run={run.pk}"
    part = request.GET.get("part") == PART and not state.is_over
    result = without_secret_values(state.result)
    context = {
        "title": title_of_run(run),
        "about": about(run),
        "run": run,
        "door": door_names().get(run.door, run.door),
        "state": state,
        "took": run.elapsed_ms / 1000 if run.elapsed_ms is not None else state.seconds,
        "detail": state.detail or {},
        "undo": _undo(state),
        "given": drawn_blocks(Kept(_said(given))),
        "given_json": as_json(given),
        "log": _log(run),
        "blocks": drawn_blocks(Kept(result, _shown_above(result, state)), MOST_ROWS) if result else [],
        "result_json": "" if result is None or _is_sentence(result) else as_json(result),
        "again": _again(request, run),
        "may_stop": not state.is_over and run.heartbeat_at is not None and _may_stop(request, run),
        "is_stopping": bool(run.stop_asked_by) and not state.is_over,
        "next_step": _next_step(request, state),
        "is_news": run.finished_at is not None and timezone.now() - run.finished_at < NEWS,
        "address": address,
        "live": f"{address}&part={PART}",
        "every": EVERY_SECONDS,
    }
    answer = render_page(request, "progress_now_one" if part else "progress_one", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _may_see(request: HttpRequest, run: OperationRun) -> bool:
    """One's own, or anybody's with the permission to see the log."""
    return _is_own(request, run) or request.user.has_perm(SEE_ALL)


def _is_own(request: HttpRequest, run: OperationRun) -> bool:
    return run.caller == request.user.get_username() and run.door == "page"


def _log(run: OperationRun) -> list[tuple[Any, str]]:
    """Time and sentence of what it said on the way."""
    return [(parse_datetime(str(at)), str(words)) for at, words in run.log or []]


def _said(given: Any) -> Any:
    """The parameters that say something."""
    if not isinstance(given, dict):
        return given
    return {name: value for name, value in given.items() if name != "wait" and value not in (None, "", [], {})}


def _shown_above(result: Any, state: RunState) -> frozenset[str]:
    """The names of the result that the head of the page has already."""
    if not isinstance(result, dict):
        return frozenset()
    detail = {**(state.detail or {}), "ddl": (state.detail or {}).get("statement")}
    same = {name for name in ("index", "table", "ddl") if result.get(name) and result[name] == detail.get(name)}
    return frozenset({"message", "undo", "size_bytes", "seconds", "outcome", *same})


def _is_sentence(result: Any) -> bool:
    return isinstance(result, dict) and set(result) == {"message"}


def _undo(state: RunState) -> str:
    """What takes it back; of a drop it is known before its end."""
    kept = [one for one in (state.result, state.detail) if isinstance(one, dict)]
    return next((str(one["undo"]) for one in kept if one.get("undo")), "")


def _again(request: HttpRequest, run: OperationRun) -> str:
    """The operation's page with the same parameters; empty where the person may not, or it takes others by now, or where the
    log left constants out of its statements."""
    try:
        operation = find(run.operation)
        values = changed(operation, parse(operation.parameters, run.parameters))
    except (UnknownOperation, OperationError, TypeError, AttributeError):
        return ""
    if not request.user.has_perm(operation.permission):
        return ""
    values.pop("wait", None)
    if MASK in str(values.get("queries", "")):
        return ""
    query = query_of(values).urlencode()
    address = site_url(request, "ops_run_operation", operation.name)
    link = f"{address}?{query}" if query else address
    return link if len(link) <= LONGEST_ADDRESS else ""


# --- stopping it ----------------------------------------------------------------------------------------------------
def _may_stop(request: HttpRequest, run: OperationRun) -> bool:
    """Whoever may do it may stop her own; anybody's takes a permission."""
    return _is_own(request, run) or request.user.has_perm(CANCEL)


def _stop(request: HttpRequest, run: OperationRun) -> HttpResponse:
    if not _may_stop(request, run):
        raise PermissionDenied
    back = HttpResponseRedirect(f"{site_url(request, 'ops_progress')}?run={run.pk}")
    caller = caller_of(request)
    # The permission of one's own run is that of the operation itself, which was asked for.
    trusted = Caller(caller.name, caller.door, caller.address)
    try:
        perform("cancel_run", {"run": run.pk}, trusted)
    except OperationError as error:
        messages.warning(request, error.message)
    return back


# --- what became of it ----------------------------------------------------------------------------------------------
def _of_verification(request: HttpRequest, state: RunState) -> NextStep | None:
    if state.outcome in ("interrupted", "cancelled"):
        return NextStep(_("PostgreSQL takes back what was begun, by itself: nothing is left of it."))
    if state.outcome != "done":
        return None
    query = urlencode({"database": state.database} if state.database else {})
    address = f"{site_url(request, 'ops_ideas')}?{query}"
    return NextStep(_("What was measured is shown with the ideas."), _("See the ideas"), address)


def _of_index(request: HttpRequest, state: RunState) -> NextStep | None:
    """An index that was made on advice is followed by itself."""
    index = (state.result or {}).get("index", "") if isinstance(state.result, dict) else ""
    try:
        is_followed = bool(index) and bool(followed_already(resolve_alias(state.database), index))
    except OperationError:
        return None
    if not is_followed:
        return None
    query = urlencode({"database": state.database} if state.database else {})
    address = f"{site_url(request, 'ops_ideas')}{'?' if query else ''}{query}#kept-head"
    words = _("What its statements cost is compared from now on with what they cost before.")
    return NextStep(words, _("Did it keep its promise?"), address)


def _next_step(request: HttpRequest, state: RunState) -> NextStep | None:
    """Where its result is; of one that lost its process what PostgreSQL says became of it."""
    if state.operation == VERIFY:
        return _of_verification(request, state)
    if state.operation == CREATE and state.outcome == "done":
        return _of_index(request, state)
    if state.outcome != "interrupted":
        return None
    detail: dict[str, Any] = state.detail or {}
    if "index" not in detail:
        return NextStep(_("Nothing was begun in PostgreSQL.")) if "_index" in state.operation else _of_task(state)
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


def _of_task(state: RunState) -> NextStep | None:
    """A task that lost its process is tried again by itself."""
    task = ScheduledTask.objects.filter(run=state.run, holder="").first()
    return NextStep(_("It is tried again by itself.")) if task is not None and task.next_at is not None else None
