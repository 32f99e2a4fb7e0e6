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
from stores.backends.failover.mode import Mode
from stores.fallback.journals import growth

USUAL = timedelta(hours=24)
LONGEST = timedelta(days=7)
#: The table says as much as the chart with fewer lines.
_MOST_LINES = 60


@dataclass(frozen=True)
class Waited:
    """`pictures` for wide and narrow screens, empty where nothing waited in `span`; `lines` are (time, document,
    number)."""

    pictures: list[SafeString]
    lines: list[tuple[datetime, str, int]]
    span: str


def waited(host: Host, mode: Mode) -> Waited:
    now = timezone.now()
    start = now - USUAL
    if mode.backend == "filesystem" and mode.since < start + timedelta(hours=1):
        start = max(mode.since - timedelta(hours=1), now - LONGEST)
    hours = round((now - start).total_seconds() / 3600)
    span = ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    grown = growth(host, start, now)
    most = max((number for document in grown for _moment, number in document.steps), default=0)
    if not most:
        return Waited([], [], span)
    series = [
        Series(document.kind, document.points, _("writes"), index) for index, document in enumerate(grown, start=1)
    ]
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
            height=220,
            css=css,
        )

    lines = []
    for document in grown:
        inner = document.steps[1:-1]
        lines += [(moment, document.kind, number) for moment, number in inner[:: max(1, len(inner) // _MOST_LINES)]]
    lines.sort(reverse=True)
    return Waited([picture("is-wide", 920), picture("is-narrow", 340)], lines, span)
