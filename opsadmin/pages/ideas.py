"""The page "Index ideas": which indexes would make the statements cheaper, what each brings and costs, and which can go.

It shows the last advice and asks for none by itself. Nothing is asked for by an address either: `?sql=` and `?queryid=`
fill the form in, no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError, UnknownOperation
from opsadmin.follow.verdict import State
from opsadmin.pages.ideas_ask import standing, start
from opsadmin.pages.ideas_follow import there, verdict_of
from opsadmin.pages.ideas_form import LONGEST, Form, forms_of, posted, remembered, wish_of
from opsadmin.pages.ideas_hand_over import CREATE, DROP, hand_over, hand_over_whole
from opsadmin.pages.ideas_kept import KINDS, OPERATIONS, QUERIES, WORKLOAD, Kept, keep, kept
from opsadmin.pages.ideas_read import read_ground, read_review
from opsadmin.pages.ideas_verified import VERIFY, measuring_of, under_way, with_verified
from opsadmin.pages.ideas_view import Doors, ideas_of
from opsadmin.pages.queries_read import read_one
from opsadmin.pages.registry import Page, pages, register_page
from opsadmin.pages.site import caller_of, render_page, site_url
from opsadmin.perform import find
from opsadmin.postgres.aliases import default_alias, postgres_aliases


def ideas_page(request: HttpRequest) -> HttpResponseBase:
    """The last advice and the forms; a POST asks for another one."""
    try:
        databases, default = postgres_aliases(), default_alias()
    except OperationError as error:
        return render_page(request, "overview_none", {"title": _("Index ideas"), "reason": error.message})
    if not all(request.user.has_perm(find(name).permission) for name in OPERATIONS.values()):
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    asked = given.get("database", "")
    database = asked if asked in databases else default
    both = with_verified(database, {kind: kept(database, kind) for kind in KINDS})
    if request.method == "POST" and request.POST.get("action") == "ask":
        return _ask(request, database, both)
    if request.method == "POST" and request.POST.get("action") == "do":
        return _do(request, database, both)
    prefilled, trouble = _prefilled(request, database)
    return _page(request, database, both, forms_of(both, prefilled), opened=bool(prefilled), trouble=trouble)


# --- asking -----------------------------------------------------------------------------------------------------------
def _ask(request: HttpRequest, database: str, both: dict[str, Kept | None]) -> HttpResponse:
    form = posted(request)
    last = both[QUERIES]
    again = last if last is not None and request.POST.get("again") == last.key else None
    try:
        wish = wish_of(request, form, database, again)
        if wish is None:
            return _page(request, database, both, {**forms_of(both), form.kind: form}, opened=form.kind == QUERIES)
        kind, by = form.kind, caller_of(request).name
        given = {name: value for name, value in wish.given.items() if name != "database"}
        begun = start(
            database,
            wish,
            caller_of(request),
            lambda advice: keep(database, kind, advice, by=by, key=wish.key, given=given),
        )
    except OperationError as error:
        form.complaints[""] = error.message
        return _page(request, database, both, {**forms_of(both), form.kind: form}, opened=form.kind == QUERIES)
    if not begun:
        messages.warning(request, _("Advice is being made for this database already: one at a time. Ask again then."))
    return HttpResponseRedirect(_address(request, database, kind))


def _do(request: HttpRequest, database: str, both: dict[str, Kept | None]) -> HttpResponseBase:
    """What making or dropping one of the indexes would do, by the page of that operation."""
    for one in both.values():
        if one is None:
            continue
        answer = hand_over(request, one, database) or hand_over_whole(request, one, remembered(request, one), database)
        if answer is not None:
            return answer
    messages.warning(request, _("Other advice was made meanwhile, and nothing was done. It is below."))
    return HttpResponseRedirect(_address(request, database))


def _prefilled(request: HttpRequest, database: str) -> tuple[str, str]:
    """The statements for the form, and why there are none although one is named."""
    given = request.POST if request.method == "POST" else request.GET
    sql = given.get("sql", "").replace("\r\n", "\n")[:LONGEST]
    queryid = given.get("queryid", "")
    if sql.strip() or not queryid:
        return sql, ""
    reading = read_one(request, database, queryid)
    if reading.found is None:
        wrong = reading.wrong.message if reading.wrong else reading.silence or reading.refusal
        return "", wrong or _("PostgreSQL is still being asked for the statement. Load the page again.")
    (query,) = reading.found["queries"]
    if query["is_cut"]:
        return "", _("The text of the statement is too long to be planned: it is cut.")
    return str(query["sql"]), ""


# --- showing ----------------------------------------------------------------------------------------------------------
def _page(
    request: HttpRequest,
    database: str,
    both: dict[str, Kept | None],
    forms: dict[str, Form],
    *,
    opened: bool,
    trouble: str = "",
) -> HttpResponse:
    # Both are asked at once, and a page waits for both together.
    review = read_review(request, database, patience=0)
    now = read_ground(request, database)
    if now.ground is not None:
        review = read_review(request, database)
    shown = _chosen(request, both)
    state = standing(database)
    verifying = under_way(database)
    everything = request.GET.get("all") == "1"
    statements = remembered(request, both[QUERIES])
    if not forms[QUERIES].statements and not opened:
        forms[QUERIES].statements = ";\n\n".join(statements)
    context = {
        "title": _("Index ideas"),
        "database": database,
        "databases": postgres_aliases(),
        "address": _address(request, database),
        # What was asked for comes as the newest, unless a kind is named.
        "here": _address(request, database, request.GET.get("advice", "") if request.method == "GET" else ""),
        "now": now,
        "disabled": bool(now.silence),
        "state": state,
        "step": _step(state.running.step) if state.running else "",
        "percent_done": round(100 * state.running.share) if state.running else 0,
        "forms": [forms[kind] for kind in KINDS],
        "is_counted": now.ground is None or not now.ground.refusal,
        "opened": opened,
        "trouble": trouble,
        "shown": shown,
        "choices": _choices(request, database, both, shown),
        "ideas": ideas_of(shown, _doors(request, database), everything=everything, there=there(review))
        if shown
        else None,
        "everything": everything,
        "whole": _address(request, database, shown.kind if shown else "", all="1"),
        "again": [(name, value) for name, value in shown.given.items() if name != "max_size_mb"] if shown else [],
        "can_ask_again": shown is not None and (shown.kind == WORKLOAD or bool(statements)),
        "measuring": measuring_of(shown.advice, everything=everything) if shown else None,
        "may_verify": shown is not None and bool(shown.advice["recommendations"]) and _may(request, VERIFY),
        "can_verify": shown is not None and (shown.kind == WORKLOAD or bool(remembered(request, shown))),
        "verifying": verifying,
        "verifying_at": f"{site_url(request, 'ops_progress')}?run={verifying.pk}" if verifying else "",
        "may_create": _may(request, CREATE),
        "may_drop": _may(request, DROP),
        "verdicts": [verdict_of(one, _index_url(request, database, one)) for one in review],
    }
    return render_page(request, "ideas", context)


def _index_url(request: HttpRequest, database: str, review: Mapping[str, Any]) -> str:
    if not review["there_since"] or review["state"] == State.GONE:
        return ""
    return f"{site_url(request, 'ops_indexes')}?{urlencode({'index': review['index'], 'database': database})}"


def _chosen(request: HttpRequest, both: dict[str, Kept | None]) -> Kept | None:
    """The kind that is asked for, else the newest advice."""
    asked = both.get(request.GET.get("advice", ""))
    there = [one for one in both.values() if one is not None]
    return asked or max(there, key=lambda one: one.taken_at, default=None)


@dataclass(frozen=True)
class Choice:
    """A link, and whether it is what is shown."""

    label: str
    link: str
    is_current: bool


def _choices(request: HttpRequest, database: str, both: dict[str, Kept | None], shown: Kept | None) -> list[Choice]:
    labels = {WORKLOAD: _("For the running workload"), QUERIES: _("For given statements")}
    there = [kind for kind in KINDS if both[kind] is not None]
    if len(there) < 2:
        return []
    return [
        Choice(labels[kind], _address(request, database, kind), shown is not None and shown.kind == kind)
        for kind in there
    ]


def _step(message: str) -> str:
    """What the advisor says it is doing, for people."""
    words = {
        "reading the statements": _("Reading the statements"),
        "looking for candidates": _("Looking for candidates"),
        "asking for plans": _("Asking PostgreSQL for plans"),
        "searching": _("Searching for the best set"),
        "saying what was found": _("Putting it into words"),
    }
    return words.get(message) or message.capitalize() or _("Beginning")


def _address(request: HttpRequest, database: str, kind: str = "", **more: str) -> str:
    query = {"database": "" if database == default_alias() else database, "advice": kind, **more}
    said = urlencode({name: value for name, value in query.items() if value})
    address = site_url(request, "ops_ideas")
    return f"{address}?{said}" if said else address


def _doors(request: HttpRequest, database: str) -> Doors:
    page = next((page for page in pages() if page.slug == "queries"), None)
    leads = page is not None and request.user.has_perm(page.permission)
    return Doors(
        database=database,
        is_default=database == default_alias(),
        queries=site_url(request, page.url_name) if page is not None and leads else "",
    )


def _may(request: HttpRequest, name: str) -> bool:
    """Whether there is such an operation, and the person may do it."""
    try:
        return request.user.has_perm(find(name).permission)
    except UnknownOperation:
        return False


register_page(Page("ideas", gettext_lazy("Index ideas"), ideas_page, "opsadmin.view_database", order=-80))
