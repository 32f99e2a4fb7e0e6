"""Bars side by side: names at the left, values at the right of the bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from opsadmin.charts import svg

ROW, BAR, TOP = 26.0, 16.0, 4.0
#: Rough widths of the 11-unit text.
CHARACTER = 6.2


@dataclass(frozen=True)
class Bar:
    """`said` is the value as text. A value below zero counts as zero."""

    name: str
    value: float
    said: str


def bar_chart(
    bars: Sequence[Bar], *, title: str, description: str = "", identity: str, width: int = 420, css: str = ""
) -> SafeString:
    """The bars in their order, the longest as wide as there is room for.

    `title` and `description` are what a screen reader says; `identity` is this chart's id on the page."""
    names = [_cut(bar.name, int(width * 0.4 / CHARACTER)) for bar in bars]
    left = max((len(name) for name in names), default=0) * CHARACTER + 10
    right = max((len(bar.said) for bar in bars), default=0) * CHARACTER + 10
    room = max(10.0, width - left - right)
    highest = max((bar.value for bar in bars), default=0.0)
    parts = [
        svg.element("title", title, id=f"{identity}-title"),
        svg.element("desc", description or title, id=f"{identity}-desc"),
    ]
    for number, (bar, name) in enumerate(zip(bars, names, strict=True)):
        top = TOP + number * ROW
        # A bar that is there is seen.
        long = max(2.0, room * max(bar.value, 0.0) / highest) if highest > 0 else 2.0
        parts.append(
            svg.group(
                [
                    svg.element("text", name, x=left - 8, y=top + 12, text_anchor="end", css="chart-name"),
                    svg.element("rect", x=left, y=top, width=long, height=BAR, rx=2),
                    svg.element("text", bar.said, x=left + long + 8, y=top + 12),
                ],
                css="chart-bar",
            )
        )
    height = TOP * 2 + ROW * len(bars)
    return svg.element(
        "svg",
        svg.join(parts),
        css=f"chart {css}".strip(),
        role="img",
        aria_labelledby=f"{identity}-title {identity}-desc",
        viewBox=f"0 0 {width} {svg.number(height)}",
        width=width,
        height=height,
        xmlns="http://www.w3.org/2000/svg",
    )


def _cut(name: str, most: int) -> str:
    """The middle of a long name says least."""
    if len(name) <= most:
        return name
    half = (most - 1) // 2
    return f"{name[: most - 1 - half]}…{name[-half:]}"
