"""The pictures of index advice: cost before and after, and what a size buys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from opsadmin.charts import Bar, Step, bar_chart, frontier_chart
from opsadmin.core.blocks import said_bytes, said_number
from opsadmin.pages.pictures import Picture
from opsadmin.pages.queries_view import percent

MB = 1024 * 1024
#: Gains that differ by less are the same for people.
NEAR = 0.005
_UNITS = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Point:
    """What a size buys. `max_size_mb`: what to ask for to get it; empty for none."""

    size: str
    gain: str
    indexes: int
    max_size_mb: str
    is_chosen: bool


@dataclass(frozen=True)
class Frontier:
    """`caveat`: why the chosen point is not what the whole is said to bring; empty where it is."""

    picture: Picture
    points: tuple[Point, ...]
    caveat: str

    @property
    def has_others(self) -> bool:
        """Whether there is another size to ask for."""
        return any(point.max_size_mb and not point.is_chosen for point in self.points)


def taken_off(gain: float) -> str:
    """The part of a cost that is taken off, 0 to 1, for people."""
    if gain <= 0:
        return "0 %"
    if 0.9995 <= gain < 1:
        return "−99.9 %"  # something is left
    return f"−{percent(gain)}" if gain >= 0.001 else percent(gain)


def costs_picture(advice: Mapping[str, Any]) -> Picture | None:
    """None where there is nothing to compare."""
    before, after, bound = (float(advice[name]) for name in ("cost_before", "cost_after", "lower_bound"))
    if before <= 0 or not advice["recommendations"]:
        return None
    bars = [
        Bar(_("Before"), before, said_number("", round(before))),
        Bar(_("After"), after, f"{said_number('', round(after))} ({taken_off(1 - after / before)})"),
    ]
    if 0 < bound < after:
        bars.append(Bar(_("At best"), bound, said_number("", round(bound))))
    told = ", ".join(f"{bar.name} {bar.said}" for bar in bars)

    def picture(identity: str, width: int, css: str) -> SafeString:
        return bar_chart(
            bars, title=_("Cost before and after"), description=told, identity=identity, width=width, css=css
        )

    return Picture(picture("costs-wide", 420, "is-wide"), picture("costs-narrow", 320, "is-narrow"))


def frontier_of(advice: Mapping[str, Any]) -> Frontier | None:
    """None where there is nothing to choose from."""
    points = advice["frontier"]
    if len(points) < 2 or float(points[0]["cost"]) <= 0 or not advice["recommendations"]:
        return None
    base = float(points[0]["cost"])
    largest = max(point["size_bytes"] for point in points)
    power = min(int(math.log(max(largest, 1), 1024)), len(_UNITS) - 1)
    gains = [max(0.0, 1 - float(point["cost"]) / base) for point in points]
    steps = [
        Step(
            price=point["size_bytes"] / 1024**power,
            gain=gain,
            said=f"{said_bytes(point['size_bytes'])}: {taken_off(gain)}",
            is_chosen=bool(point["is_chosen"]),
        )
        for point, gain in zip(points, gains, strict=True)
    ]
    told = "; ".join(step.said for step in steps)

    def picture(identity: str, width: int, height: int, css: str) -> SafeString:
        return frontier_chart(
            steps,
            title=_("What a size buys"),
            description=told,
            price_name=_("size of the indexes, %(unit)s") % {"unit": _UNITS[power]},
            gain_name=_("cost taken off, writes counted"),
            identity=identity,
            width=width,
            height=height,
            css=css,
        )

    return Frontier(
        Picture(picture("frontier-wide", 560, 230, "is-wide"), picture("frontier-narrow", 320, 220, "is-narrow")),
        tuple(
            Point(
                size=said_bytes(point["size_bytes"]),
                gain=taken_off(gain),
                indexes=point["indexes"],
                # No less than it takes.
                max_size_mb=f"{math.ceil(point['size_bytes'] / MB * 1000) / 1000:.10g}" if point["size_bytes"] else "",
                is_chosen=bool(point["is_chosen"]),
            )
            for point, gain in zip(points, gains, strict=True)
        ),
        _caveat(advice, next((step.gain for step in steps if step.is_chosen), None)),
    )


def _caveat(advice: Mapping[str, Any], chosen: float | None) -> str:
    before = float(advice["cost_before"])
    whole = 1 - float(advice["cost_after"]) / before if before else 0.0
    if chosen is None or abs(whole - chosen) < NEAR:
        return ""
    return _(
        "This picture also counts what the indexes cost when rows are written: %(chosen)s in all, where the statements alone "
        "gain %(whole)s."
    ) % {"chosen": taken_off(chosen), "whole": taken_off(whole)}
