"""What happened at a moment, as numbered lines down a chart; the legend below it says what each number was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from opsadmin.charts import svg

#: Nearer to each other than that they share a line and a number.
NEAR = 14.0


@dataclass(frozen=True)
class Moment:
    """`kind` chooses the look of its line (deploy, index, alarm; any other is plain), which differs without colour too.
    `text` is for the legend."""

    at: datetime
    text: str
    kind: str = ""


@dataclass(frozen=True)
class Group:
    """Moments on one line: at `x`, with a number from 1 on. `when`: the first one's time."""

    number: int
    x: float
    when: datetime
    moments: tuple[Moment, ...]

    @property
    def kind(self) -> str:
        """The gravest one's."""
        return next((kind for kind in ("alarm", "deploy", "index") if kind in {one.kind for one in self.moments}), "")


def group_moments(moments: Sequence[Moment], start: datetime, end: datetime, left: float, width: float) -> list[Group]:
    """The moments in [start, end], those that would lie on each other together, numbered from left to right."""
    together: list[tuple[float, list[Moment]]] = []
    for one in sorted(moments, key=lambda one: one.at):
        if not start <= one.at <= end:
            continue
        x = left + width * ((one.at - start) / (end - start))
        if together and x - together[-1][0] < NEAR:
            together[-1][1].append(one)
        else:
            together.append((x, [one]))
    return [Group(number, x, found[0].at, tuple(found)) for number, (x, found) in enumerate(together, 1)]


def draw_moments(groups: Sequence[Group], panels: Sequence[tuple[float, float]]) -> Iterator[SafeString]:
    """A line for each group through each panel, given as (top, height), with its number above the first."""
    for group in groups:
        x = svg.number(group.x)
        lines = [svg.element("path", d=f"M{x} {svg.number(top)}v{svg.number(height)}") for top, height in panels]
        first = panels[0][0]
        badge = [
            svg.element("circle", cx=group.x, cy=first, r=6),
            svg.element("text", str(group.number), x=group.x, y=first + 3.2, text_anchor="middle"),
        ]
        told = svg.element("title", "; ".join(one.text for one in group.moments))
        yield svg.group([told, *lines, *badge], css=f"chart-moment is-{group.kind or 'plain'}")


def moments_legend(groups: Sequence[Group], said: Sequence[str]) -> SafeString:
    """The list that says what each number was. `said`: the time of each group, as text."""
    items = [
        format_html(
            '<li><span class="chart-number is-{}">{}</span> {} {}</li>',
            group.kind or "plain",
            group.number,
            when,
            "; ".join(one.text for one in group.moments),
        )
        for group, when in zip(groups, said, strict=True)
    ]
    return format_html('<ol class="chart-moments">{}</ol>', svg.join(items)) if items else svg.NOTHING
