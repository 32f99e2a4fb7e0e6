"""The page "Indexes": the unused, duplicate, invalid and bloated ones with what would help, and all of them. It answers
within moments also while PostgreSQL does not, with what was seen last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError, UnknownOperation
from opsadmin.jobs.state import RunState, state_of
from opsadmin.models import OperationRun
from opsadmin.pages.actions import Action, names_of, register_action
from opsadmin.pages.indexes_look import LISTS
from opsadmin.pages.indexes_one import read_one, shown
from opsadmin.pages.indexes_read import ALL, ORDERS, Wanted, read_list
from opsadmin.pages.indexes_view import DROP, MEASURE, REBUILD, cautions, listing, order_names, since
from opsadmin.pages.registry import Page, register_page
from opsadmin.pages.site import render_page, site_url
from opsadmin.perform import find
from opsadmin.postgres.aliases import default_alias, postgres_aliases

PERMISSION = "opsadmin.view_database"
#: Runs that change indexes, and how many of those that go on are named.
RUNS, SHOWN = ("create_index", DROP, REBUILD), 5
#: A name has 63 bytes at most; nobody looks for more.
LONGEST = 200


def indexes_page(request: HttpRequest) -> HttpResponse:
    """A list; with `?index=` one index."""
    try:
        default = default_alias()
    except OperationError as error:
        return render_page(request, "overview_none", {"title": _("Indexes"), "reason": error.message})
    asked = request.GET.get("database", "")
    database = asked if asked in postgres_aliases() else default
    wanted = _wanted(request, database, is_default=database == default)
    index = request.GET.get("index", "")
    return _one_page(request, wanted, index) if index else _list_page(request, wanted)


def _wanted(request: HttpRequest, database: str, *, is_default: bool) -> Wanted:
    list, sort, page = (request.GET.get(name, "") for name in ("list", "sort", "page"))
    return Wanted(
        database=database,
        is_default=is_default,
        list=list if list in (*LISTS, ALL) else "unused",
        sort=sort if sort in ORDERS else "size",
        text=request.GET.get("text", "").replace("\0", "").strip()[:LONGEST],
        page=min(max(1, int(page)), 4000) if page.isdecimal() and len(page) < 10 else 1,
    )


def _list_page(request: HttpRequest, wanted: Wanted) -> HttpResponse:
    again = {"again": 1} if "again" in request.GET else {}
    reading = read_list(wanted, again=bool(again))
    may = _may(request)
    orders = order_names().items()
    return render_page(
        request,
        "indexes",
        {
            "title": _("Indexes"),
            "wanted": wanted,
            "databases": postgres_aliases(),
            # Who asked to look again gets the answer to that, however long it takes.
            "address": f"{site_url(request, 'ops_indexes')}{wanted.query(**again)}",
            "again": wanted.query(again=1),
            "reading": reading,
            "listing": listing(reading, wanted, may) if reading.rows is not None else None,
            "orders": [(label, wanted.query(sort=order, page=1), order == wanted.sort) for order, label in orders],
            "since": since(reading),
            "cautions": cautions(reading, wanted),
            "unfiltered": wanted.query(text="", page=1),
            "first_page": wanted.query(page=1),
            "create_url": _create_url(request, wanted, may),
            "runs": _going_on(request, wanted.database),
        },
    )


def _one_page(request: HttpRequest, wanted: Wanted, index: str) -> HttpResponse:
    reading = read_one(wanted.database, index)
    address = site_url(request, "ops_indexes")
    may = _may(request)
    answer = render_page(
        request,
        "indexes_one",
        {
            "title": index,
            "database": wanted.database,
            "address": f"{address}{wanted.query(index=index)}",
            "back": f"{address}{wanted.query()}",
            "reading": reading,
            "one": shown(reading, wanted.database),
            "may": {name: may(name) for name in (DROP, REBUILD, MEASURE, "follow_index")},
        },
    )
    answer.status_code = 404 if reading.wrong else 200
    return answer


def _may(request: HttpRequest) -> Callable[[str], bool]:
    def may(operation: str) -> bool:
        try:
            return bool(request.user.has_perm(find(operation).permission))
        except UnknownOperation:
            return False

    return may


def _create_url(request: HttpRequest, wanted: Wanted, may: Callable[[str], bool]) -> str:
    if not may("create_index"):
        return ""
    query = "" if wanted.is_default else f"?{urlencode({'database': wanted.database})}"
    return f"{site_url(request, 'ops_run_operation', 'create_index')}{query}"


def _going_on(request: HttpRequest, database: str) -> list[tuple[RunState, str]]:
    """What is being done about indexes now, and its page."""
    runs = OperationRun.objects.filter(
        outcome=OperationRun.Outcome.RUNNING, operation__in=RUNS, database__in=("", database)
    )
    if not request.user.has_perm("opsadmin.view_operationrun"):
        runs = runs.filter(caller=request.user.get_username(), door="page")
    address = site_url(request, "ops_progress")
    return [(state_of(run), f"{address}?run={run.pk}") for run in runs[:SHOWN]]


# --- from a finding to here -------------------------------------------------------------------------------------------
def _action(finding: Mapping[str, Any], database: str) -> Action | None:
    if len(names_of(str(finding["object"]))) != 2:
        return None
    query = (
        {"index": finding["object"]}
        if database == default_alias()
        else {"index": finding["object"], "database": database}
    )
    try:
        return Action(_("See the index"), f"{reverse('admin:ops_indexes')}?{urlencode(query)}", PERMISSION)
    except NoReverseMatch:
        return None


for _check in (check for made_of in LISTS.values() for check in made_of):
    register_action(_check, _action)
register_page(Page("indexes", gettext_lazy("Indexes"), indexes_page, PERMISSION, order=-82))
