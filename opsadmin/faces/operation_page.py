"""A page for every operation, made from its definition: the form, what it would do, and what came of it.

What reads is done at once, also by an address with its parameters, which can be passed on. What changes something is
shown first, then done by a form that works once; what cannot be undone asks for a confirmation that names the object."""

from __future__ import annotations

import json
import logging
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationError, OperationFailed, UnknownOperation
from opsadmin.core.finding import HealthReport
from opsadmin.core.operation import Caller, Effect, Operation, Preview
from opsadmin.core.params import OnDatabase
from opsadmin.core.result import plain
from opsadmin.faces.drawn import drawn_blocks
from opsadmin.faces.operation_form import CSRF, OWN, OperationForm, changed, command_of, given_in, is_long, query_of
from opsadmin.jobs.state import RunState
from opsadmin.pages.registry import pages
from opsadmin.pages.report_view import ReportView, view_of
from opsadmin.pages.site import caller_of, render_page, site_url
from opsadmin.perform import find, perform, prepare, preview
from opsadmin.postgres.aliases import resolve_alias

logger = logging.getLogger(__name__)

#: An address beyond that is refused by some servers on the way.
LONGEST_ADDRESS = 1800
#: How many previews of a person can be open at once.
OPEN_FORMS = 20
_FORMS = "opsadmin_forms"
#: The page where what an operation did shows, by the group of the operation, or by its name.
_PAGES = {
    "activity": "activity",
    "alerts": "logbook",
    "catalogue": "tables",
    "explain_query": "queries",
    "execute_sql": "sql",
    "health": "overview",
    "index": "indexes",
    "logbook": "logbook",
    "queries": "ideas",
    "runs": "progress",
    "set_retention": "settings",
    "list_retention": "settings",
    "store": "store-fallback",
    "get_top_queries": "queries",
}


# --- one of them ----------------------------------------------------------------------------------------------------
@dataclass
class Asked:
    """An operation as the person asks for it. `parameters` is None while they are not (rightly) given."""

    request: HttpRequest
    operation: Operation
    caller: Caller
    query: QueryDict
    given: dict[str, Any]
    form: OperationForm
    parameters: OnDatabase | None = None

    @property
    def values(self) -> dict[str, Any]:
        return changed(self.operation, self.parameters) if self.parameters is not None else self.given

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What a further form must say again."""
        return [
            (name, value)
            for name, values in self.query.lists()
            if not name.startswith(OWN) and name != CSRF
            for value in values
        ]


def operation_page(request: HttpRequest, name: str) -> HttpResponse:
    """The page of one operation: 404 where there is none of that name, 403 where the person may not do it."""
    try:
        operation = find(name)
    except UnknownOperation as error:
        raise Http404(error.message) from None
    caller = caller_of(request)
    if not caller.may(operation.permission):
        raise PermissionDenied
    asked = _read(request, operation, caller)
    if request.method != "POST" and not (asked.given or "_run" in request.GET):
        return _page(asked, form=OperationForm(operation, {}))
    if asked.parameters is None:
        return _page(asked)
    if operation.effect is Effect.READS:
        if request.method == "POST" or _is_own(request, operation):
            return _run(asked)
        return _page(asked, foreign=True)
    if request.method != "POST":
        # A link of one of our pages leads to what would happen; to do it takes the form there.
        return _preview(asked) if "_preview" in request.GET and _is_own(request, operation) else _page(asked)
    if request.POST.get("_step") != "run":
        return _preview(asked)
    if not _take_form(request):
        return _preview(asked, again=_("This form was sent before. Below is what would happen now."))
    if operation.effect is Effect.DESTROYS and request.POST.get("_confirm") != "yes":
        return _preview(asked, again=_("Nothing was done: confirm it first."))
    return _run(asked)


def _read(request: HttpRequest, operation: Operation, caller: Caller) -> Asked:
    query = request.POST if request.method == "POST" else request.GET
    try:
        given = given_in(operation, query)
        asked = Asked(request, operation, caller, query, given, OperationForm(operation, _named(operation, given)))
        asked.parameters = prepare(operation, given, caller)
    except OperationError as error:
        raw = {name: query[name] for name in query if not name.startswith(OWN)}
        form = OperationForm(operation, _named(operation, raw))
        if request.method == "POST" or raw or "_run" in query:
            form.complain(error)
        return Asked(request, operation, caller, query, raw, form)
    asked.form = OperationForm(operation, plain(asked.parameters))
    return asked


def _named(operation: Operation, given: dict[str, Any]) -> dict[str, Any]:
    """By the parameters' own names, whatever spelling was used."""
    known = {spelling: one.name for one in operation.fields for spelling in (one.name, *one.spellings)}
    return {known.get(name, name): value for name, value in given.items()}


def _is_own(request: HttpRequest, operation: Operation) -> bool:
    """Whether the person asked by herself, or through a page of this site. A link of another site must not make her
    browser run SQL; browsers say where a request comes from, at least over HTTPS."""
    origin = request.headers.get("Sec-Fetch-Site", "")
    return origin in ("same-origin", "none") or (not origin and not is_long(operation))


