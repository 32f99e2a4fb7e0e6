"""The answer to a statement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opsadmin.core.blocks import Block, Note, Table, said
from opsadmin.core.finding import Status
from opsadmin.core.result import Result

#: A longer cell is cut where people read it; `rows` has all of it.
SHOWN = 300


@dataclass(frozen=True)
class Column:
    """A column of the answer; `type` as PostgreSQL writes it."""

    name: str
    type: str


@dataclass(frozen=True)
class Rows(Result):
    """`truncated`: there were more rows, or more bytes, than asked for. `masked`: how many cells held secrets;
    `cut`: how many were cut, because they are longer than a megabyte."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    elapsed_ms: float
    masked: int = 0
    cut: int = 0

    def blocks(self) -> list[Block]:
        """The rows as a table, and what is missing from it as sentences."""
        count = len(self.rows)
        title = f"{count} row{'' if count == 1 else 's'} in {self.elapsed_ms:.0f} ms"
        numeric = {
            index
            for index in range(len(self.columns))
            if any(_is_number(row[index]) for row in self.rows)
            and all(row[index] is None or _is_number(row[index]) for row in self.rows)
        }
        table = Table(
            title,
            tuple(column.name for column in self.columns),
            tuple(tuple(_shown(value) for value in row) for row in self.rows),
            frozenset(numeric),
            empty="No rows.",
            more=f"There are more: these are the first {count}." if self.truncated else "",
        )
        notes = [
            Note(Status.OK, text)
            for count, text in (
                (self.masked, f"Secrets are masked in {self.masked} place{'' if self.masked == 1 else 's'}."),
                (self.cut, f"Cells of more than a megabyte are cut: {self.cut}."),
            )
            if count
        ]
        return [table, *notes]


def _shown(value: Any) -> str:
    text = str(value) if _is_number(value) else said("", value)
    return text if len(text) <= SHOWN else text[:SHOWN] + " ..."


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
