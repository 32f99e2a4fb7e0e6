"""The page "Incidents & decisions": what went wrong and when, what was decided, and who is told. All of it is in the site's
own database, so it is there while PostgreSQL is not."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from opsadmin.core.errors import OperationError
from opsadmin.core.finding import Status, worst
from opsadmin.logbook.incidents import open_incidents
from opsadmin.logbook.sources import ask_sources
from opsadmin.pages import logbook_alerts, logbook_decisions, logbook_incidents
from opsadmin.pages.logbook_parts import PARTS, database_of
from opsadmin.pages.registry import Page, register_page
from opsadmin.pages.site import render_page
from opsadmin.pages.tiles import Tile, register_tile
from opsadmin.templatetags.ops import clock


def logbook_page(request: HttpRequest) -> HttpResponse:
    """Incidents, decisions (`?part=decisions`) and alerts (`?part=alerts`); one of them by its number. A POST writes."""
    try:
        database = database_of(request)
    except OperationError as error:
        return render_page(request, "overview_none", {"title": _("Incidents & decisions"), "reason": error.message})
    if request.method == "POST":
        return _act(request, database, request.POST.get("action", ""))
    if "incident" in request.GET and "write" not in request.GET:
        return logbook_incidents.incident_page(request, request.GET["incident"])
    if "decision" in request.GET:
        return logbook_decisions.decision_page(request, request.GET["decision"])
    if "write" in request.GET:
        return logbook_decisions.write_page(request, database)
    part = request.GET.get("part", "")
    if part == "decisions":
        return logbook_decisions.decisions_list(request, database)
    if part == "alerts":
        return logbook_alerts.alerts_page(request, database)
    ask_sources()
    return logbook_incidents.incidents_list(request, database)


def _act(request: HttpRequest, database: str, action: str) -> HttpResponse:
    match action:
        case "open":
            return logbook_incidents.open_one(request, database)
        case "note" | "close" | "reopen":
            return logbook_incidents.change_incident(request, action)
        case "decide":
            return logbook_decisions.write(request, database)
        case "test":
            return logbook_alerts.test(request, database)
    return logbook_incidents.incidents_list(request, database)


def incidents_tile(database: str) -> Tile | None:
    """The open incidents, where there are any."""
    found = open_incidents(database)
    if not found:
        return None
    try:
        url = reverse("admin:ops_logbook") + f"?incident={found[0].pk}"
    except NoReverseMatch:
        url = ""
    figure = ngettext("%(n)d open", "%(n)d open", len(found)) % {"n": len(found)}
    note = _("%(title)s, since %(when)s") % {"title": found[0].title, "when": clock(found[0].opened_at)}
    return Tile(
        _("Incidents"), figure, note, worst(Status(one.severity) for one in found).value, url, PARTS["incidents"]
    )


register_tile(incidents_tile)
register_page(
    Page(
        "logbook",
        gettext_lazy("Incidents & decisions"),
        logbook_page,
        "opsadmin.view_incident",
        order=80,
        needs_database=False,
    )
)
