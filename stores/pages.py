"""The store's pages in the sidebar group "Operations"."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from opsadmin.pages.actions import register_action
from opsadmin.pages.registry import Page, register_page
from opsadmin.pages.tiles import register_tile
from stores import logbook  # noqa: F401  (tells of switches)
from stores.fallback_pages import store_fallback_page
from stores.health import store_health
from stores.tiles import store_action, store_tile


def store_health_page(request: HttpRequest) -> HttpResponse:
    """The same look as the command's, as a page. It never fails on a dead database: that is what it shows."""
    report = store_health()
    context = {
        **admin.site.each_context(request),
        "title": _("Store health"),
        "report": report,
        "documents": report.detail["documents"],
        "tables": report.detail["tables"],
        "pool": report.detail["pool"],
        "history": report.detail["history"],
        "to_look_at": len(report.findings),
        "fine": sum(result.status == "ok" for result in report.checks),
    }
    return TemplateResponse(request, "admin/stores/store_health.html", context)


register_page(
    Page("store-health", _("Store health"), store_health_page, "stores.view_jsondocument", needs_database=False)
)
register_page(
    Page("store-fallback", _("Store & fallback"), store_fallback_page, "stores.view_jsondocument", needs_database=False)
)
register_tile(store_tile)
for _about in ("store.*", "switch", "connection.answers"):
    register_action(_about, store_action)
