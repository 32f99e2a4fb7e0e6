"""Charts of the pages: each in two widths, since the text of an SVG shrinks with it on a phone, and with its values as a
table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString


@dataclass(frozen=True)
class Picture:
    """`rows`: the values, for the table beside it."""

    wide: SafeString
    narrow: SafeString
    rows: tuple[tuple[Any, ...], ...] = ()


def picture(
    draw: Callable[[str, int, str], SafeString], identity: str, *, wide: int, narrow: int = 320, rows: Any = ()
) -> Picture:
    """`draw(identity, width, css)` draws it; `identity` names it on the page."""
    return Picture(
        draw(f"{identity}-wide", wide, "is-wide"), draw(f"{identity}-narrow", narrow, "is-narrow"), tuple(rows)
    )
