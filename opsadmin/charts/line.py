"""Lines over time: one panel for each unit (two scales on one panel suggest crossings that mean nothing), all over the
same time axis, with a strip of states below them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.utils.dateformat import format as format_date
from django.utils.formats import number_format
from django.utils.safestring import SafeString

from opsadmin.charts import svg
from opsadmin.charts.marks import Band, Series
from opsadmin.charts.moments import Group, Moment, draw_moments, group_moments
from opsadmin.charts.swatch import band_rect, hatch_pattern
from opsadmin.charts.ticks import TimeTick, day_starts, decimals_for, nice_ticks, time_ticks

LEFT, RIGHT, TOP = 46.0, 14.0, 22.0
BETWEEN_PANELS = 34.0
STRIP, STRIP_GAP = 16.0, 12.0
AXIS = 34.0
#: Rough widths of the 11-unit text, to leave out what would not fit.
CHARACTER = 6.2
LABEL_ROOM = 74.0


@dataclass(frozen=True)
class Panel:
    unit: str
    series: list[Series]
    ticks: list[float]
    top: float
    height: float

    def y(self, value: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return self.top + self.height * (1 - (value - low) / (high - low))


@dataclass(frozen=True)
class TimeScale:
    start: datetime
    end: datetime
    left: float
    width: float

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return self.left + self.width * min(max(share, 0.0), 1.0)


def line_chart(
    series: Sequence[Series],
    *,
    start: datetime,
    end: datetime,
    zone: tzinfo,
    title: str,
    description: str = "",
    identity: str,
    bands: Sequence[Band] = (),
    bands_name: str = "",
    moments: Sequence[Moment] = (),
    from_zero: bool = False,
    gap: timedelta | None = None,
    width: int = 920,
    height: int = 340,
    css: str = "",
) -> SafeString:
    """The chart of [start, end) in the time of `zone`.

    `title` and `description` are what a screen reader says; `identity` is this chart's id on the page. Points
    further apart than `gap` are not joined. `bands` are drawn as a strip named `bands_name`, the solid ones also
    behind the lines. `moments` are numbered lines from top to bottom; `moments_legend(moments_of(...))` says what the numbers
    mean. `from_zero`: the scales begin at zero. Raises ValueError where `end` is not after `start`."""
    if end <= start:
        raise ValueError(f"A chart must end after it starts; it runs from {start} to {end}.")
    scale = TimeScale(start, end, LEFT, width - LEFT - RIGHT)
    strip = STRIP + STRIP_GAP if bands else 0.0
    panels = make_panels(series, height - TOP - AXIS - strip, from_zero=from_zero)
    bottom = panels[-1].top + panels[-1].height
    hatch = f"{identity}-hatch"
    parts = [
        svg.element("title", title, id=f"{identity}-title"),
        svg.element("desc", description or title, id=f"{identity}-desc"),
        svg.element("defs", hatch_pattern(hatch)),
        svg.group(shades(bands, scale, panels), css="chart-shades"),
        *(draw_panel(panel, scale, gap) for panel in panels),
        svg.group(day_lines(scale, zone, panels), css="chart-days"),
        svg.group(
            draw_moments(
                moments_of(moments, start=start, end=end, width=width), [(panel.top, panel.height) for panel in panels]
            ),
            css="chart-moments-drawn",
        ),
    ]
    if bands:
        parts.append(draw_strip(bands, scale, bands_name, bottom + STRIP_GAP, hatch))
    parts.append(draw_time_axis(scale, zone, bottom + strip))
    return svg.element(
        "svg",
        svg.join(parts),
        css=f"chart {css}".strip(),
        role="img",
        aria_labelledby=f"{identity}-title {identity}-desc",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        xmlns="http://www.w3.org/2000/svg",
    )


def moments_of(moments: Sequence[Moment], *, start: datetime, end: datetime, width: int = 920) -> list[Group]:
    """The moments as a chart of that time and width numbers them."""
    return group_moments(moments, start, end, LEFT, width - LEFT - RIGHT)


def make_panels(series: Sequence[Series], room: float, *, from_zero: bool = False) -> list[Panel]:
    units = list(dict.fromkeys(line.unit for line in series)) or [""]
    each = (room - BETWEEN_PANELS * (len(units) - 1)) / len(units)
    panels = []
    for number, unit in enumerate(units):
        lines = [line for line in series if line.unit == unit]
        values = [value for line in lines for _, value in line.points if value is not None]
        low, high = min(values, default=0.0), max(values, default=1.0)
        if from_zero:
            low, high = min(low, 0.0), max(high, 0.0)
        ticks = nice_ticks(low, high, max(3, int(each // 28)))
        panels.append(Panel(unit, lines, ticks, TOP + number * (each + BETWEEN_PANELS), each))
    return panels


def draw_panel(panel: Panel, scale: TimeScale, gap: timedelta | None) -> SafeString:
    decimals = decimals_for(panel.ticks)
    right = scale.left + scale.width
    grid = [
        svg.element("path", d=f"M{svg.number(scale.left)} {svg.number(panel.y(tick))}H{svg.number(right)}")
        for tick in panel.ticks
    ]
    labels = [
        svg.element("text", number_format(tick, decimals), x=scale.left - 8, y=panel.y(tick) + 4, text_anchor="end")
        for tick in panel.ticks
    ]
    names = ", ".join(line.name for line in panel.series)
    heading = svg.element(
        "text", f"{names} ({panel.unit})" if panel.unit else names, x=scale.left, y=panel.top - 9, css="chart-heading"
    )
    lines = [draw_line(line, scale, panel, gap) for line in panel.series]
    return svg.group([svg.group(grid, css="chart-grid"), svg.group(labels, css="chart-labels"), heading, *lines])


def draw_line(line: Series, scale: TimeScale, panel: Panel, gap: timedelta | None) -> SafeString:
    path = []
    dots = []
    for run in runs(line.points, gap):
        spots = [(svg.number(scale.x(at)), svg.number(panel.y(value))) for at, value in run]
        if len(spots) == 1:
            dots.append(svg.element("circle", cx=spots[0][0], cy=spots[0][1], r=2))
        else:
            path.append("M" + "L".join(f"{x} {y}" for x, y in spots))
    drawn = [svg.element("path", d="".join(path))] if path else []
    return svg.group([*drawn, *dots], css=f"chart-line is-{line.index}")


def runs(
    points: Sequence[tuple[datetime, float | None]], gap: timedelta | None
) -> Iterator[list[tuple[datetime, float]]]:
    """The stretches without a gap."""
    run: list[tuple[datetime, float]] = []
    for at, value in points:
        if run and (value is None or (gap is not None and at - run[-1][0] > gap)):
            yield run
            run = []
        if value is not None:
            run.append((at, value))
    if run:
        yield run


def shades(bands: Sequence[Band], scale: TimeScale, panels: Sequence[Panel]) -> Iterator[SafeString]:
    for band in bands:
        if band.style == "solid" and band.end > scale.start and band.start < scale.end:
            x = scale.x(band.start)
            for panel in panels:
                yield svg.element("rect", x=x, y=panel.top, width=scale.x(band.end) - x, height=panel.height)


def draw_strip(bands: Sequence[Band], scale: TimeScale, name: str, top: float, hatch: str) -> SafeString:
    items = []
    if name:
        items.append(svg.element("text", name, x=scale.left - 8, y=top + 12, text_anchor="end"))
    for band in bands:
        if band.end <= scale.start or band.start >= scale.end:
            continue
        x = scale.x(band.start)
        wide = scale.x(band.end) - x
        items.append(band_rect(band.style, x, top, max(wide, 1.0), STRIP, hatch))
        if len(band.label) * CHARACTER + 8 <= wide:
            items.append(
                svg.element(
                    "text",
                    band.label,
                    x=x + wide / 2,
                    y=top + 12,
                    text_anchor="middle",
                    css=f"chart-band-label is-{band.style}",
                )
            )
    return svg.group(items, css="chart-strip")


def day_lines(scale: TimeScale, zone: tzinfo, panels: Sequence[Panel]) -> Iterator[SafeString]:
    if scale.end - scale.start > timedelta(days=scale.width / 20):
        return  # closer than 20 units they would hide the lines
    for midnight in day_starts(scale.start, scale.end, zone):
        x = svg.number(scale.x(midnight))
        for panel in panels:
            yield svg.element("path", d=f"M{x} {svg.number(panel.top)}v{svg.number(panel.height)}")


def draw_time_axis(scale: TimeScale, zone: tzinfo, top: float) -> SafeString:
    ticks = time_ticks(scale.start, scale.end, zone, int(scale.width // LABEL_ROOM))
    items = []
    for tick in ticks:
        x = scale.x(tick.at)
        items.append(svg.element("path", d=f"M{svg.number(x)} {svg.number(top)}v5"))
        items.append(axis_label(tick.label, x, top + 17, scale))
        if tick.day:
            items.append(axis_label(tick.day, x, top + 30, scale, css="chart-day"))
    if ticks and not any(tick.day for tick in ticks) and ":" in ticks[0].label:
        items.append(axis_label(first_day(ticks, zone), scale.x(ticks[0].at), top + 30, scale, css="chart-day"))
    return svg.group(items, css="chart-axis")


def first_day(ticks: Sequence[TimeTick], zone: tzinfo) -> str:
    return format_date(ticks[0].at.astimezone(zone), "j M")


def axis_label(text: str, x: float, y: float, scale: TimeScale, css: str | None = None) -> SafeString:
    """Centred under its mark, but inside the picture."""
    half = len(text) * CHARACTER / 2
    inside = min(max(x, half), scale.left + scale.width + RIGHT - half)
    return svg.element("text", text, x=inside, y=y, text_anchor="middle", css=css)
