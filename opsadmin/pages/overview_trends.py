"""What the Overview shows of the past: how long statements took, when PostgreSQL did not answer, and which statements took
most of its time. From the site database alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from opsadmin.charts import Band, Moment, Series, line_chart, moments_legend, moments_of, sparkline
from opsadmin.core.blocks import said_number, said_seconds
from opsadmin.models import Mark
from opsadmin.pages.pictures import Picture, picture
from opsadmin.pages.queries_text import gist
from opsadmin.pages.queries_view import percent, width_of
from opsadmin.pages.site import site_url
from opsadmin.workload.coverage_said import waits_said
from opsadmin.workload.queries import said_ms
from opsadmin.workload.trends import (
    Gap,
    Happened,
    Point,
    SampledQuery,
    figures,
    gaps,
    marks,
    query_sparks,
    sampled_since,
    several,
    top_between,
)

CHARTED = timedelta(hours=48)
TOP, TOP_OF = 5, timedelta(hours=24)
POINTS = 120
#: Lines are not joined over a longer time without a sample.
BREAK = timedelta(hours=1)
#: What is marked on the line, with its look there: what changes how long statements take.
MARKED: Mapping[str, str] = {
    Mark.Kind.DEPLOY: "deploy",
    Mark.Kind.INDEX_CREATED: "index",
    Mark.Kind.INDEX_DROPPED: "index",
    Mark.Kind.RESTART: "",
    Mark.Kind.SWITCH: "alarm",
}
SHORTEST_CHART = timedelta(minutes=10)


@dataclass(frozen=True)
class TopLine:
    """A statement that takes much of the time. `width`: of the bar, in percent; `change`: against the day before, empty
    where that is not known; `tone`: what the change is worth."""

    text: str
    link: str
    share: str
    width: str
    calls: str
    mean: str
    change: str
    tone: str
    spark: SafeString


@dataclass(frozen=True)
class Trends:
    """`latency`: the line of the last two days; None where there is nothing to draw yet. `answered`: how much of the time
    PostgreSQL answered, as a sentence. `top`: of the last day. `since`: when the first sample was taken; None where there is
    none."""

    latency: Picture | None
    answered: str
    waits: str
    top: tuple[TopLine, ...]
    since: datetime | None


def trends_of(request: HttpRequest, database: str) -> Trends:
    """At most ten statements to the site database.

    Raises Django's database errors."""
    now = timezone.now()
    since = sampled_since(database)
    if since is None:
        return Trends(None, "", "", (), None)
    start = max(now - CHARTED, since)
    happened = marks(database, start, now, (*MARKED, Mark.Kind.OUTAGE))
    blind = gaps(database, start, now, POINTS)
    lines = several(database, ("p95_ms", "mean_ms", "lock_waits"), start, now, POINTS)
    latency = _latency(lines, start, now, happened, blind) if now - start >= SHORTEST_CHART else None
    waits = waits_said(max((one.high for one in lines["lock_waits"]), default=None))
    return Trends(latency, _answered(database, start, now, happened), waits, _top(request, database, now), since)


def _latency(
    lines: dict[str, list[Point]], start: datetime, end: datetime, happened: list[Happened], blind: list[Gap]
) -> Picture | None:
    within, mean = lines["p95_ms"], lines["mean_ms"]
    if len(within) < 2:
        return None
    shown = [
        Series(_("95 % within"), [(one.at, one.value) for one in within], unit="ms", index=1),
        Series(_("mean"), [(one.at, one.value) for one in mean], unit="ms", index=6),
    ]
    bands = [
        Band(one.at, one.until or one.at, _("did not answer"), "solid")
        for one in happened
        if one.kind == Mark.Kind.OUTAGE
    ]
    bands += [Band(one.start, one.end, _("nobody looked"), "hatched") for one in blind]
    moments = [Moment(one.at, f"{one.name}: {one.text}", MARKED[one.kind]) for one in happened if one.kind in MARKED]
    worst = max(within, key=lambda one: one.value)
    told = _("95 %% of statements took at most %(least)s to %(most)s; the longest at %(when)s.") % {
        "least": said_ms(min(one.value for one in within)),
        "most": said_ms(worst.value),
        "when": timezone.localtime(worst.at).strftime("%H:%M"),
    }
    by_time = {one.at: one.value for one in mean}

    def draw(identity: str, width: int, css: str) -> SafeString:
        chart = line_chart(
            shown,
            start=start,
            end=end,
            zone=timezone.get_current_timezone(),
            title=_("How long statements took"),
            description=told,
            identity=identity,
            bands=sorted(bands, key=lambda band: band.start),
            bands_name="",
            moments=moments,
            from_zero=True,
            gap=BREAK,
            width=width,
            height=260,
            css=css,
        )
        # Which moments share a number depends on the width.
        groups = moments_of(moments, start=start, end=end, width=width)
        said = [timezone.localtime(group.when).strftime("%H:%M") for group in groups]
        return format_html('{}<div class="chart {}">{}</div>', chart, css, moments_legend(groups, said))

    rows = [(one.at, said_ms(one.value), said_ms(by_time[one.at]) if one.at in by_time else "") for one in within]
    return picture(draw, "latency", wide=620, rows=rows)


def _answered(database: str, start: datetime, end: datetime, happened: list[Happened]) -> str:
    """How much of the time it answered: by the outages that were noted."""
    out = sum(
        ((one.until or one.at) - max(one.at, start)).total_seconds() for one in happened if one.kind == Mark.Kind.OUTAGE
    )
    length = (end - start).total_seconds()
    span = said_seconds(length)
    if out <= 0:
        up = figures(database, ("up",), start, end).get("up")
        if up is None:
            return ""
        return _("It answered every look of the last %(span)s.") % {"span": span} if up.value >= 1 else ""
    return _("It did not answer for %(out)s of the last %(span)s: %(percent)s answered.") % {
        "out": said_seconds(out),
        "span": span,
        "percent": f"{100 * max(0.0, 1 - out / length):.2f} %",
    }


def _top(request: HttpRequest, database: str, now: datetime) -> tuple[TopLine, ...]:
    found = top_between(database, now - TOP_OF, now, limit=TOP)
    sparks = query_sparks(database, [one.queryid for one in found], now - TOP_OF, now)
    return tuple(_line(request, database, one, sparks[one.queryid], now) for one in found)


def _line(
    request: HttpRequest, database: str, query: SampledQuery, points: list[tuple[datetime, float]], now: datetime
) -> TopLine:
    link = site_url(request, "ops_queries") + "?" + urlencode({"queryid": query.queryid, "database": database})
    change, tone = said_change(query)
    return TopLine(
        text=gist(query.sql, 120) if query.sql else _("a statement whose text is not kept"),
        link=link,
        share=percent(query.share),
        width=width_of(query.share),
        calls=said_number("", query.calls),
        mean=said_ms(query.mean_time),
        change=change,
        tone=tone,
        spark=sparkline(points, start=now - TOP_OF, end=now, title=_("Time taken over 24 h"), gap=BREAK),
    )


def said_change(query: SampledQuery) -> tuple[str, str]:
    """How the mean time changed since the time before, and what that is worth: critical from twice as long on, ok from a
    third less on."""
    if query.is_new:
        return _("new"), ""
    if query.mean_change is None:
        return "", ""
    said = f"{'+' if query.mean_change >= 0 else '−'}{abs(100 * query.mean_change):.0f} %"
    return said, "critical" if query.mean_change >= 1 else "ok" if query.mean_change <= -1 / 3 else ""
