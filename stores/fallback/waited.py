"""The chart of how many writes waited, and its values for the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.charts import Series, line_chart
from stores.backends.failover.host import Host
from stores.fallback.journals import growth

#: The chart shows the shortest of these that holds all that waited, up to the longest.
SPANS = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 7 * 24))
#: The table says as much as the chart with fewer lines.
_MOST_LINES = 60


@dataclass(frozen=True)
class Waited:
    """`pictures` for wide and narrow screens, empty where nothing waited in `span`; `lines` are (time, document,
    number)."""

    pictures: list[SafeString]
    lines: list[tuple[datetime, str, int]]
    span: str


def waited(host: Host) -> Waited:
    now = timezone.now()
    grown = [one for one in growth(host, now - SPANS[-1], now) if any(number for _moment, number in one.steps)]
    moments = [moment for document in grown for moment, number in document.steps if number]
    span = next((span for span in SPANS if not moments or min(moments) > now - span), SPANS[-1])
    start = now - span
    hours = int(span.total_seconds() // 3600)
    span_text = ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    most = max((number for document in grown for _moment, number in document.steps), default=0)
    if not most:
        return Waited([], [], span_text)
    # A unit each: that gives each document a panel of its own, with its name.
    series = [Series(_("Writes"), document.points, document.kind, 1) for document in grown]
    description = ngettext(
        "At most %(n)d write of one document waited. The values are in the table below.",
        "At most %(n)d writes of one document waited. The values are in the table below.",
        most,
    ) % {"n": most}

    def picture(css: str, width: int) -> SafeString:
        return line_chart(
            series,
            start=start,
            end=now,
            zone=timezone.get_current_timezone(),
            title=_("Writes that waited for PostgreSQL"),
            description=description,
            identity=f"waited-{css}",
            width=width,
            height=100 + 80 * len(grown),
            css=css,
        )

    lines = []
    for document in grown:
        inner = document.steps[1:-1]
        lines += [(moment, document.kind, number) for moment, number in inner[:: max(1, len(inner) // _MOST_LINES)]]
    lines.sort(reverse=True)
    return Waited([picture("is-wide", 920), picture("is-narrow", 340)], lines, span_text)
