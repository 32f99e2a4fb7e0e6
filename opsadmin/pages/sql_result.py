"""The rows of an answer as the page shows them: not too many, no cell too long, and what is left out said."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.console.rows import Rows
from opsadmin.core.blocks import said_number
from opsadmin.pages.sql_cells import is_number_type, text_of

#: Rows and cells that a page shows at most; a file has all of them.
MOST_ROWS = 200
MOST_CELLS = 6000
#: A longer cell is cut, and opens.
SHORT = 200
#: No cell opens further, and all together take no more than that.
LONG, MOST_CHARACTERS = 20_000, 400_000


@dataclass(frozen=True)
class ShownColumn:
    name: str
    type: str
    is_number: bool


@dataclass(frozen=True)
class ShownCell:
    """`text`: None for NULL. `whole`: of a cell that was cut, as much as the page can hold; `length`: of all of it."""

    text: str | None
    is_number: bool
    whole: str = ""
    length: int = 0

    @property
    def is_whole(self) -> bool:
        return len(self.whole) == self.length


@dataclass(frozen=True)
class RowsView:
    """`count`: of the rows that came; `rows`: those that are shown. `says`: what is left out or was changed."""

    columns: tuple[ShownColumn, ...]
    rows: tuple[tuple[ShownCell, ...], ...]
    count: int
    head: str
    says: tuple[str, ...]


def rows_view(rows: Rows, limit: int) -> RowsView:
    """`limit`: the one that was asked for."""
    columns = tuple(ShownColumn(one.name, one.type, is_number_type(one.type)) for one in rows.columns)
    most = min(MOST_ROWS, max(1, MOST_CELLS // max(1, len(columns))))
    shown: list[tuple[ShownCell, ...]] = []
    left = MOST_CHARACTERS
    for row in rows.rows[:most] if columns else ():
        cells = []
        for value, column in zip(row, columns, strict=True):
            cell = _cell(None if value is None else text_of(value, column.type), column, left)
            left -= len(cell.text or "") + len(cell.whole)
            cells.append(cell)
        shown.append(tuple(cells))
        if left <= 0:
            break
    count = len(rows.rows)
    values = {"n": said_number("", count), "ms": f"{rows.elapsed_ms:.0f}" if rows.elapsed_ms >= 10 else rows.elapsed_ms}
    head = ngettext("%(n)s row in %(ms)s ms", "%(n)s rows in %(ms)s ms", count) % values
    return RowsView(columns, tuple(shown), count, head, tuple(_says(rows, len(shown), limit)))


def _cell(text: str | None, column: ShownColumn, left: int) -> ShownCell:
    if text is None or len(text) <= SHORT:
        return ShownCell(text, column.is_number)
    return ShownCell(f"{text[:SHORT]} …", False, text[: max(0, min(LONG, left - SHORT))], len(text))


def _says(rows: Rows, shown: int, limit: int) -> list[str]:
    count = len(rows.rows)
    found = []
    if rows.truncated and count >= limit:
        found.append(_("There are more rows than the %(n)s that were asked for.") % {"n": said_number("", limit)})
    elif rows.truncated:
        found.append(_("There are more rows: the answer grew too large. Select fewer columns, or fewer rows."))
    if rows.columns and shown < count:
        values = {"shown": said_number("", shown), "count": said_number("", count)}
        found.append(_("The page shows the first %(shown)s of %(count)s rows; the files have all of them.") % values)
    if rows.masked:
        found.append(
            ngettext("A secret is masked in %(n)s place.", "Secrets are masked in %(n)s places.", rows.masked)
            % {"n": said_number("", rows.masked)}
        )
    if rows.cut:
        found.append(
            ngettext(
                "%(n)s cell is longer than a megabyte and was cut there.",
                "%(n)s cells are longer than a megabyte and were cut there.",
                rows.cut,
            )
            % {"n": said_number("", rows.cut)}
        )
    return found
