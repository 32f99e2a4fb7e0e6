"""The two tables the dashboard planned: plain lists."""

from __future__ import annotations

from django.contrib import admin

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


@admin.register(HistoryEntry)
class HistoryEntryAdmin(OutageMixin):
    list_display = ("timestamp", "device_id", "kind", "payload", "created_at")
    search_fields = ("device_id__exact", "kind__exact")
    search_help_text = "device or kind, exact"
    ordering = ("-timestamp", "-id")
    date_hierarchy = None
    readonly_fields = ("created_at",)
    show_full_result_count = False
    paginator = EstimatedPaginator
