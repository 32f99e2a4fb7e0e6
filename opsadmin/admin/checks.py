"""What the operator changed about the checks: their thresholds, and the findings that are known and accepted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from opsadmin.admin.moment import OVERRIDES
from opsadmin.health.catalog import checks
from opsadmin.models import CheckThreshold, IgnoredFinding


class ThresholdForm(forms.ModelForm):  # type: ignore[type-arg]
    """The name is chosen from what the checks have; one that they no longer have can still be kept."""

    name = forms.ChoiceField(label=_lazy("threshold"))
    value = forms.FloatField(
        label=_lazy("value"), min_value=0, help_text=_lazy("In bytes, seconds or percent, as the threshold counts.")
    )

    class Meta:
        model = CheckThreshold
        fields = ("name", "value", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("name")
        if isinstance(field, forms.ChoiceField):
            field.choices = _choices(self.instance.name)


def _choices(kept: str) -> list[tuple[str, Any]]:
    """The thresholds by area, each with its number as the check has it."""
    areas: dict[str, dict[str, str]] = {}
    for check in checks():
        for _since, card in check.variants:
            for threshold in card.thresholds:
                name = f"{check.id}.{threshold.name}"
                areas.setdefault(card.area, {})[name] = f"{name} ({threshold.said(threshold.value)})"
    known = {name for names in areas.values() for name in names}
    gone = [(kept, _("%(name)s (no check has it)") % {"name": kept})] if kept and kept not in known else []
    return [("", "---------"), *gone, *((area, list(names.items())) for area, names in areas.items())]


@admin.register(CheckThreshold)
class CheckThresholdAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = ThresholdForm
    list_display = ("name", "value", "reason")
    search_fields = ("name", "reason")


@admin.register(IgnoredFinding)
class IgnoredFindingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    formfield_overrides = OVERRIDES
    list_display = ("check_id", "object", "state", "until", "reason")
    search_fields = ("check_id", "object", "reason")
    readonly_fields = ("created_at",)

    @admin.display(description=_lazy("state"))
    def state(self, ignored: IgnoredFinding) -> str:
        return _("over") if ignored.until is not None and ignored.until <= timezone.now() else _("ignored")
