"""Figures that can be added up over time in any order. Pure.

A cell is (weight, sum, low, high); its value is sum / weight. A size read once is (1, bytes, bytes, bytes); transactions of
five minutes are (300, 1200, 4, 4): 4 a second. Adding cells adds weights and sums and keeps the extremes, so that an hour's
cell is the same whichever way its looks are added, and nothing is lost on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Cell:
    """`low`, `high`: of the values that were added, one for each look."""

    weight: float
    sum: float
    low: float
    high: float

    @classmethod
    def of(cls, sum: float, weight: float = 1.0) -> Cell | None:
        """A look's figure; None where it says nothing (no weight, not finite)."""
        if not (weight > 0 and math.isfinite(weight) and math.isfinite(sum)):
            return None
        return cls(weight, sum, sum / weight, sum / weight)

    @property
    def value(self) -> float:
        return self.sum / self.weight

    def __add__(self, other: Cell) -> Cell:
        return Cell(
            self.weight + other.weight, self.sum + other.sum, min(self.low, other.low), max(self.high, other.high)
        )

    def as_list(self) -> list[float]:
        return [_short(self.weight), _short(self.sum), _short(self.low), _short(self.high)]


def _short(number: float) -> float:
    """Six digits after the point: a column of floats is mostly noise beyond."""
    rounded = round(number, 6)
    return int(rounded) if rounded == int(rounded) else rounded


Cells = dict[str, Cell]


def cells_of(data: Mapping[str, Any]) -> Cells:
    """From what `packed` gave."""
    return {name: Cell(*values) for name, values in data.items()}


def packed(cells: Mapping[str, Cell]) -> dict[str, list[float]]:
    """As JSON keeps them."""
    return {name: cell.as_list() for name, cell in cells.items()}


def add_cells(one: Mapping[str, Cell], other: Mapping[str, Cell]) -> Cells:
    """Both together, name by name."""
    found = dict(one)
    for name, cell in other.items():
        found[name] = found[name] + cell if name in found else cell
    return found
