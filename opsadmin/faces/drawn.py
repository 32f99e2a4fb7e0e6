"""Blocks of a result as a template draws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.core.blocks import Block, Table, blocks_of


@dataclass(frozen=True)
class Drawn:
    """`kind` is the block's class in small letters; of a table `rows` are the cells, each with whether it is a number,
    and `cut` says how many rows are left out."""

    kind: str
    block: Block
    columns: tuple[tuple[str, bool], ...] = ()
    rows: tuple[tuple[tuple[str, bool], ...], ...] = ()
    cut: str = ""


def drawn_blocks(result: Any, most: int | None = None) -> list[Drawn]:
    """The blocks of a result; tables with at most that many rows."""
    return [_drawn(block, most) for block in blocks_of(result)]


def _drawn(block: Block, most: int | None) -> Drawn:
    kind = type(block).__name__.lower()
    if not isinstance(block, Table):
        return Drawn(kind, block)
    numeric = [index in block.numeric for index in range(len(block.columns))]
    rows = block.rows if most is None else block.rows[:most]
    cut = ""
    if len(rows) < len(block.rows):
        cut = _("%(shown)d of %(all)d rows are shown.") % {"shown": len(rows), "all": len(block.rows)}
    return Drawn(
        kind,
        block,
        tuple(zip(block.columns, numeric, strict=True)),
        tuple(tuple(zip(row, numeric, strict=False)) for row in rows),
        cut,
    )
