"""The page "Overview": how the database is, worst first, and what to do about it. It answers within moments also while
PostgreSQL does not, with what was seen last."""

from __future__ import annotations

import glob
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.charts import Bar, bar_chart
from opsadmin.core.blocks import said_bytes, said_number
from opsadmin.core.errors import OperationError
from opsadmin.core.finding import Status
from opsadmin.health.limits import limits
from opsadmin.logbook.incidents import open_incidents, silent_since
from opsadmin.models import HealthSnapshot, IgnoredFinding
from opsadmin.pages.actions import details_url
from opsadmin.pages.looks import OPERATION, Look, see
from opsadmin.pages.overview_figures import Past, past_of, tiles_of
from opsadmin.pages.overview_trends import Trends, trends_of
from opsadmin.pages.pictures import Picture, picture
from opsadmin.pages.registry import Page, pages, register_page
from opsadmin.pages.report_view import view_of, with_silence, without_ignored
from opsadmin.pages.site import caller_of, render_page, site_url
from opsadmin.perform import find
from opsadmin.postgres.aliases import default_alias, postgres_aliases
from opsadmin.retold import retold
from opsadmin.snapshots import latest

logger = logging.getLogger(__name__)

IGNORE = "opsadmin.add_ignoredfinding"
STOP_IGNORING = "opsadmin.delete_ignoredfinding"


def overview_page(request: HttpRequest) -> HttpResponse:
    """The page; with `?ignore=CHECK&object=NAME` the form to ignore a finding. A POST looks again, ignores, or stops
    ignoring."""
    try:
        database = _database(request)
    except OperationError as error:
        return _page(request, "overview_none", reason=error.message)
    if request.method == "POST":
        return _act(request, database)
    if "ignore" in request.GET:
        return _ignore_page(request, database, _prefilled(request))
    return _overview(request, database)


def _database(request: HttpRequest) -> str:
    """The one that is asked for, if there is such a PostgreSQL, else the default one."""
    asked = request.POST.get("database") or request.GET.get("database") or ""
    return asked if asked in postgres_aliases() else default_alias()


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render_page(request, template, {"title": _("Overview"), **context})


def _address(request: HttpRequest, database: str) -> str:
    query = "" if database == default_alias() else f"?database={database}"
    return f"{site_url(request, 'ops_overview')}{query}"


# --- the page -------------------------------------------------------------------------------------------------------
def _overview(request: HttpRequest, database: str) -> HttpResponse:
    caller = caller_of(request)
    if not caller.may(find(OPERATION).permission):
        raise PermissionDenied
    seen = see(database, caller, fresh="fresh" in request.GET)
    snapshot = seen.snapshot
    report = _report(snapshot, seen.failed)
    view = None
    if report is not None:
        report = without_ignored(report, limits().ignores)
        area, all_of = request.GET.get("area", ""), request.GET.get("all", "")
        view = view_of(report, database, caller.may, area=area, all_of=all_of)
    facts = snapshot.facts if snapshot else {}
    trends = _trends(request, database)
    return _page(
        request,
        "overview",
        database=database,
        databases=postgres_aliases(),
        address=_address(request, database),
        query=_kept_query(request, database),
        seen=seen,
        snapshot=snapshot,
        silence=_silence(seen.failed),
        silent_database=database if seen.failed and seen.failed.silent else "",
        view=view,
        tiles=tiles_of(
            view,
            snapshot,
            _past(database),
            database,
            caller.may,
            _links(request, database),
            old=seen.failed is not None,
        ),
        largest=_largest(facts.get("tables", []), database),
        trends=trends,
        top_link=_links(request, database).get("queries", ""),
        glance=_glance(request, database),
        incidents=open_incidents(database) if caller.may("opsadmin.view_incident") else [],
        logbook=_links(request, database).get("logbook", ""),
        still_working=_still_working(request) if seen.failed else [],
        ignored=_ignored() if request.user.has_perm("opsadmin.view_ignoredfinding") else [],
        may_ignore=request.user.has_perm(IGNORE),
        may_stop=request.user.has_perm(STOP_IGNORING),
    )