# --- before it is done ----------------------------------------------------------------------------------------------
def _preview(asked: Asked, *, again: str = "") -> HttpResponse:
    operation = asked.operation
    try:
        shown = preview(operation.name, asked.given, asked.caller)
    except OperationError as error:
        return _failed(asked, error)
    except Exception as error:
        return _broken(asked, error)
    if shown is None:
        shown = Preview((str(operation.summary),))
    token = "" if shown.refusal else _new_form(asked.request)
    return _page(asked, preview=shown, again=again, token=token)


def _new_form(request: HttpRequest) -> str:
    token = secrets.token_urlsafe(12)
    request.session[_FORMS] = [*request.session.get(_FORMS, []), token][-OPEN_FORMS:]
    return token


def _take_form(request: HttpRequest) -> bool:
    """Whether the form was made for this person and is sent for the first time."""
    token, left = request.POST.get("_form", ""), request.session.get(_FORMS, [])
    if token not in left:
        return False
    request.session[_FORMS] = [one for one in left if one != token]
    request.session.save()
    return True


# --- doing it -------------------------------------------------------------------------------------------------------
def _run(asked: Asked) -> HttpResponse:
    begun = time.perf_counter()
    operation = asked.operation
    as_json = operation.effect is Effect.READS and asked.query.get("_format") == "json"
    try:
        result = perform(operation.name, asked.given, asked.caller, confirmed=asked.query.get("_confirm") == "yes")
    except OperationError as error:
        if as_json:
            return JsonResponse({"error": error.as_dict()}, status=error.http_status)
        return _failed(asked, error)
    except Exception as error:
        return _broken(asked, error)
    if isinstance(result, RunState) and operation.is_long:
        return HttpResponseRedirect(f"{site_url(asked.request, 'ops_progress')}?run={result.run}")
    elapsed = (time.perf_counter() - begun) * 1000
    if as_json:
        return _download(operation, result)
    rows = None if asked.query.get("_rows") == "all" else 500
    return _page(
        asked,
        done=True,
        blocks=[] if isinstance(result, HealthReport) else drawn_blocks(result, rows),
        view=_view(asked, result) if isinstance(result, HealthReport) else None,
        elapsed_ms=elapsed,
        json_text="" if operation.effect is Effect.READS else _json(result),
    )


def _view(asked: Asked, report: HealthReport) -> ReportView:
    database = resolve_alias(asked.parameters.database if asked.parameters else "")
    return view_of(report.as_dict(), database, asked.caller.may, most=500)


def _download(operation: Operation, result: Any) -> HttpResponse:
    return HttpResponse(
        _json(result),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{operation.name}.json"', "Cache-Control": "no-store"},
    )


def _json(result: Any) -> str:
    return json.dumps(plain(result), ensure_ascii=False, indent=2)


def _failed(asked: Asked, error: OperationError) -> HttpResponse:
    if error.parameter in asked.form.fields:
        asked.form.complain(error)
        return _page(asked)
    title = _("It could not be done.") if isinstance(error, OperationFailed) else _("Nothing was done.")
    return _page(asked, error=error, error_title=title)


def _broken(asked: Asked, error: Exception) -> HttpResponse:
    """A fault of ours: the log has it, the person a sentence."""
    logger.exception("[ops] %s failed", asked.operation.name)
    words = _("The operation itself failed (%(kind)s). The site's log says where.") % {"kind": type(error).__name__}
    return _failed(asked, OperationFailed(words))


def _page(asked: Asked, **more: Any) -> HttpResponse:
    operation, values = asked.operation, asked.values
    address = site_url(asked.request, "ops_run_operation", operation.name)
    query = query_of(values).urlencode()
    link = f"{address}?{query or '_run=1'}"
    context = {
        "title": operation.title,
        "operation": operation,
        "form": asked.form,
        "by_get": operation.effect is Effect.READS and not is_long(operation),
        "asked": asked,
        "link": link if len(link) <= LONGEST_ADDRESS else "",
        "command": command_of(operation, values) if asked.parameters is not None else "",
        "back": _back(asked),
        "named": [(name.replace("_", " "), _short(value)) for name, value in values.items()],
        **more,
    }
    return render_page(asked.request, "operation", context)


def _back(asked: Asked) -> tuple[str, str] | None:
    """The title and the address of the page that it belongs to, of the same database; None where the person may not see it."""
    operation = asked.operation
    slug = _PAGES.get(operation.name) or _PAGES.get(operation.group)
    page = next((one for one in pages() if one.slug == slug), None)
    if page is None or not asked.request.user.has_perm(page.permission):
        return None
    database = str(asked.values.get("database", ""))
    query = f"?{urlencode({'database': database})}" if database else ""
    return str(page.title), site_url(asked.request, page.url_name) + query


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(plain(value), ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:119]}…"
