"""The chart on the history page: temperature and humidity over what the air conditioner did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import connections
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.charts import Band, Series, band_swatch, line_chart
from opsadmin.charts.marks import BandStyle
from stores.admin.history_filter import HistoryFilter
from stores.backends.history_questions import GAP, PROBES, Chart, ChartPoint, ask_chart
from stores.router import STORE_ALIAS

STYLES: dict[str, BandStyle] = {"on": "solid", "off": "outline", "unknown": "hatched"}


@dataclass(frozen=True)
class HistoryPicture:
    """The two pictures, their legend as (swatch, text), and the points for the table."""

    wide: SafeString
    narrow: SafeString
    legend: list[tuple[SafeString, str]]
    points: list[ChartPoint]
    note: str


def picture_of(chosen: HistoryFilter) -> HistoryPicture | None:
    """None where the range holds no reading."""
    with connections[STORE_ALIAS].cursor() as cursor:
        local = timezone.get_current_timezone()
        chart = ask_chart(cast(Any, cursor), chosen.start.astimezone(local), chosen.end.astimezone(local))
    return draw(chart, chosen.start, chosen.end) if chart.points else None


def draw(chart: Chart, start: datetime, end: datetime) -> HistoryPicture:
    gap = max(GAP, 2 * chart.width)
    bands = bands_of(chart.points, chart.width, gap, end)
    middle = chart.width / 2
    series = [
        Series(_("Temperature"), [(point.bucket + middle, point.temperature) for point in chart.points], "°C", 1),
        Series(_("Humidity"), [(point.bucket + middle, point.humidity) for point in chart.points], "%", 2),
    ]
    names = power_names()

    def picture(identity: str, width: int, height: int, css: str) -> SafeString:
        return line_chart(
            series,
            start=start,
            end=end,
            zone=timezone.get_current_timezone(),
            title=_("Temperature and humidity"),
            description=describe(chart),
            identity=identity,
            bands=bands,
            bands_name=_("AC"),
            gap=gap,
            width=width,
            height=height,
            css=css,
        )

    shown = dict.fromkeys(band.style for band in bands)
    return HistoryPicture(
        wide=picture("history-wide", 920, 380, "is-wide"),
        narrow=picture("history-narrow", 340, 380, "is-narrow"),
        legend=[
            (band_swatch(style, f"history-{power}"), _("Air conditioner %(state)s") % {"state": names[power]})
            for power, style in STYLES.items()
            if style in shown
        ],
        points=chart.points,
        note=note_of(chart),
    )


def power_names() -> dict[str, str]:
    return {"on": _("on"), "off": _("off"), "unknown": _("unknown")}


def bands_of(points: Sequence[ChartPoint], width: timedelta, gap: timedelta, end: datetime) -> list[Band]:
    """Neighbouring points of one state become one band; a gap in the readings is a gap in the bands."""
    names = power_names()
    bands: list[Band] = []
    for point in points:
        power = point.power if point.power in STYLES else "unknown"
        until = min(point.bucket + width, end)
        last = bands[-1] if bands else None
        near = last is not None and point.bucket - last.end < gap
        if last is not None and near and last.label == names[power]:
            bands[-1] = Band(last.start, until, last.label, last.style)
            continue
        if last is not None and near:
            bands[-1] = Band(last.start, point.bucket, last.label, last.style)
        bands.append(Band(point.bucket, until, names[power], STYLES[power]))
    return bands


def describe(chart: Chart) -> str:
    """The chart in a sentence or two, for who does not see it."""
    parts = []
    for name, unit, values in (
        (_("Temperature"), "°C", [point.temperature for point in chart.points if point.temperature is not None]),
        (_("Humidity"), "%", [point.humidity for point in chart.points if point.humidity is not None]),
    ):
        if values:
            parts.append(
                _("%(name)s from %(low).1f to %(high).1f %(unit)s.")
                % {"name": name, "low": min(values), "high": max(values), "unit": unit}
            )
    on = sum(point.power == "on" for point in chart.points)
    parts.append(
        _("The air conditioner was mostly on at %(on)d of %(all)d points. The values are in the table below.")
        % {"on": on, "all": len(chart.points)}
    )
    return " ".join(parts)


def note_of(chart: Chart) -> str:
    """What a point stands for."""
    span = length_of(chart.width)
    if chart.sampled:
        return _("Each point is the mean of up to %(probes)d readings spread over %(span)s.") % {
            "probes": PROBES,
            "span": span,
        }
    return _("Each point is the mean of %(span)s.") % {"span": span}


def length_of(width: timedelta) -> str:
    if width >= timedelta(days=1):
        return ngettext("%(n)d day", "%(n)d days", width.days) % {"n": width.days}
    minutes = int(width.total_seconds() // 60)
    if minutes % 60 == 0:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
