"""The tiles at the head of the Overview. An app adds its own from its `pages` module:

register_tile(lambda database: Tile(_("Queue"), "12", _("the oldest waits 3 min")))"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tile:
    """A name, a figure and a remark. `tone` (ok, warning, critical) colours the figure; the words must say it too. `url`
    leads to more, for people with `permission`."""

    title: str
    figure: str
    note: str = ""
    tone: str = ""
    url: str = ""
    permission: str = ""


TileOf = Callable[[str], Tile | None]

_tiles: list[TileOf] = []


def register_tile(function: TileOf) -> None:
    """`function(database)` gives the tile, or None where that database is not its business. It must not wait for
    PostgreSQL: the Overview is for outages too."""
    if function not in _tiles:
        _tiles.append(function)


def registered_tiles(database: str) -> list[Tile]:
    """In the order of registration; one that fails is left out."""
    found = []
    for function in _tiles:
        try:
            tile = function(database)
        except Exception:
            logger.exception("[overview] a tile failed")
            continue
        if tile is not None:
            found.append(tile)
    return found
