"""The log of runs, where the admin would list it: the page "Runs" does that. A site without our pages has Django's list."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from opsadmin.models import OperationRun

SIGNS = {
    OperationRun.Outcome.RUNNING: "…",
    OperationRun.Outcome.DONE: "✓",
    OperationRun.Outcome.FAILED: "✗",
    OperationRun.Outcome.CANCELLED: "■",
    OperationRun.Outcome.INTERRUPTED: "⚠",
}


@admin.register(OperationRun)
class OperationRunAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Read only."""

    list_display = ("started_at", "operation", "ended", "caller", "door", "database", "took")
    list_filter = ("outcome", "door", "effect", "operation")
    search_fields = ("operation", "caller", "database", "address")
    show_full_result_count = False
    fields = (
        "operation",
        "effect",
        "database",
        "ended",
        "error",
        "started_at",
        "finished_at",
        "took",
        "caller",
        "door",
        "address",
        "given",
        "got",
    )
    readonly_fields = fields

    @admin.display(description=_("outcome"), ordering="outcome")
    def ended(self, run: OperationRun) -> str:
        return f"{SIGNS.get(OperationRun.Outcome(run.outcome), '')} {run.get_outcome_display()}"

    @admin.display(description=_("elapsed"), ordering="elapsed_ms")
    def took(self, run: OperationRun) -> str:
        return "–" if run.elapsed_ms is None else f"{run.elapsed_ms:,.0f} ms".replace(",", " ")

    @admin.display(description=_("parameters"))
    def given(self, run: OperationRun) -> str:
        return _as_text(run.parameters, _("parameters"))

    @admin.display(description=_("result"))
    def got(self, run: OperationRun) -> str:
        return "–" if run.result is None else _as_text(run.result, _("result"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        page = self._page()
        return HttpResponseRedirect(page) if page else super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        page = self._page()
        if page and request.method == "GET":
            return HttpResponseRedirect(f"{page}?run={quote(object_id)}")
        return super().change_view(request, object_id, form_url, extra_context)

    def has_module_permission(self, request: HttpRequest) -> bool:
        # Two entries of the sidebar for one list are one too many.
        return not self._page() and super().has_module_permission(request)

    def _page(self) -> str:
        """The address of our page in this admin site; empty where it has none."""
        try:
            return reverse(f"{self.admin_site.name}:ops_progress")
        except NoReverseMatch:
            return ""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OperationRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OperationRun | None = None) -> bool:
        return False


def _as_text(value: Any, label: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return format_html(
        '<pre class="ops-code ops-record" tabindex="0" role="region" aria-label="{}">{}</pre>', label, text
    )