def _links(request: HttpRequest, database: str) -> dict[str, str]:
    """The pages behind the figures, as far as the person may see them."""
    query = "" if database == default_alias() else f"?{urlencode({'database': database})}"
    return {
        page.slug: site_url(request, page.url_name) + query
        for page in pages()
        if request.user.has_perm(page.permission)
    }


@dataclass(frozen=True)
class Glance:
    """One of several databases, as it was seen last. `silent_since`: it does not answer; None where it does."""

    name: str
    link: str
    is_this: bool
    snapshot: HealthSnapshot | None
    silent_since: datetime | None

    @property
    def status(self) -> str:
        if self.silent_since is not None:
            return Status.CRITICAL.value
        return self.snapshot.status if self.snapshot else Status.UNKNOWN.value


def _glance(request: HttpRequest, database: str) -> list[Glance]:
    """All databases, where there are several."""
    names = postgres_aliases()
    if len(names) < 2:
        return []
    silent = silent_since()
    return [Glance(name, _address(request, name), name == database, latest(name), silent.get(name)) for name in names]


def _kept_query(request: HttpRequest, database: str) -> str:
    """What every link of the page says again."""
    return "" if database == default_alias() else f"database={database}&"


def _report(snapshot: HealthSnapshot | None, failed: Look | None) -> dict[str, Any] | None:
    if failed is None or failed.silent is None:
        return snapshot.report if snapshot else None
    if snapshot is None:
        return with_silence({"server": ""}, failed.silent)
    return with_silence(snapshot.report, failed.silent)


def _silence(failed: Look | None) -> str:
    """What PostgreSQL, or our look, has to say for itself; empty where all went well."""
    if failed is None:
        return ""
    for finding in (failed.silent or {}).get("findings", []):
        if finding["check"] == "connection.answers":
            return retold(str(finding["message"]))
    return retold(failed.error) or _("PostgreSQL does not answer.")


def _still_working(request: HttpRequest) -> list[tuple[Any, str]]:
    """The pages of other things, that need no PostgreSQL."""
    return [
        (page.title, site_url(request, page.url_name))
        for page in pages()
        if not page.needs_database and page.slug not in ("overview", "run") and request.user.has_perm(page.permission)
    ]


# --- figures ------------------------------------------------------------------------------------------------------
def _largest(tables: list[dict[str, Any]], database: str) -> Picture | None:
    shown = [table for table in tables if table["bytes"] > 0]
    if not shown:
        return None
    plain = {table["name"] for table in shown if table["schema"] != "public"}
    bars = [
        Bar(
            table["name"]
            if table["schema"] == "public" and table["name"] not in plain
            else f"{table['schema']}.{table['name']}",
            table["bytes"],
            said_bytes(table["bytes"]),
        )
        for table in shown
    ]
    told = ", ".join(f"{bar.name} {bar.said}" for bar in bars)

    def draw(identity: str, width: int, css: str) -> SafeString:
        return bar_chart(bars, title=_("Largest tables"), description=told, identity=identity, width=width, css=css)

    rows = [
        (
            f"{table['schema']}.{table['name']}",
            details_url(database, table["schema"], table["name"]),
            said_number("rows", table["estimated_rows"]),
            said_bytes(table["bytes"]),
        )
        for table in shown
    ]
    return picture(draw, "largest", wide=420, rows=rows)


def _trends(request: HttpRequest, database: str) -> Trends | None:
    """What was sampled; None where the site database does not say."""
    try:
        return trends_of(request, database)
    except DatabaseError as error:
        logger.warning("[overview] the trends of %s could not be read (%s)", database, type(error).__name__)
        return None


def _past(database: str) -> Past | None:
    try:
        return past_of(database)
    except DatabaseError as error:
        logger.warning("[overview] the figures of %s could not be read (%s)", database, type(error).__name__)
        return None


