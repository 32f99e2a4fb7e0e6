"""What a list of PostgreSQL's rows showed last: kept as text in the site database while it can be read, at most once a
minute, and shown while it cannot."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from html.parser import HTMLParser
from time import monotonic

from django.db import DatabaseError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from stores.documents.secrets import HIDDEN
from stores.models import LastKnownPage

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
MOST_ROWS = 100
LONGEST_CELL = 500

_SECRET = re.compile(r"https?://[^\s\"'<>]*(?:maker\.ifttt\.com/|/with/key/)[^\s\"'<>]*", re.IGNORECASE)
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_HIDDEN = frozenset({"visually-hidden", "action-checkbox", "action-checkbox-column"})

#: When this process looked at each page last.
_looked: dict[str, float] = {}


def keep(request: HttpRequest, response: HttpResponseBase, title: str) -> None:
    """Keep the page's table. Only the page without a query: that is what everybody sees first. Never raises."""
    if request.method != "GET" or request.GET or response.status_code != 200 or response.streaming:
        return
    now = monotonic()
    if now - _looked.get(request.path, -EVERY.total_seconds()) < EVERY.total_seconds():
        return
    headers, rows = _table_of(getattr(response, "text", ""))
    if not headers:
        return
    _looked[request.path] = now
    taken_at = timezone.now()
    try:
        if LastKnownPage.objects.filter(path=request.path, taken_at__gt=taken_at - EVERY).exists():
            return
        LastKnownPage.objects.update_or_create(
            path=request.path,
            defaults={"title": title[:200], "headers": headers, "rows": rows, "taken_at": taken_at},
        )
    except DatabaseError as error:
        logger.warning("[store] What %s shows was not kept: %s.", request.path, type(error).__name__)


def find(path: str) -> LastKnownPage | None:
    """The page as it was; None where it never was, or the site database fails."""
    try:
        return LastKnownPage.objects.filter(path=path).first()
    except DatabaseError:
        return None


def _table_of(page: str) -> tuple[list[str], list[list[str]]]:
    """Its headers and rows, without the columns that have buttons and no name."""
    table = _Table()
    table.feed(page)
    named = [column for column, header in enumerate(table.headers) if header]
    rows = [[row[column] for column in named if column < len(row)] for row in table.rows]
    return [table.headers[column] for column in named], rows


class _Table(HTMLParser):
    """The text of the first table that is marked: the admin's list, or ours with `data-last-known`."""

    def __init__(self) -> None:
        super().__init__()
        self.headers: list[str] = []
        self.rows: list[list[str]] = []
        self._inside = self._done = self._is_head = False
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._skip = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        if tag == "table" and not self._done and ("data-last-known" in found or found.get("id") == "result_list"):
            self._inside = True
        if not self._inside:
            return
        if self._skip or _HIDDEN & set((found.get("class") or "").split()) or tag == "svg":
            if tag not in _VOID:
                self._skip += 1
        elif tag == "tr":
            self._row, self._is_head = [], True
        elif tag in ("th", "td"):
            self._cell = []
            self._is_head = self._is_head and tag == "th"
        elif tag == "img" and self._cell is not None:
            self._cell.append(found.get("alt") or "")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if not self._inside:
            return
        if self._skip:
            self._skip -= tag not in _VOID
        elif tag in ("th", "td") and self._row is not None and self._cell is not None:
            text = _SECRET.sub(HIDDEN, " ".join("".join(self._cell).split()))
            self._row.append(text[:LONGEST_CELL])
            self._cell = None
        elif tag == "tr" and self._row is not None:
            if self._is_head and not self.headers:
                self.headers = self._row
            elif len(self.rows) < MOST_ROWS:
                self.rows.append(self._row)
            self._row = None
        elif tag == "table":
            self._inside, self._done = False, True

    def handle_data(self, data: str) -> None:
        if self._cell is not None and not self._skip:
            self._cell.append(data)
