"""What this site keeps by itself, within which bounds, and how large it can become. Pure.

Each bound says how long, or how many. People may set it between `least` and `most`: below that a page would lack what it
shows, beyond it the site's own database would grow without anybody noticing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from opsadmin.core.blocks import said_bytes, said_number
from opsadmin.core.errors import OperationError

#: Seconds of the units that a time is set in.
_SECONDS = {"hours": 3600, "days": 86_400}


@dataclass(frozen=True)
class Bound:
    """`unit`: hours or days, empty where it is a number of things. `scope`: of what so many are kept, empty where of all
    together. `bytes_each`: what one more takes at most, as a rule; 0 where another bound says it."""

    name: str
    title: Any
    unit: str
    default: int
    least: int
    most: int
    bytes_each: int = 0
    scope: Any = ""

    def said(self, value: int) -> str:
        """The value for people."""
        if self.unit == "hours":
            return ngettext("%(n)d hour", "%(n)d hours", value) % {"n": value}
        if self.unit == "days":
            return ngettext("%(n)d day", "%(n)d days", value) % {"n": value}
        return said_number("", value)

    def time(self, value: int) -> timedelta:
        """The value of a bound that is a time."""
        return timedelta(seconds=value * _SECONDS[self.unit])

    def size(self, value: int) -> str:
        """How large it can become, in words; empty where another bound says it."""
        if not self.bytes_each:
            return ""
        words = {"size": said_bytes(value * self.bytes_each)}
        return (
            _("about %(size)s for each %(scope)s") % {**words, "scope": self.scope}
            if self.scope
            else (_("about %(size)s") % words)
        )

    def checked(self, value: int) -> int:
        """The value, where it may be set.

        Raises `OperationError` with what may be."""
        if not self.least <= value <= self.most:
            words = {"value": value, "least": self.least, "most": self.most, "name": self.name}
            if self.unit == "hours":
                text = _("%(name)s is from %(least)d to %(most)d hours, not %(value)d.") % words
            elif self.unit == "days":
                text = _("%(name)s is from %(least)d to %(most)d days, not %(value)d.") % words
            else:
                text = _("%(name)s is from %(least)d to %(most)d, not %(value)d.") % words
            raise OperationError(text, parameter="keep")
        return value


_DATABASE = gettext_lazy("database")

#: The sizes of samples are those of full ones, measured: 60 figures, as many statements and tables as one holds. The ranges of
#: their times do not overlap, for what is read of a finer width is read of a wider one where it is older.
BOUNDS = (
    Bound("five_minute_samples", gettext_lazy("Samples of 5 min"), "hours", 49, 25, 192, 12 * 13_000, _DATABASE),
    Bound("hour_samples", gettext_lazy("Samples of 1 h"), "days", 32, 8, 92, 24 * 20_000, _DATABASE),
    Bound("day_samples", gettext_lazy("Samples of 1 d"), "days", 400, 92, 3660, 29_000, _DATABASE),
    Bound("statement_texts", gettext_lazy("Texts of statements"), "", 1500, 200, 20_000, 4000, _DATABASE),
    Bound("marks", gettext_lazy("Marks beside the trends"), "", 1000, 100, 10_000, 500, _DATABASE),
    Bound("health_reports", gettext_lazy("Health reports"), "", 200, 50, 2000, 100_000, _DATABASE),
    Bound("run_days", gettext_lazy("Runs of operations: how long"), "days", 90, 1, 3660),
    Bound("runs", gettext_lazy("Runs of operations: how many"), "", 5000, 100, 100_000, 10_000),
    Bound(
        "run_lines", gettext_lazy("Sentences that a run said on its way"), "", 100, 10, 1000, 600, gettext_lazy("run")
    ),
    Bound("incidents", gettext_lazy("Incidents that are closed"), "", 1000, 20, 10_000, 50_000),
    Bound("alerts", gettext_lazy("Alerts that were sent"), "", 500, 20, 10_000, 5000),
    Bound(
        "asked_statements",
        gettext_lazy("Statements asked on the page SQL"),
        "",
        200,
        0,
        2000,
        20_000,
        gettext_lazy("person and database"),
    ),
)
_by_name = {one.name: one for one in BOUNDS}


def find_bound(name: str) -> Bound:
    """The bound of that name.

    Raises `OperationError` with the names that there are."""
    try:
        return _by_name[name]
    except KeyError:
        words = {"name": name, "names": ", ".join(_by_name)}
        raise OperationError(
            _("Nothing is kept under the name %(name)r. There are: %(names)s.") % words,
            parameter="name",
            allowed=tuple(_by_name),
        ) from None
