"""Pages of the history by key instead of by number: the newest page and the thousandth cost the same, and a reading
that arrives meanwhile shifts nothing. Nothing is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connections
from django.db.models import Q

from stores.admin.estimated import ESTIMATE
from stores.admin.history_filter import HistoryFilter
from stores.models import StateHistory
from stores.router import STORE_ALIAS

PAGE = 50


@dataclass(frozen=True)
class Cursor:
    """A place in the list: between the reading (`timestamp`, `id`) and its neighbour. `older`: which way from there."""

    timestamp: datetime
    id: int
    older: bool

    @classmethod
    def parse(cls, older: str | None, newer: str | None) -> Cursor | None:
        """From the address; None where it says nothing that makes sense."""
        text = older or newer
        if not text:
            return None
        moment, _, number = text.partition("_")
        try:
            timestamp = datetime.fromisoformat(moment)
            if timestamp.tzinfo is None or not 1 < timestamp.year < 9999:
                return None
            found = int(number)
        except ValueError:
            return None
        return cls(timestamp, found, bool(older)) if abs(found) < 2**63 else None

    @staticmethod
    def text(row: StateHistory) -> str:
        return f"{row.timestamp.isoformat()}_{row.pk}" if row.timestamp else ""

    def condition(self) -> Q:
        # The first half alone lets the index find the place; readings may share a time.
        if self.older:
            return Q(timestamp__lte=self.timestamp) & (Q(timestamp__lt=self.timestamp) | Q(id__lt=self.id))
        return Q(timestamp__gte=self.timestamp) & (Q(timestamp__gt=self.timestamp) | Q(id__gt=self.id))


@dataclass(frozen=True)
class HistoryPage:
    """Newest first. `newer` and `older` are the cursors of the neighbouring pages, empty where there is none."""

    rows: list[StateHistory]
    newer: str
    older: str


def page_of(chosen: HistoryFilter, cursor: Cursor | None, size: int = PAGE) -> HistoryPage:
    readings = StateHistory.objects.using(STORE_ALIAS).filter(chosen.condition()).defer("metadata")
    upwards = cursor is not None and not cursor.older
    if cursor is not None:
        readings = readings.filter(cursor.condition())
    order = ("timestamp", "id") if upwards else ("-timestamp", "-id")
    rows = list(readings.order_by(*order)[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    if upwards:
        rows.reverse()
    if not rows:
        return HistoryPage([], "", "")
    # Coming from a neighbour means that there is one on that side.
    has_newer = more if upwards else cursor is not None
    has_older = more if not upwards else True
    return HistoryPage(rows, Cursor.text(rows[0]) if has_newer else "", Cursor.text(rows[-1]) if has_older else "")


def how_many() -> int:
    """PostgreSQL's own estimate of the readings in the table; 0 where it has made none yet."""
    with connections[STORE_ALIAS].cursor() as cursor:
        cursor.execute(ESTIMATE, [StateHistory._meta.db_table])
        return int(cursor.fetchone()[0] or 0)


def newest_time() -> datetime | None:
    """The time of the newest reading; None where there is none."""
    newest = StateHistory.objects.using(STORE_ALIAS).filter(timestamp__isnull=False)
    return newest.order_by("-timestamp").values_list("timestamp", flat=True).first()
