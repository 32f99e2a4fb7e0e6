"""The page "Queries": the statements that cost the most, and each with its figures and its plan. It answers within moments
also while PostgreSQL does not, with what was seen last."""

from __future__ import annotations

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError
from opsadmin.pages.queries_read import OPERATION, read_list
from opsadmin.pages.queries_view import Wanted, listing
from opsadmin.pages.registry import Page, register_page
from opsadmin.pages.site import render_page, site_url
from opsadmin.perform import find
from opsadmin.postgres.aliases import default_alias, postgres_aliases
from opsadmin.workload.queries import ORDERS


class FilterForm(forms.Form):
    """Which statements are listed. A field that is wrong filters nothing."""

    text = forms.CharField(label=gettext_lazy("Text"), required=False, max_length=500)
    role = forms.CharField(label=gettext_lazy("Role"), required=False, max_length=63)
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
    return _list_page(request, form, _wanted(request, form, database, is_default=database == default))


def _wanted(request: HttpRequest, form: FilterForm, database: str, *, is_default: bool) -> Wanted:
    form.is_valid()
    given = form.cleaned_data
    sort, page = request.GET.get("sort", ""), request.GET.get("page", "")
    return Wanted(
        database=database,
        is_default=is_default,
        sort=sort if sort in ORDERS else ORDERS[0],
        text=given.get("text", ""),
        role=given.get("role", ""),
        min_calls=given.get("min_calls") or 1,
        page=min(max(1, int(page)), 4000) if page.isdecimal() and len(page) < 10 else 1,
    )


def _list_page(request: HttpRequest, form: FilterForm, wanted: Wanted) -> HttpResponse:
    reading = read_list(request, wanted)
    if reading.wrong is not None:
        form.add_error(
            reading.wrong.parameter if reading.wrong.parameter in form.fields else None, _said(reading.wrong)
        )
    found = reading.found
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
            "roles": sorted({role for one in found["queries"] for role in one["roles"]}) if found else [],
            "first_page": wanted.query(page=""),
            "unfiltered": wanted.query(text="", role="", min_calls="", page=""),
        },
    )


def _said(error: OperationError) -> str:
    if not error.allowed:
        return error.message
    return f"{error.message} {_('There are:')} {', '.join(error.allowed)}."


register_page(Page("queries", gettext_lazy("Queries"), queries_page, "opsadmin.view_database", order=-90))
