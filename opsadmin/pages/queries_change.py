"""How a statement of a range compares with the time of the same length before, in words that need no colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _

#: The measure that is compared, for each order; of the others nothing is kept of the time before.
_COMPARED = ("mean_time", "max_time", "calls", "rows")
#: Of these more is neither worse nor better.
_NEITHER = ("calls", "rows")
#: Less is shown as none.
LEAST = 0.005
#: From so many times the time before on it is said as a factor.
TIMES = 10


def compared(order: str) -> str:
    """The measure whose change a list in that order shows."""
    return order if order in _COMPARED else "total_time"


def change_name(order: str) -> str:
    """The heading of that column."""
    return {
        "mean_time": _("Mean, change"),
        "max_time": _("Max, change"),
        "calls": _("Calls, change"),
        "rows": _("Rows, change"),
    }.get(compared(order), _("Total, change"))


def said_change(query: Mapping[str, Any], order: str) -> str:
    """`+180 %`, `−4 %`, `±0 %`, `×12`, `new`; a dash where nothing is known of the time before. HTML that tells more from less by its sign
    and an arrow, and by colour besides."""
    if query["is_new"]:
        return format_html('<span class="queries-change is-new">{}</span>', _("new"))
    before = query["before"]
    earlier = before[compared(order)] if before else 0
    if not earlier:
        return "–"
    change = query[compared(order)] / earlier - 1
    if abs(change) < LEAST:
        return "±0 %"
    said = changed(change)
    tone, arrow = ("is-more", "▲") if change > 0 else ("is-less", "▼")
    if compared(order) in _NEITHER:
        tone = ""
    return format_html(
        '<span class="queries-change {}"><span aria-hidden="true">{}</span> {}</span>', tone, arrow, said
    )


def changed(change: float) -> str:
    """A relative change of 0.5 as `+50 %`."""
    if change >= TIMES - 1:
        return f"×{change + 1:.0f}"
    sign = "+" if change >= 0 else "−"
    return f"{sign}{abs(100 * change):.0f} %"
