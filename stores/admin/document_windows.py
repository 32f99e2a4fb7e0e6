"""Time windows as rows of the settings form: one per window, and an empty one to fill. Saving gives the next."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from stores.sync.differences import same

TIMES = ("start", "end")


def day_names() -> list[tuple[int, Any]]:
    """0 is Monday, for Django as for the dashboard."""
    return list(WEEKDAYS_ABBR.items())


def window_initial(window: dict[str, Any]) -> dict[str, Any]:
    days = window.get("days")
    found: dict[str, Any] = {
        "days": [str(day) for day in days if type(day) is int and 0 <= day <= 6] if isinstance(days, list) else []
    }
    for key in TIMES:
        value = window.get(key, "")
        found[key] = value if isinstance(value, str) else str(value)[:20]
    return found


class WindowForm(forms.Form):
    """One row. Times are text inputs: what a document holds need not be a time."""

    days = forms.MultipleChoiceField(
        label=_("Days"), required=False, choices=day_names, widget=forms.CheckboxSelectMultiple
    )
    start = forms.CharField(
        label=_("From"), required=False, widget=forms.TextInput(attrs={"placeholder": "HH:MM", "size": 6})
    )
    end = forms.CharField(
        label=_("To"), required=False, widget=forms.TextInput(attrs={"placeholder": "HH:MM", "size": 6})
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if self.has_changed() and not found.get("DELETE"):
            if not found.get("days"):
                self.add_error("days", _("Choose at least one day."))
            for key in TIMES:
                if not found.get(key) and key not in self.errors:
                    self.add_error(key, _("Write a time, as 06:30."))
        return found


class _BaseWindowFormSet(forms.BaseFormSet):  # type: ignore[type-arg]  # takes no parameter at run time
    def add_fields(self, form: WindowForm, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = _("Remove")


WindowFormSet = forms.formset_factory(
    WindowForm, formset=_BaseWindowFormSet, extra=1, can_delete=True, can_delete_extra=False, max_num=100
)


def read_windows(formset: Any, base: list[Any]) -> tuple[list[Any], list[WindowForm], bool]:
    """The windows after a person's changes, the row of each, and whether anything changed. An untouched window stays
    exactly as it is, a changed one keeps its unknown keys."""
    windows: list[Any] = []
    rows: list[WindowForm] = []
    for index, form in enumerate(formset.forms):
        before = base[index] if index < len(base) else None
        if before is None and not form.has_changed():
            continue
        if form.cleaned_data.get("DELETE"):
            continue
        window = dict(before or {})
        for key in form.changed_data:
            if key == "days":
                window["days"] = sorted(int(day) for day in form.cleaned_data["days"])
            elif key in TIMES:
                window[key] = form.cleaned_data[key]
        windows.append(window)
        rows.append(form)
    return windows, rows, not same(windows, base)
