"""A date and a time in the admin's forms, each with a name for who cannot see that it belongs to the field above."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.widgets import AdminSplitDateTime
from django.db import models
from django.utils.translation import gettext_lazy as _


class NamedSplitDateTime(AdminSplitDateTime):
    """Django's, which leaves both fields without a label."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        for widget, label in zip(self.widgets, (_("Date"), _("Time")), strict=True):
            widget.attrs["aria-label"] = label


#: For `ModelAdmin.formfield_overrides`.
OVERRIDES: dict[type[models.Field[Any, Any]], dict[str, Any]] = {models.DateTimeField: {"widget": NamedSplitDateTime}}
