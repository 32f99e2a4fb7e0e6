"""The two tables the dashboard planned: what automations remember, and the events of devices."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from stores.admin.estimated import EstimatedPaginator
from stores.admin.outage import OutageMixin
from stores.models import AutomationState, HistoryEntry


@admin.register(AutomationState)
class AutomationStateAdmin(OutageMixin):
    list_display = ("device_id", "key", "value", "updated_at")
    list_filter = ("key",)
    search_fields = ("device_id", "key")
    readonly_fields = ("updated_at",)
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: AutomationState, form: Any, change: bool) -> None:
        obj.updated_at = timezone.now()
        super().save_model(request, obj, form, change)


@admin.register(HistoryEntry)
class HistoryEntryAdmin(OutageMixin):
    """Events are a record of what happened: seen here, not made here."""

    list_display = ("timestamp", "device_id", "kind", "payload", "created_at")
    search_fields = ("device_id__exact", "kind__exact")
    ordering = ("-timestamp", "-id")
    show_full_result_count = False
    paginator = EstimatedPaginator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: HistoryEntry | None = None) -> bool:
        return False
