"""A list of indexes as its template shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from opsadmin.core.blocks import said_seconds
from opsadmin.pages.indexes_read import ALL, ORDERS, PAGE, Reading, Wanted
from opsadmin.pages.indexes_words import empties, figures, forbidding, leads, on, remark

DROP, REBUILD, MEASURE = "drop_index", "reindex_index", "measure_index"
#: What may help with an index of each list.
HELPS: Mapping[str, tuple[str, ...]] = {
    "unused": (DROP,),
    "duplicate": (DROP,),
    "invalid": (REBUILD, DROP),
    "bloated": (REBUILD, MEASURE),
}


@dataclass(frozen=True)
class Button:
    """An operation that may help, by the page of that operation."""

    label: str
    operation: str


@dataclass(frozen=True)
class Row:
    """`link`: to the index. `forbids`: what speaks against dropping it."""

    object: str
    link: str
    table: str
    on: str
    remark: str
    forbids: str
    size: str
    scans: str
    used: str
    is_invalid: bool
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class Column:
    """`link`: sorts by it. `sort`: as aria-sort says it."""

    label: str
    link: str
    sort: str
    is_number: bool


@dataclass(frozen=True)
class Listing:
    """`first` to `last` of `found`; `before`, `after`: links to the pages around, empty where there is none."""

    lead: str
    empty: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    found: int
    first: int
    last: int
    before: str
    after: str
    has_used: bool
    has_buttons: bool
    has_forbids: bool


def listing(reading: Reading, wanted: Wanted, may: Callable[[str], bool]) -> Listing:
    """`may`: whether the person may do the operation of that name."""
    helps = [name for name in HELPS.get(wanted.list, ()) if may(name)]
    rows = tuple(_row(row, wanted, helps) for row in reading.rows or ())
    last = wanted.offset + len(rows)
    has_used = any(row.used for row in rows)
    return Listing(
        lead=leads()[wanted.list],
        empty=empties()[wanted.list],
        columns=tuple(_columns(wanted, has_used=has_used)),
        rows=rows,
        found=reading.found,
        first=wanted.offset + 1,
        last=last,
        before=wanted.query(page=wanted.page - 1) if wanted.page > 1 else "",
        after=wanted.query(page=wanted.page + 1) if last < reading.found and len(rows) == PAGE else "",
        has_used=has_used,
        has_buttons=any(row.buttons for row in rows),
        has_forbids=wanted.list in (ALL, "idle") or any(row.forbids for row in rows),
    )


def order_names() -> dict[str, str]:
    """Of every order."""
    names = {"size": _("Size"), "scans": _("Scans"), "name": _("Index"), "table": _("Table")}
    return {order: names[order] for order in ORDERS}


def since(reading: Reading) -> str:
    """Since when scans are counted, as a sentence; empty where nobody knows yet."""
    ground = reading.ground
    if not ground:
        return ""
    reset = parse_datetime(ground["reset_at"]) if ground.get("reset_at") else None
    if reset is not None:
        return _("Scans are counted for %(age)s, since somebody reset the counters.") % {"age": _age(reset)}
    if ground.get("age_seconds") is not None:
        span = timedelta(seconds=ground["age_seconds"])
        return _("Scans are counted for %(age)s.") % {"age": said_seconds(span.total_seconds())}
    return _("Scans are counted since the server was made, or lost its counters in a crash.")


def cautions(reading: Reading, wanted: Wanted) -> list[str]:
    """What one must know before dropping what nobody reads."""
    if wanted.list not in ("unused", "idle"):
        return []
    found = []
    if reading.ground.get("has_standby"):
        found.append(_("A standby counts its own reads: look there too before you drop one."))
    return found


def _age(moment: datetime) -> str:
    return said_seconds(max(1, int((timezone.now() - moment).total_seconds())))


def _columns(wanted: Wanted, *, has_used: bool) -> list[Column]:
    def column(order: str, sort: str) -> Column:
        is_current = order == wanted.sort
        return Column(
            order_names()[order],
            wanted.query(sort=order, page=1),
            sort if is_current else "",
            order in ("size", "scans"),
        )

    found = [
        column("name", "ascending"),
        column("table", "ascending"),
        column("size", "descending"),
        column("scans", "ascending"),
    ]
    return [*found, Column(_("Last used"), "", "", True)] if has_used else found


def _row(row: Mapping[str, Any], wanted: Wanted, helps: list[str]) -> Row:
    shown = figures(row)
    return Row(
        object=row["object"],
        link=wanted.query(index=row["object"]),
        table=row.get("table_object", ""),
        on=on(row),
        remark=remark(row),
        forbids=forbidding(row),
        size=shown["size"],
        scans=shown["scans"],
        used=shown["used"],
        is_invalid=not row.get("is_valid", True),
        buttons=tuple(Button(_label(name), name) for name in helps if _fits(name, row)),
    )


def _fits(operation: str, row: Mapping[str, Any]) -> bool:
    """Whether the operation could help with this one."""
    if operation == DROP:
        return not (row.get("constraint_name") or row.get("is_referenced") or row.get("is_partition"))
    if row.get("is_partitioned"):
        return False
    # What a failed rebuild left behind, or a drop that was broken off, is not rebuilt.
    return operation != REBUILD or not str(row.get("fix", "")).startswith("DROP")


def _label(operation: str) -> str:
    return {DROP: _("Drop"), REBUILD: _("Rebuild"), MEASURE: _("Measure")}[operation]
