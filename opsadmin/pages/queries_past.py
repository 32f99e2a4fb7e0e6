"""One statement over a range as its template shows it, from what was sampled: PostgreSQL is not asked, and may be down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from opsadmin.charts import Band, Moment, Series, band_swatch, line_chart, moments_legend, moments_of
from opsadmin.core.blocks import said_number
from opsadmin.models import Mark
from opsadmin.pages.pictures import Picture, picture
from opsadmin.pages.queries_change import said_change
from opsadmin.pages.queries_effect import Verdict, verdict
from opsadmin.pages.queries_sampled import as_told, range_names
from opsadmin.pages.queries_view import Choice, Wanted, percent
from opsadmin.workload.coverage_said import said_when, sentences
from opsadmin.workload.marks import Happened, marks
from opsadmin.workload.one_statement import Line, effect_of, statement_line, text_of
from opsadmin.workload.queries import said_ms
from opsadmin.workload.sampled_list import choose
from opsadmin.workload.trends import SampledQuery
from opsadmin.workload.windows import Coverage

#: What is shown of a statement where no range is chosen.
USUAL = "24h"
POINTS = 96
#: How each kind is drawn; what lasts is a band.
_MARKED = {
    Mark.Kind.DEPLOY: "deploy",
    Mark.Kind.INDEX_CREATED: "index",
    Mark.Kind.INDEX_DROPPED: "index",
    Mark.Kind.RESTART: "alarm",
    Mark.Kind.SWITCH: "alarm",
    Mark.Kind.RESET: "",
}


@dataclass(frozen=True)
class Past:
    """`text`: of the statement, as it is kept. `figures`: name, value and change, over the range; empty where it was not
    called. `picture`: None where there is nothing to draw; `legend`: of its bands. `covered`: in sentences; `is_sampled`: there are samples at all.
    `roles`: who sent it."""

    text: str
    ranges: tuple[Choice, ...]
    range_name: str
    figures: tuple[tuple[str, str, str], ...]
    picture: Picture | None
    legend: tuple[tuple[SafeString, str], ...]
    verdict: Verdict | None
    covered: str
    is_sampled: bool
    roles: tuple[str, ...]

    @property
    def is_known(self) -> bool:
        """Samples have something of it."""
        return bool(self.text or self.figures)


def past_of(wanted: Wanted, queryid: str) -> Past:
    """At most eleven statements to the site database.

    Raises Django's database errors."""
    name = wanted.range or USUAL
    chosen = choose(wanted.database, name, queryid=queryid)
    covered = chosen.covered
    start, end = covered.start, covered.end
    query = next(iter(chosen.queries), None)
    line = statement_line(wanted.database, queryid, start, end, POINTS)
    happened = marks(wanted.database, start, end)
    bands = _bands(covered)
    return Past(
        text=text_of(wanted.database, queryid),
        ranges=tuple(
            Choice(label, wanted.query(queryid=queryid, range=one), one == name) for one, label in range_names().items()
        ),
        range_name=range_names()[name],
        figures=tuple(_figures(query)) if query is not None else (),
        picture=_picture(line, start, end, happened, bands) if line.is_called else None,
        legend=tuple(
            (band_swatch(band.style, f"past-{band.style}"), band.label)
            for band in {band.style: band for band in bands}.values()
        ),
        verdict=verdict(effect_of(line, happened)) if line.is_called else None,
        covered=" ".join(sentences(covered)),
        is_sampled=covered.since is not None,
        roles=query.roles if query is not None else (),
    )


def _figures(query: SampledQuery) -> list[tuple[str, str, str]]:
    told = as_told(query)
    found = []
    for name, measure, said in (
        (_("Time in all"), "total_time", said_ms(query.total_time)),
        (_("Mean time"), "mean_time", said_ms(query.mean_time)),
        (_("Longest call"), "max_time", said_ms(query.max_time)),
        (_("Calls"), "calls", said_number("", query.calls)),
    ):
        found.append((name, said, _changed(told, measure)))
    return [*found, (_("Share of time"), percent(query.share), "")]


def _changed(told: dict[str, Any], measure: str) -> str:
    return said_change(told, measure) if told["before"] or told["is_new"] else ""


def _bands(covered: Coverage) -> list[Band]:
    return [
        Band(
            one.start,
            one.end,
            _("PostgreSQL did not answer") if one.is_outage else _("nobody looked"),
            "solid" if one.is_outage else "hatched",
        )
        for one in covered.missing
        if one.end > one.start
    ]


def _picture(
    line: Line, start: datetime, end: datetime, happened: Sequence[Happened], bands: Sequence[Band]
) -> Picture:
    stretches = line.stretches
    # One unit, one panel: the longest call would press the mean to the ground.
    shown = [
        Series(_("Mean time"), [(one.middle, one.sums.mean_ms) for one in stretches], _("ms a call"), 1),
        Series(
            _("Longest call"),
            [(one.middle, one.sums.max_ms if one.sums.calls else None) for one in stretches],
            _("ms"),
            1,
        ),
        Series(_("Time in all"), [(one.middle, one.a_minute(one.sums.ms)) for one in stretches], _("ms a minute"), 1),
        Series(_("Calls"), [(one.middle, one.a_minute(one.sums.calls)) for one in stretches], _("a minute"), 1),
    ]
    moments = [
        Moment(one.at, f"{one.name}: {one.text}", _MARKED[Mark.Kind(one.kind)])
        for one in happened
        if one.kind in _MARKED
    ]

    def draw(identity: str, width: int, css: str) -> SafeString:
        chart = line_chart(
            shown,
            start=start,
            end=end,
            zone=timezone.get_current_timezone(),
            title=_("What the statement took"),
            description=_described(line),
            identity=identity,
            bands=bands,
            moments=moments,
            from_zero=True,
            gap=max(2 * line.width, timedelta(minutes=12)),
            width=width,
            height=520,
            css=css,
        )
        # Which moments share a number depends on the width.
        groups = moments_of(moments, start=start, end=end, width=width)
        legend = moments_legend(groups, [said_when(group.when) for group in groups])
        return format_html('{}<div class="chart {}">{}</div>', chart, css, legend)

    rows = [
        (
            one.start,
            said_number("", round(one.sums.calls)),
            said_ms(one.sums.ms),
            said_ms(one.sums.mean_ms) if one.sums.mean_ms is not None else "–",
            said_ms(one.sums.max_ms) if one.sums.calls else "–",
        )
        for one in stretches
    ]
    return picture(draw, "past", wide=920, rows=rows)


def _described(line: Line) -> str:
    """The chart in a sentence, for who does not see it."""
    means = [(one.sums.mean_ms, one) for one in line.stretches if one.sums.mean_ms is not None]
    least, most = min(mean for mean, _one in means), max(mean for mean, _one in means)
    slowest = next(one for mean, one in means if mean == most)
    return _(
        "A call took %(least)s to %(most)s on average; the most about %(when)s. The values are in the table below."
    ) % {
        "least": said_ms(least),
        "most": said_ms(most),
        "when": said_when(slowest.start),
    }
