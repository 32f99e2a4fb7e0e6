"""What a chart is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: How a band is filled; three that differ without colour.
BandStyle = Literal["solid", "outline", "hatched"]


@dataclass(frozen=True)
class Series:
    """A line. `points` in order of time (aware), None breaks the line; series of one `unit` share a panel; `index`
    (1 to 6) chooses the colour class."""

    name: str
    points: Sequence[tuple[datetime, float | None]]
    unit: str = ""
    index: int = 1


@dataclass(frozen=True)
class Band:
    """A state that held in [start, end)."""

    start: datetime
    end: datetime
    label: str
    style: BandStyle = "solid"