# --- acting ---------------------------------------------------------------------------------------------------------
def _act(request: HttpRequest, database: str) -> HttpResponse:
    match request.POST.get("action", ""):
        case "check":
            return _check_again(request, database)
        case "ignore":
            return _ignore(request, database)
        case "stop":
            return _stop_ignoring(request, database)
    return HttpResponseRedirect(_address(request, database))


def _check_again(request: HttpRequest, database: str) -> HttpResponse:
    caller = caller_of(request)
    if not caller.may(find(OPERATION).permission):
        raise PermissionDenied
    see(database, caller, fresh=True, patience=0)
    return HttpResponseRedirect(_address(request, database))


class IgnoreForm(forms.ModelForm):  # type: ignore[type-arg]
    """A finding that is known and accepted, why, and until when."""

    class Meta:
        model = IgnoredFinding
        fields = ("check_id", "object", "reason", "until")
        widgets = {
            "reason": forms.Textarea({"rows": 3}),
            "until": forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M"),
        }
        help_texts = {
            "reason": gettext_lazy("Whoever wonders why the page is silent about it wants to know."),
            "until": gettext_lazy("It is told again after that. Empty: for good."),
        }

    def clean_until(self) -> datetime | None:
        until: datetime | None = self.cleaned_data["until"]
        if until is not None and until <= timezone.now():
            raise forms.ValidationError(_("That is past. Give a time to come, or none."))
        return until

    def clean(self) -> None:
        everything = {"check_id", "object"} <= self.cleaned_data.keys() and not any(
            self.cleaned_data[name].strip("*?") for name in ("check_id", "object")
        )
        if everything:
            raise forms.ValidationError(_("That would ignore every finding. Name a check or an object."))


def _prefilled(request: HttpRequest) -> IgnoreForm:
    # The name stands for itself, whatever it is made of.
    object = glob.escape(request.GET.get("object", "*"))
    return IgnoreForm(initial={"check_id": request.GET["ignore"], "object": object})


def _ignore_page(request: HttpRequest, database: str, form: IgnoreForm) -> HttpResponse:
    if not request.user.has_perm(IGNORE):
        raise PermissionDenied
    return _page(request, "overview_ignore", form=form, database=database, address=_address(request, database))


def _ignore(request: HttpRequest, database: str) -> HttpResponse:
    form = IgnoreForm(request.POST)
    if not request.user.has_perm(IGNORE):
        raise PermissionDenied
    if not form.is_valid():
        return _ignore_page(request, database, form)
    ignored = form.save()
    _log(request, ignored, ADDITION, ignored.reason)
    messages.success(
        request, _("%(check)s of %(object)s is ignored.") % {"check": ignored.check_id, "object": ignored.object}
    )
    see(database, caller_of(request), fresh=True, patience=0)
    return HttpResponseRedirect(_address(request, database))


def _stop_ignoring(request: HttpRequest, database: str) -> HttpResponse:
    if not request.user.has_perm(STOP_IGNORING):
        raise PermissionDenied
    key = request.POST.get("ignored", "")
    ignored = IgnoredFinding.objects.filter(pk=key).first() if key.isdecimal() else None
    if ignored is not None:
        _log(request, ignored, DELETION, "")
        messages.success(
            request, _("%(check)s of %(object)s is told again.") % {"check": ignored.check_id, "object": ignored.object}
        )
        ignored.delete()
        see(database, caller_of(request), fresh=True, patience=0)
    return HttpResponseRedirect(_address(request, database))


def _log(request: HttpRequest, ignored: IgnoredFinding, flag: int, text: str) -> None:
    LogEntry.objects.log_actions(
        user_id=int(request.user.pk or 0),
        queryset=[ignored],
        action_flag=flag,
        change_message=text,
        single_object=True,
    )


def _ignored() -> list[IgnoredFinding]:
    try:
        still = Q(until=None) | Q(until__gt=timezone.now())
        return list(IgnoredFinding.objects.filter(still))
    except DatabaseError:
        return []


register_page(
    Page(
        "overview", gettext_lazy("Overview"), overview_page, "opsadmin.view_database", order=-100, needs_database=False
    )
)
