"""The history as CSV, in pieces: memory does not grow with the range."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from stores.admin.history_filter import HistoryFilter
from stores.admin.history_list import Cursor
from stores.backends import history_row
from stores.models import StateHistory
from stores.router import STORE_ALIAS

COLUMNS = ("id", *history_row.COLUMNS)
#: As PostgreSQL writes it: to parse it only to write it again costs more than all the rest.
METADATA = Cast("metadata", TextField())
BATCH = 2_000
#: A cell that begins so is a formula to a spreadsheet.
FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Line:
    """A file that hands back what is written."""

    def write(self, text: str) -> str:
        return text


def csv_lines(chosen: HistoryFilter, batch: int = BATCH) -> Iterator[str]:
    """The chosen readings, newest first, under a line of names. The first piece reads the first batch: a database
    that is away fails there, before anything was sent."""
    writer = csv.writer(_Line())
    piece = str(writer.writerow(COLUMNS))
    cursor: Cursor | None = None
    while True:
        readings = StateHistory.objects.using(STORE_ALIAS).filter(chosen.condition())
        if cursor is not None:
            readings = readings.filter(cursor.condition())
        rows = list(readings.order_by("-timestamp", "-id").values_list(*COLUMNS[:-1], METADATA)[:batch])
        piece += "".join(str(writer.writerow([as_cell(value) for value in row])) for row in rows)
        yield piece
        if len(rows) < batch:
            return
        cursor = Cursor(rows[-1][1], rows[-1][0], older=True)
        piece = ""


def as_cell(value: Any) -> Any:
    """The value for a cell: numbers as they are, text such that no spreadsheet takes it for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA_BEGINS):
        return "'" + value
    return value
