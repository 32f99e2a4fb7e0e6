"""What a price buys: a staircase of the best gain for each size, with the point that was chosen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from opsadmin.charts import svg
from opsadmin.charts.ticks import decimals_for, nice_ticks

LEFT, RIGHT, TOP, BOTTOM = 44.0, 16.0, 26.0, 40.0
#: Rough widths of the 11-unit text.
CHARACTER = 6.2
#: Between marks of the axis below.
LABEL_ROOM = 70.0


@dataclass(frozen=True)
class Step:
    """From `price` on there is `gain`, 0 to 1. `said`: both as text, for the chosen one's label."""

    price: float
    gain: float
    said: str = ""
    is_chosen: bool = False


def frontier_chart(
    steps: Sequence[Step],
    *,
    title: str,
    description: str = "",
    price_name: str,
    gain_name: str,
    identity: str,
    width: int = 560,
    height: int = 260,
    css: str = "",
) -> SafeString:
    """The steps by rising price. `price_name`, `gain_name`: headings of the axes; prices are in the unit that the first
    one says.

    `title` and `description` are what a screen reader says; `identity` is this chart's id on the page."""
    frame = _Frame(width, height, max((step.price for step in steps), default=0.0))
    parts = [
        svg.element("title", title, id=f"{identity}-title"),
        svg.element("desc", description or title, id=f"{identity}-desc"),
        *_axes(frame, price_name, gain_name),
        *_stairs(frame, steps),
        svg.group(
            (svg.element("circle", cx=frame.x(step.price), cy=frame.y(step.gain), r=3) for step in steps),
            css="chart-frontier-dots",
        ),
        *(part for step in steps if step.is_chosen for part in _chosen(frame, step)),
    ]
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


class _Frame:
    """Where a price and a gain lie in the picture."""

    def __init__(self, width: int, height: int, highest: float) -> None:
        self.right = width - RIGHT
        self.bottom = height - BOTTOM
        # The last step has a tread too.
        self.ticks = nice_ticks(0, 1.05 * highest or 1, max(3, int((self.right - LEFT) // LABEL_ROOM)))

    def x(self, price: float) -> float:
        return LEFT + (self.right - LEFT) * min(max(price, 0.0) / self.ticks[-1], 1.0)

    def y(self, gain: float) -> float:
        return self.bottom - (self.bottom - TOP) * min(max(gain, 0.0), 1.0)


def _axes(frame: _Frame, price_name: str, gain_name: str) -> Iterator[SafeString]:
    gains = (0.0, 0.25, 0.5, 0.75, 1.0)
    lines = (
        svg.element("path", d=f"M{svg.number(LEFT)} {svg.number(frame.y(gain))}H{svg.number(frame.right)}")
        for gain in gains
    )
    yield svg.group(lines, css="chart-grid")
    yield svg.group(
        svg.element("text", f"{100 * gain:.0f} %", x=LEFT - 8, y=frame.y(gain) + 4, text_anchor="end") for gain in gains
    )
    yield svg.element("text", gain_name, x=0.0, y=12.0, css="chart-heading")
    decimals = decimals_for(frame.ticks)
    marks = []
    for tick in frame.ticks:
        x, said = frame.x(tick), f"{tick:.{decimals}f}"
        marks.append(svg.element("path", d=f"M{svg.number(x)} {svg.number(frame.bottom)}v5"))
        inside = min(x, frame.right + RIGHT - len(said) * CHARACTER / 2)
        marks.append(svg.element("text", said, x=inside, y=frame.bottom + 17, text_anchor="middle"))
    marks.append(
        svg.element("text", price_name, x=frame.right, y=frame.bottom + 34, text_anchor="end", css="chart-heading")
    )
    yield svg.group(marks, css="chart-axis")


def _stairs(frame: _Frame, steps: Sequence[Step]) -> Iterator[SafeString]:
    if not steps:
        return
    at = [f"M{svg.number(frame.x(steps[0].price))} {svg.number(frame.y(steps[0].gain))}"]
    at += [f"H{svg.number(frame.x(step.price))}V{svg.number(frame.y(step.gain))}" for step in steps[1:]]
    path = f"{''.join(at)}H{svg.number(frame.right)}"
    begin, bottom = svg.number(frame.x(steps[0].price)), svg.number(frame.bottom)
    ground = svg.element("path", d=f"{path}V{bottom}H{begin}Z", css="chart-frontier-ground")
    yield svg.group([ground, svg.element("path", d=path, css="chart-frontier-line")], css="chart-frontier")


def _chosen(frame: _Frame, step: Step) -> Iterator[SafeString]:
    x, y = frame.x(step.price), frame.y(step.gain)
    yield svg.element("circle", cx=x, cy=y, r=7, css="chart-frontier-chosen")
    long = len(step.said) * CHARACTER
    # Left of the step that leads up to it, where there is room.
    anchor, at = ("end", x - 8) if x - 8 - long >= LEFT else ("start", min(x + 12, frame.right + RIGHT - long))
    below = y + 24 if y + 30 < frame.bottom else y - 14
    yield svg.element("text", step.said, x=at, y=below, text_anchor=anchor, css="chart-heading chart-frontier-said")
