"""An answer as a file. CSV is for programs: every value as PostgreSQL writes it, an empty text told from NULL as in COPY.
A spreadsheet would take some of those texts for formulas, so for it there is a file of its own, where they are not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone

from opsadmin.console.rows import Rows
from opsadmin.core.result import plain
from opsadmin.pages.sql_cells import text_of

#: Texts that begin so, past what is only space, are formulas to a spreadsheet.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001  # the wide ones count too
#: Spreadsheets take a file for UTF-8 only where it begins with this.
BOM = "\ufeff"
#: Rows in one piece of the answer.
PIECE = 200


def file_answer(rows: Rows, kind: str, database: str) -> StreamingHttpResponse:
    """The answer as a download. `kind`: one of `KINDS`."""
    write, ending, content_type = KINDS[kind]
    name = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in database)
    return StreamingHttpResponse(
        write(rows),
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}-{timezone.localtime():%Y%m%d-%H%M%S}.{ending}"',
            "Cache-Control": "no-store",
        },
    )


def csv_of(rows: Rows, safe: Callable[[Any, str], str] = lambda value, text: text) -> Iterator[str]:
    """CSV of RFC 4180. NULL is nothing, an empty text is `""`, which Python's own writer cannot tell apart."""
    types = [column.type for column in rows.columns]
    yield _line(safe(column.name, column.name) for column in rows.columns)
    for begin in range(0, len(rows.rows), PIECE):
        yield "".join(
            _line(
                None if value is None else safe(value, text_of(value, kind))
                for value, kind in zip(row, types, strict=True)
            )
            for row in rows.rows[begin : begin + PIECE]
        )


def spreadsheet_of(rows: Rows) -> Iterator[str]:
    """CSV that a spreadsheet shows as it is: an apostrophe stands before what it would take for a formula."""
    yield BOM
    yield from csv_of(rows, _disarmed)


def json_of(rows: Rows) -> Iterator[str]:
    """The same as every door answers, but a `numeric` with all its digits."""
    head = {
        "columns": plain(rows.columns),
        "truncated": rows.truncated,
        "elapsed_ms": rows.elapsed_ms,
        "masked": rows.masked,
        "cut": rows.cut,
    }
    yield f'{json.dumps(head, ensure_ascii=False)[:-1]}, "rows": ['
    for begin in range(0, len(rows.rows), PIECE):
        piece = ",\n".join(_exact(list(row)) for row in rows.rows[begin : begin + PIECE])
        yield f",\n{piece}" if begin else f"\n{piece}"
    yield "\n]}\n"


KINDS: dict[str, tuple[Callable[[Rows], Iterator[str]], str, str]] = {
    "csv": (csv_of, "csv", "text/csv; charset=utf-8"),
    "spreadsheet": (spreadsheet_of, "csv", "text/csv; charset=utf-8"),
    "json": (json_of, "json", "application/json"),
}


def _disarmed(value: Any, text: str) -> str:
    if isinstance(value, int | float | Decimal):
        return text
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def _line(cells: Iterator[str | None]) -> str:
    return ",".join("" if cell is None else _quoted(cell) for cell in cells) + "\r\n"


def _quoted(text: str) -> str:
    if text and not any(sign in text for sign in ',"\r\n') and text == text.strip() and text != "\\.":
        return text
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _exact(value: Any) -> str:
    match value:
        case Decimal() if value.is_finite():
            return str(value)
        case list() | tuple():
            return f"[{', '.join(map(_exact, value))}]"
        case _:
            return json.dumps(plain(value), ensure_ascii=False)
