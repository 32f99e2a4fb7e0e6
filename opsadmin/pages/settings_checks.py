"""What this site decided about checks: other thresholds, and findings that are known and accepted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db import DatabaseError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from opsadmin.core.blocks import said_number
from opsadmin.health.card import UNITS, Card, Threshold
from opsadmin.health.catalog import checks
from opsadmin.models import CheckThreshold, IgnoredFinding

#: The units that a number of each kind can be given in.
_BYTES, _SECONDS = ("B", "kB", "MB", "GB"), ("ms", "s", "min", "h", "d")


@dataclass(frozen=True)
class Setting:
    """A number of a check. `values`: where one is said and what it is, the one that counts last. `row`: this site's own,
    None where it has none. `threshold`: None where no check has it any more."""

    name: str
    title: str
    text: str
    card: Card | None
    threshold: Threshold | None
    by_settings: float | None
    row: CheckThreshold | None

    @property
    def is_changed(self) -> bool:
        return self.row is not None or self.by_settings is not None

    @property
    def value(self) -> float:
        """The one that counts."""
        if self.row is not None:
            return self.row.value
        if self.by_settings is not None:
            return self.by_settings
        return self.threshold.value if self.threshold is not None else 0.0

    def said(self, value: float | None) -> str:
        if value is None:
            return ""
        return self.threshold.said(value) if self.threshold is not None else said_number("", value)

    @property
    def shown(self) -> str:
        return self.said(self.value)

    @property
    def default(self) -> str:
        return self.said(self.threshold.value) if self.threshold is not None else "–"

    @property
    def source(self) -> str:
        """Where the value comes from."""
        if self.row is not None:
            return _("changed here")
        return _('OPSADMIN["THRESHOLDS"]') if self.by_settings is not None else _("default")

    @property
    def instead_of(self) -> str:
        """What the settings of the project say, where this site says something else."""
        return self.said(self.by_settings) if self.row is not None else ""


def thresholds() -> list[Setting]:
    """Every number of every check, by check, and those that were changed for a check that is gone."""
    given: dict[str, Any] = getattr(settings, "OPSADMIN", {}).get("THRESHOLDS", {})
    rows = {row.name: row for row in CheckThreshold.objects.all()}
    known: dict[str, Setting] = {}
    for check in checks():
        for _since, card in check.variants:
            for one in card.thresholds:
                name = f"{card.id}.{one.name}"
                by = float(given[name]) if name in given else None
                known[name] = Setting(name, card.title, one.text, card, one, by, rows.get(name))
    gone = [
        Setting(row.name, _("No check has it"), "", None, None, None, row)
        for name, row in rows.items()
        if name not in known
    ]
    return [*known.values(), *gone]


def find(name: str) -> Setting | None:
    """The number of that name; None where there is none."""
    return next((one for one in thresholds() if one.name == name), None)


def units_of(one: Setting) -> tuple[str, ...]:
    """What its value can be given in; the last resort is a plain number."""
    unit = one.threshold.unit if one.threshold is not None else ""
    if unit in ("kB", "MB", "GB", "TB"):
        return _BYTES
    return _SECONDS if unit in _SECONDS else (unit if unit == "%" else "",)


class ThresholdForm(forms.Form):
    """Another value for a number, and why."""

    # One below nothing would make its check cry for good, or never.
    value = forms.FloatField(label=gettext_lazy("Value"), min_value=0)
    unit = forms.ChoiceField(label=gettext_lazy("Unit"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        help_text=gettext_lazy("Whoever reads this in a year wants to know."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, one: Setting, data: Any = None) -> None:
        units = units_of(one)
        unit = max((each for each in units if _factor(each) <= max(one.value, 0)), key=_factor, default=units[0])
        initial = {
            "value": f"{one.value / _factor(unit):.12g}",
            "unit": unit,
            "reason": one.row.reason if one.row else "",
        }
        super().__init__(data, initial=initial)
        self.has_units = len(units) > 1
        field = self.fields["unit"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  # declared above
        field.choices = [(each, each or _("a number")) for each in units]
        field.required = self.has_units

    def clean_value(self) -> float:
        value = float(self.cleaned_data["value"])
        if not math.isfinite(value):
            raise forms.ValidationError(_("A threshold is a number."))
        return value

    def number(self) -> float:
        """The value as the check counts it, once the form is valid."""
        return float(self.cleaned_data["value"]) * _factor(self.cleaned_data["unit"])


def _factor(unit: str) -> float:
    return 1.0 if unit == "B" else UNITS.get(unit, 1.0)


def change(request: HttpRequest, one: Setting, value: float, reason: str) -> None:
    """Let the check go by that number from now on."""
    before = one.shown
    row, is_new = CheckThreshold.objects.update_or_create(name=one.name, defaults={"value": value, "reason": reason})
    words = _("%(before)s → %(after)s: %(reason)s") % {"before": before, "after": one.said(value), "reason": reason}
    note(request, row, ADDITION if is_new else CHANGE, words)


def reset(request: HttpRequest, one: Setting) -> None:
    """Let the check go by what it had before."""
    if one.row is not None:
        note(request, one.row, DELETION, _("It was %(value)s.") % {"value": one.shown})
        one.row.delete()


def ignored() -> list[IgnoredFinding]:
    """What is ignored, or was; what is over last."""
    try:
        return list(IgnoredFinding.objects.order_by("check_id", "object")[:500])
    except DatabaseError:
        return []


def note(request: HttpRequest, subject: Model, flag: int, words: str) -> None:
    """An entry in the admin's log."""
    LogEntry.objects.log_actions(
        user_id=int(request.user.pk or 0),
        queryset=[subject],
        action_flag=flag,
        change_message=words[:2000],
        single_object=True,
    )
