"""A line as small as a word: its shape, without axes, in a table or a tile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.safestring import SafeString

from opsadmin.charts import svg
from opsadmin.charts.line import runs

WIDTH, HEIGHT = 96, 24
#: So that the stroke and the last dot are not cut off.
EDGE = 2.5


def sparkline(
    points: Sequence[tuple[datetime, float | None]],
    *,
    start: datetime,
    end: datetime,
    title: str,
    gap: timedelta | None = None,
    from_zero: bool = True,
    width: int = WIDTH,
    height: int = HEIGHT,
    css: str = "",
) -> SafeString:
    """The line over [start, end), with a dot at its last point. `title` is what a screen reader says: the figures in words.
    Points further apart than `gap` are not joined. `from_zero`: its foot is zero (or the least value below that), so that a
    height means a share; else the line takes all the room. Nothing where there are no points.

    Raises ValueError where `end` is not after `start`."""
    if end <= start:
        raise ValueError(f"A line must end after it starts; it runs from {start} to {end}.")
    values = [value for _, value in points if value is not None]
    if not values:
        return svg.NOTHING
    low, high = min(values), max(values)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room_x, room_y = width - 2 * EDGE, height - 2 * EDGE

    def spot(at: datetime, value: float) -> tuple[float, float]:
        along = min(max((at - start) / (end - start), 0.0), 1.0)
        # What never changes is a line in the middle; nothing at all is one at the foot.
        up = (value - low) / (high - low) if high > low else 0.0 if from_zero else 0.5
        return EDGE + along * room_x, height - EDGE - up * room_y

    path, last = [], (0.0, 0.0)
    for run in runs(points, gap):
        spots = [spot(at, value) for at, value in run]
        # A single point is a stroke of no length, which round ends make a dot.
        joined = "L".join(f"{svg.number(x)} {svg.number(y)}" for x, y in (spots if len(spots) > 1 else spots * 2))
        path.append(f"M{joined}")
        last = spots[-1]
    drawn = [svg.element("path", d="".join(path)), svg.element("circle", cx=last[0], cy=last[1], r=2)]
    return svg.element(
        "svg",
        svg.group(drawn, css="chart-line is-1"),
        css=f"chart-spark {css}".strip(),
        role="img",
        aria_label=title,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        xmlns="http://www.w3.org/2000/svg",
    )
