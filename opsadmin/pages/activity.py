"""The page "Activity": who does what at this moment, who waits for whom, and what holds VACUUM back. It asks again by itself,
and answers within moments also while PostgreSQL does not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.errors import OperationError
from opsadmin.pages.actions import Action, register_action
from opsadmin.pages.activity_view import ORDERS, May, Wanted, state_names, view_of
from opsadmin.pages.reading import read
from opsadmin.pages.registry import Page, register_page
from opsadmin.pages.site import render_page, site_url
from opsadmin.perform import find
from opsadmin.postgres.aliases import default_alias, postgres_aliases

OPERATION = "get_activity"
#: How often the page asks again.
EVERY_SECONDS = 5
#: What is asked for by `?part=`: the page without its frame.
PART = "now"

#: As the checks name a session.
_ABOUT_ONE = re.compile(r"pid (\d+)\b")


class FilterForm(forms.Form):
    """Which sessions are listed. A field that is wrong filters nothing."""

    text = forms.CharField(label=gettext_lazy("Text"), required=False, max_length=200)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False, choices=lambda: state_names().items())
    role = forms.CharField(label=gettext_lazy("Role"), required=False, max_length=63)
    within = forms.CharField(label=gettext_lazy("Database"), required=False, max_length=63)
    seconds = forms.FloatField(label=gettext_lazy("Seconds, at least"), required=False, min_value=0, max_value=10**9)


def activity_page(request: HttpRequest) -> HttpResponse:
    """The page; with `?part=now` what of it changes."""
    if not request.user.has_perm(find(OPERATION).permission):
        raise PermissionDenied
    try:
        default = default_alias()
    except OperationError as error:
        return render_page(request, "overview_none", {"title": _("Activity"), "reason": error.message})
    asked = request.GET.get("database", "")
    database = asked if asked in postgres_aliases() else default
    form = FilterForm(request.GET)
    form.is_valid()
    sort = request.GET.get("sort", "")
    given = form.cleaned_data
    wanted = Wanted(
        database=database,
        is_default=database == default,
        sort=sort if sort in ORDERS else "",
        text=given.get("text", ""),
        state=given.get("state", ""),
        role=given.get("role", ""),
        within=given.get("within", ""),
        seconds=given.get("seconds") or 0,
    )
    reading = read(request, OPERATION, {"database": database}, keep=OPERATION, told=lambda found: found.as_dict())
    may = (
        May()
        if reading.seen
        else May(request.user.has_perm("opsadmin.cancel_query"), request.user.has_perm("opsadmin.terminate_session"))
    )
    view = (
        view_of(reading.found, wanted, may, lambda name: site_url(request, "ops_run_operation", name))
        if reading.found
        else None
    )
    part = request.GET.get("part") == PART
    context = {
        "title": _("Activity"),
        "wanted": wanted,
        "databases": postgres_aliases(),
        "address": f"{site_url(request, 'ops_activity')}{wanted.query()}",
        "unfiltered": wanted.query(text="", state="", role="", within="", seconds=""),
        "live": wanted.query(part=PART),
        "every": EVERY_SECONDS,
        "form": form,
        "reading": reading,
        "view": view,
    }
    answer = render_page(request, "activity_now" if part else "activity", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _action(finding: Mapping[str, Any], database: str) -> Action | None:
    """From a finding about sessions to this page, and there to the one that it is about."""
    query = "" if database == default_alias() else f"?database={database}"
    about = _ABOUT_ONE.match(str(finding["object"]))
    try:
        address = f"{reverse('admin:ops_activity')}{query}"
    except NoReverseMatch:
        return None
    return Action(_("See the session"), f"{address}#s{about[1]}") if about else Action(_("See the sessions"), address)


for _pattern in ("connection.*", "vacuum.old_snapshot", "vacuum.prepared_transaction", "vacuum.held_by_standby"):
    register_action(_pattern, _action)
register_page(Page("activity", gettext_lazy("Activity"), activity_page, "opsadmin.view_database", order=-75))
