"""The two tables the dashboard planned: what automations remember, and the events of devices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from stores.admin.estimated import EstimatedPaginator
from stores.admin.json_value import JsonValueField
from stores.admin.outage import OutageMixin
from stores.models import AutomationState, HistoryEntry


class AutomationStateForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no parameter at run time
    def _get_validation_exclusions(self) -> set[str]:
        """The form's field has checked the value; the model's would take {} for none."""
        return {*super()._get_validation_exclusions(), "value"}  # type: ignore[misc]  # not in the stubs


@admin.register(AutomationState)
class AutomationStateAdmin(OutageMixin):
    form = AutomationStateForm
    formfield_overrides = {models.JSONField: {"form_class": JsonValueField}}
    list_display = ("device_id", "key", "value", "updated_at")
    list_filter = ("key",)
    search_fields = ("device_id", "key")
    readonly_fields = ("updated_at",)
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: AutomationState | None = None) -> list[Any]:
        """A row to add has no time yet."""
        return ["device_id", "key", "value", *(["updated_at"] if obj else [])]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"value": {}, **super().get_changeform_initial_data(request)}

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
