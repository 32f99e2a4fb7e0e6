"""The page "Queries": the statements that cost the most, and each with its figures and its plan. It answers within moments
also while PostgreSQL does not, with what was seen last."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError
from opsadmin.pages.actions import Action, register_action
from opsadmin.pages.queries_one import LONGEST, statement
from opsadmin.pages.queries_past import Past, past_of
from opsadmin.pages.queries_plan import read_plan
from opsadmin.pages.queries_read import OPERATION, Reading, read_list, read_one
from opsadmin.pages.queries_sampled import range_choices, read_sampled
from opsadmin.pages.queries_text import laid_out, marked_up
from opsadmin.pages.queries_view import Wanted, listing, orders_of, percent, roles_of
from opsadmin.pages.registry import Page, pages, register_page
from opsadmin.pages.site import render_page, site_url
from opsadmin.perform import find
from opsadmin.postgres.aliases import default_alias, postgres_aliases
from opsadmin.postgres.masking import one_line
from opsadmin.workload.coverage_said import sentences
from opsadmin.workload.look import CHARACTERS
from opsadmin.workload.queries import ORDERS
from opsadmin.workload.windows import WINDOWS

#: Some servers on the way refuse a longer address; a text longer than the second is nothing to edit in a page.
LONGEST_ADDRESS, LONGEST_POSTED = 1800, 20_000

SAMPLING = "sample_database"

#: As the checks name one.
_ABOUT_ONE = re.compile(r"query (-?\d+)\b")


class FilterForm(forms.Form):
    """Which statements are listed. A field that is wrong filters nothing."""

    text = forms.CharField(label=gettext_lazy("Text"), required=False, max_length=500)
    role = forms.CharField(label=gettext_lazy("Role"), required=False, max_length=63)
    table = forms.CharField(label=gettext_lazy("Table it names"), required=False, max_length=200)
    min_calls = forms.IntegerField(label=gettext_lazy("Calls, at least"), required=False, min_value=1, max_value=10**15)


def queries_page(request: HttpRequest) -> HttpResponse:
    """The list; with `?queryid=` one statement."""
    if not request.user.has_perm(find(OPERATION).permission):
        raise PermissionDenied
    try:
        default = default_alias()
    except OperationError as error:
        return render_page(request, "overview_none", {"title": _("Queries"), "reason": error.message})
    asked = request.GET.get("database", "")
    database = asked if asked in postgres_aliases() else default
    form = FilterForm(request.GET)
    wanted = _wanted(request, form, database, is_default=database == default)
    queryid = request.GET.get("queryid", "")
    return _one_page(request, wanted, queryid) if queryid else _list_page(request, form, wanted)


def _wanted(request: HttpRequest, form: FilterForm, database: str, *, is_default: bool) -> Wanted:
    form.is_valid()
    given = form.cleaned_data
    sort, page, range = (request.GET.get(name, "") for name in ("sort", "page", "range"))
    range = range if range in WINDOWS else ""
    return Wanted(
        database=database,
        is_default=is_default,
        sort=sort if sort in orders_of(range) else ORDERS[0],
        text=given.get("text", ""),
        role=given.get("role", ""),
        table=given.get("table", ""),
        min_calls=given.get("min_calls") or 1,
        page=min(max(1, int(page)), 4000) if page.isdecimal() and len(page) < 10 else 1,
        range=range,
    )


def _list_page(request: HttpRequest, form: FilterForm, wanted: Wanted) -> HttpResponse:
    sampled = read_sampled(wanted) if wanted.range else None
    reading = Reading() if sampled else read_list(request, wanted)
    if reading.wrong is not None:
        form.add_error(
            reading.wrong.parameter if reading.wrong.parameter in form.fields else None, _said(reading.wrong)
        )
    found = sampled.found if sampled else reading.found
    ranges = range_choices(wanted)
    return render_page(
        request,
        "queries",
        {
            "title": _("Queries"),
            "wanted": wanted,
            "databases": postgres_aliases(),
            "address": f"{site_url(request, 'ops_queries')}{wanted.query()}",
            "form": form,
            "reading": reading,
            "listing": listing(found, wanted) if found is not None else None,
            "ranges": ranges,
            "sampled": sampled,
            "covered": list(sentences(sampled.chosen.covered)) if sampled else [],
            "elsewhere": percent(sampled.chosen.elsewhere) if sampled and sampled.chosen.elsewhere >= 0.001 else "",
            "live": ranges[0].link,
            "look_now": _look_now(request, wanted) if sampled and sampled.chosen.covered.since is None else "",
            "roles": sampled.chosen.roles if sampled else roles_of(found),
            "first_page": wanted.query(page=""),
            "unfiltered": wanted.query(text="", role="", table="", min_calls="", page=""),
        },
    )


def _look_now(request: HttpRequest, wanted: Wanted) -> str:
    """Where the first sample is taken; empty for who may not."""
    if not request.user.has_perm(find(SAMPLING).permission):
        return ""
    return _to(site_url(request, "ops_run_operation", SAMPLING), {"database": wanted.database})


def _one_page(request: HttpRequest, wanted: Wanted, queryid: str) -> HttpResponse:
    reading = read_one(request, wanted.database, queryid)
    query = reading.found["queries"][0] if reading.found else None
    past = past_of(wanted, queryid)
    text = query["sql"] if query else past.text
    address = site_url(request, "ops_queries")
    context = {
        "title": one_line(text, 60) if text else _("Statement"),
        "database": wanted.database,
        "address": f"{address}{wanted.query(queryid=queryid)}",
        "back": f"{address}{wanted.query()}",
        "reading": reading,
        "one": statement(query, reading.taken_at) if query else None,
        "past": past,
        "queryid": queryid,
        "text": marked_up(laid_out(text[:LONGEST])) if text else "",
        "links": _links(request, wanted.database, query) if query else _links_of_sampled(request, wanted, past),
        # What does not answer is not asked for a plan too.
        "plan": read_plan(request, wanted.database, query) if query and reading.seen is None else None,
    }
    answer = render_page(request, "queries_one", context)
    answer.status_code = 404 if reading.wrong and not past.is_known else 200
    return answer


@dataclass(frozen=True)
class Link:
    """`sql`: sent along by a form, where it is too long for an address."""

    label: str
    url: str
    sql: str = ""


def _links(request: HttpRequest, database: str, query: dict[str, Any]) -> list[Link]:
    """Where there is more of the statement, as far as the person may go there."""
    found = [] if query["is_cut"] else _explained(request, database, query["sql"])
    whole = {"queryid": query["queryid"], "database": database}
    ideas_page = next((page for page in pages() if page.slug == "ideas"), None)
    if ideas_page is not None and request.user.has_perm(ideas_page.permission) and not query["is_cut"]:
        found.append(Link(_("Which index would help?"), _to(site_url(request, ideas_page.url_name), whole)))
    return [*found, Link(_("All that is counted"), _to(site_url(request, "ops_run_operation", OPERATION), whole))]


def _links_of_sampled(request: HttpRequest, wanted: Wanted, past: Past) -> list[Link]:
    """For a statement that PostgreSQL does not tell of."""
    return _explained(request, wanted.database, past.text) if past.text and len(past.text) < CHARACTERS else []


def _explained(request: HttpRequest, database: str, sql: str) -> list[Link]:
    page = next((page for page in pages() if page.slug == "sql"), None)
    if page is None or not request.user.has_perm(page.permission):
        return []
    address = site_url(request, page.url_name)
    direct = _to(address, {"sql": sql, "database": database})
    long = len(direct) > LONGEST_ADDRESS
    if long and len(sql) > LONGEST_POSTED:
        return []
    return [Link(_("Explain in the SQL page"), address if long else direct, sql if long else "")]


def _to(address: str, query: dict[str, str]) -> str:
    return f"{address}?{urlencode(query)}" if query else address


def _said(error: OperationError) -> str:
    if not error.allowed:
        return error.message
    there_are = _("There are:")
    return f"{error.message} {there_are} {', '.join(error.allowed)}."


def _action(finding: Mapping[str, Any], database: str) -> Action | None:
    """From a finding about statements to this page, or to the one that it is about."""
    query = {} if database == default_alias() else {"database": database}
    about = _ABOUT_ONE.match(str(finding["object"]))
    try:
        address = reverse("admin:ops_queries")
    except NoReverseMatch:
        return None
    if about is None:
        return Action(_("See the statements"), _to(address, query))
    return Action(_("See the statement"), _to(address, {**query, "queryid": about[1]}))


register_action("query.*", _action)
register_page(Page("queries", gettext_lazy("Queries"), queries_page, "opsadmin.view_database", order=-90))
