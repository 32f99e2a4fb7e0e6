"""The history's pages: the list with its chart, and the export. Nobody writes readings here."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import chain
from typing import Any, cast

import psycopg
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from stores.admin.history_chart import picture_of
from stores.admin.history_export import csv_lines
from stores.admin.history_filter import HistoryFilter, read_query
from stores.admin.history_list import Cursor, how_many, newest_time, page_of
from stores.admin.outage import OutageMixin
from stores.models import StateHistory


@admin.register(StateHistory)
class StateHistoryAdmin(OutageMixin):
    """Read only: the dashboard writes the readings, `prune_history` deletes them."""

    fields = (
        "timestamp",
        "temperature",
        "humidity",
        "assumed_aircon_power",
        "last_action",
        "api_requests_today",
        "error_count",
        "stale",
        "timezone",
        "details",
    )
    readonly_fields = ("stale", "details")

    @admin.display(description=_lazy("stale"))
    def stale(self, reading: StateHistory) -> str:
        # Not Django's icon: its red cross would mark the usual case.
        return {True: _("yes"), False: _("no"), None: "–"}[reading.last_temperature_stale]

    @admin.display(description=_lazy("metadata"))
    def details(self, reading: StateHistory) -> str:
        if not reading.metadata:
            return "–"
        return format_html("<pre>{}</pre>", json.dumps(reading.metadata, ensure_ascii=False, indent=2))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        export = self._surviving(cast(Any, self.admin_site.admin_view(self.export_view)))
        return [path("export/", export, name="stores_statehistory_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form, chosen = read_query(request.GET, timezone.now())
        cursor = Cursor.parse(request.GET.get("older"), request.GET.get("newer"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("History"),
            "opts": self.opts,
            "form": form,
            "chosen": chosen,
            "export_query": chosen.address(),
            "time_format": "j M H:i:s" if chosen.within_a_year else "j M Y H:i:s",
            **(extra_context or {}),
        }
        try:
            page = page_of(chosen, cursor)
            newest = newest_time()
            context |= {
                "page": page,
                "older_query": chosen.address(older=page.older) if page.older else "",
                "newer_query": chosen.address(newer=page.newer) if page.newer else "",
                "first_query": chosen.address() if cursor else "",
                "estimate": how_many(),
                "newest": newest,
                "newest_query": HistoryFilter.day_before(newest).address() if newest else "",
                "all_states_query": replace(chosen, power="", stale="").address(),
                "picture": picture_of(chosen),
            }
        except OperationalError as error:
            if not isinstance(error.__cause__, psycopg.errors.QueryCanceled):
                raise
            context["too_slow"] = True
        return TemplateResponse(request, "admin/stores/statehistory/change_list.html", context)

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form, chosen = read_query(request.GET, timezone.now())
        if form.errors:
            return self.changelist_view(request)
        lines = csv_lines(chosen)
        first = next(lines)  # fails here, where the outage page can still be shown
        response = StreamingHttpResponse(chain([first], lines), content_type="text/csv; charset=utf-8")
        local = timezone.get_current_timezone()
        ends = (f"{moment.astimezone(local):%Y-%m-%dT%H%M}" for moment in (chosen.start, chosen.end))
        response.headers["Content-Disposition"] = f'attachment; filename="history_{"_".join(ends)}.csv"'
        return response
