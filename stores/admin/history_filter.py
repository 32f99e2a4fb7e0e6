"""Which readings the history page shows: a range of time and two states, from the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

RANGES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
DEFAULT_RANGE = "day"
LOCAL_FORMAT = "%Y-%m-%dT%H:%M"

POWERS = {
    "on": Q(assumed_aircon_power="on"),
    "off": Q(assumed_aircon_power="off"),
    # The dashboard says unknown; a reading that could not be kept whole says nothing.
    "unknown": Q(assumed_aircon_power__isnull=True) | ~Q(assumed_aircon_power__in=("on", "off")),
}


class LocalTimeField(forms.CharField):
    """A `datetime-local` input, in the site's time zone. Of the hour that occurs twice when clocks go back, the
    first; an hour that does not exist is taken as the clock would have shown it."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL_FORMAT)

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
            # Far years overflow as soon as they are turned into UTC.
            if not 1970 <= found.year <= 9000:
                raise ValueError
        except ValueError:
            raise forms.ValidationError(_("Write a date and a time, as 2026-01-31T18:30.")) from None
        return found if found.tzinfo else found.replace(tzinfo=timezone.get_current_timezone())


class HistoryForm(forms.Form):
    range = forms.ChoiceField(
        label=_("Range"),
        required=False,
        choices=[
            ("hour", _("Last hour")),
            ("day", _("Last 24 hours")),
            ("week", _("Last 7 days")),
            ("month", _("Last 30 days")),
            ("custom", _("From … to …")),
        ],
    )
    since = LocalTimeField(label=_("From"), required=False)
    until = LocalTimeField(label=_("To"), required=False)
    power = forms.ChoiceField(
        label=_("Air conditioner"),
        required=False,
        choices=[("", _("All")), ("on", _("On")), ("off", _("Off")), ("unknown", _("Unknown"))],
    )
    stale = forms.ChoiceField(
        label=_("Temperature"),
        required=False,
        choices=[("", _("All")), ("yes", _("Stale")), ("no", _("Fresh"))],
    )

    #: The end of a range like "last 24 hours" while one pages through it; not shown.
    at = LocalTimeField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        since, until = found.get("since"), found.get("until")
        if found.get("range") == "custom" and not self.errors:
            if since is None:
                self.add_error("since", _("Say from when, or choose another range."))
            elif until is not None and until <= since:
                self.add_error("until", _("The range must end after it starts."))
        return found


@dataclass(frozen=True)
class HistoryFilter:
    """[start, end) and the chosen states; `name` is the range's."""

    start: datetime
    end: datetime
    name: str = DEFAULT_RANGE
    power: str = ""
    stale: str = ""

    @classmethod
    def of(cls, form: HistoryForm, now: datetime) -> HistoryFilter:
        """What the form says; where it is wrong (it shows why) the last 24 hours."""
        if not form.is_valid():
            return cls(now - RANGES[DEFAULT_RANGE], now)
        said = form.cleaned_data
        # An address with a time and no range, as other pages link here, means that time.
        name = said["range"] or ("custom" if said["since"] else DEFAULT_RANGE)
        if name == "custom":
            start, end = said["since"], said["until"] or now
            end = max(end, start + timedelta(minutes=1))
        else:
            end = said["at"] or now
            start = end - RANGES[name]
        return cls(start, end, name, said["power"], said["stale"])

    @classmethod
    def day_before(cls, newest: datetime) -> HistoryFilter:
        """The 24 hours that end with the reading at `newest`."""
        end = newest + timedelta(seconds=1)
        return cls(end - RANGES["day"], end, "custom")

    @property
    def narrowed(self) -> bool:
        """Whether it leaves out readings of its range."""
        return bool(self.power or self.stale)

    @property
    def within_a_year(self) -> bool:
        """Whether its times can be told apart without the year."""
        return self.end - self.start < timedelta(days=360)

    def condition(self) -> Q:
        found = Q(timestamp__gte=self.start, timestamp__lt=self.end)
        if self.power:
            found &= POWERS[self.power]
        if self.stale == "yes":
            found &= Q(last_temperature_stale=True)
        elif self.stale == "no":
            found &= ~Q(last_temperature_stale=True)
        return found

    def address(self, **more: str) -> str:
        """The query string of this filter with a fixed end: a page asked for later is one of the same list."""
        if self.name == "custom":
            ends = {"since": _exact(self.start), "until": _exact(self.end)}
        else:
            ends = {"at": _exact(self.end)}
        said = {"range": self.name, **ends, "power": self.power, "stale": self.stale, **more}
        return urlencode({key: value for key, value in said.items() if value})

    def form(self) -> HistoryForm:
        """The form as this filter would fill it."""
        local = timezone.get_current_timezone()
        custom = self.name == "custom"
        return HistoryForm(
            label_suffix="",
            initial={
                "range": self.name,
                "since": self.start.astimezone(local) if custom else None,
                "until": self.end.astimezone(local) if custom else None,
                "power": self.power,
                "stale": self.stale,
            },
        )


def _exact(moment: datetime) -> str:
    # With its offset: the hour that occurs twice keeps its place.
    return moment.astimezone(timezone.get_current_timezone()).isoformat()


def read_query(query: QueryDict, now: datetime) -> tuple[HistoryForm, HistoryFilter]:
    """The form to show (with its errors, if the address is wrong) and what it asks for."""
    form = HistoryForm(query, label_suffix="")
    chosen = HistoryFilter.of(form, now)
    return (form if form.errors else chosen.form()), chosen
