"""The list of statements as its template shows it: from what PostgreSQL said now, or last (opsadmin/last_seen.py), or from what
was sampled of a range (queries_sampled.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from opsadmin.charts.svg import NOTHING
from opsadmin.core.blocks import Note, said_bytes, said_number
from opsadmin.core.result import plain
from opsadmin.pages.queries_change import change_name, said_change
from opsadmin.pages.queries_text import gist, marked_up
from opsadmin.workload.named import names_table
from opsadmin.workload.queries import ORDERS, RESOURCES_SHARE, TopQueries, said_ms
from opsadmin.workload.statement_trends import ORDERS as SAMPLED_ORDERS

#: Statements on a page, and those that are kept for an outage.
PAGE, KEPT = 25, 200
#: Characters of a statement in the list.
SHOWN = 200


@dataclass(frozen=True)
class Wanted:
    """What the reader asked for. `page` counts from 1; `range` is one of `WINDOWS`, empty for what is counted since the reset."""

    database: str
    is_default: bool
    sort: str = "total_time"
    text: str = ""
    role: str = ""
    table: str = ""
    min_calls: int = 1
    page: int = 1
    range: str = ""

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.role or self.table or self.min_calls > 1)

    @property
    def offset(self) -> int:
        return (self.page - 1) * PAGE

    @property
    def parameters(self) -> dict[str, Any]:
        """Of the operation. The first page without a filter reads what is kept for an outage too."""
        found = {
            "database": self.database,
            "sort_by": self.sort,
            "text": self.text,
            "role": self.role,
            "table": self.table,
            "min_calls": self.min_calls,
            "limit": KEPT if self.is_whole else PAGE,
            "offset": self.offset,
        }
        return {name: value for name, value in found.items() if value != ""}

    @property
    def is_whole(self) -> bool:
        """Whether the answer is worth keeping."""
        return self.page == 1 and not self.is_filtered

    def query(self, **changes: Any) -> str:
        """What a link says to be asked for the same, but for the changes."""
        values = {
            "database": "" if self.is_default else self.database,
            "range": self.range,
            "sort": "" if self.sort == "total_time" else self.sort,
            "text": self.text,
            "role": self.role,
            "table": self.table,
            "min_calls": "" if self.min_calls == 1 else self.min_calls,
            "page": "" if self.page == 1 else self.page,
            **changes,
        }
        if "sort" in changes and changes["sort"] == "total_time":
            values["sort"] = ""
        return "?" + urlencode({name: value for name, value in values.items() if value not in ("", None)})


def told(found: TopQueries) -> dict[str, Any]:
    """The answer as JSON knows it."""
    notes = [{**plain(note), "status": note.status.value} for note in found.notes if isinstance(note, Note)]
    return {"found": found.found, "notes": notes, "queries": [one.as_dict() for one in found]}


def picked(kept: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Of an answer that was kept, what is wanted now: ordered, filtered, and its page."""
    text = wanted.text.casefold()
    chosen = [
        one
        for one in kept.get("queries", [])
        if one["calls"] >= wanted.min_calls
        and (one["hidden"] or text in one["sql"].casefold())
        and (not wanted.role or wanted.role in one["roles"])
        and (not wanted.table or one["hidden"] or names_table(one["sql"], wanted.table))
        and (wanted.sort != "resources" or _greatest(one)[1] >= RESOURCES_SHARE)
    ]
    chosen.sort(key=_ORDER_OF[wanted.sort], reverse=True)
    return {**kept, "found": len(chosen), "queries": chosen[wanted.offset : wanted.offset + PAGE]}


def _greatest(query: Mapping[str, Any]) -> tuple[str, float]:
    """The resource that the statement takes the greatest share of."""
    shares: dict[str, float] = query["resources"]
    return max(shares.items(), key=lambda item: item[1], default=("time", 0.0))


def _by(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda query: query[name]


_ORDER_OF: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    **{order: _by(order) for order in ("total_time", "mean_time", "max_time", "calls", "rows")},
    "io": lambda query: (query["io_time"], query["io_blks"]),
    "wal": _by("wal_bytes"),
    "resources": lambda query: _greatest(query)[1],
}


# --- what is shown --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Column:
    """`order`: the one that its heading's link asks for, empty where there is none; `sort`: as aria-sort says it."""

    label: str
    order: str
    link: str
    sort: str


@dataclass(frozen=True)
class Row:
    """`link`: empty where the role may not see the statement; `note` says so. `cells`: of each column its label and its
    figure; `spark`: its time over a range."""

    sql: SafeString
    link: str
    note: str
    remarks: tuple[str, ...]
    width: str
    percent: str
    cells: tuple[tuple[str, str], ...]
    spark: SafeString = NOTHING


@dataclass(frozen=True)
class Choice:
    """A link, and whether it is what is shown."""

    label: str
    link: str
    is_current: bool


@dataclass(frozen=True)
class Listing:
    """`first` to `last` of `found`; `before`, `after`: links to the pages around, empty where there is none."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    orders: tuple[Choice, ...]
    found: int
    first: int
    last: int
    before: str
    after: str
    notes: tuple[Mapping[str, Any], ...] = field(default=())


def listing(answer: Mapping[str, Any], wanted: Wanted) -> Listing:
    """`answer`: as `told` or `picked` made it."""
    queries = answer["queries"][:PAGE]
    found = int(answer["found"])
    figures = _figures(wanted)
    several_roles = len({role for one in queries for role in one["roles"]}) > 1
    return Listing(
        columns=tuple(
            Column(
                label,
                order,
                wanted.query(sort=order, page="") if order else "",
                "descending" if order == wanted.sort else "",
            )
            for label, order, _cell in figures
        ),
        rows=tuple(_row(one, wanted, figures, several_roles) for one in queries),
        orders=tuple(
            Choice(label, wanted.query(sort=order, page=""), order == wanted.sort)
            for order, label in order_names(wanted).items()
        ),
        found=found,
        first=wanted.offset + 1,
        last=wanted.offset + len(queries),
        before=wanted.query(page=wanted.page - 1 if wanted.page > 2 else "") if wanted.page > 1 else "",
        after=wanted.query(page=wanted.page + 1) if wanted.offset + len(queries) < found else "",
        notes=tuple(answer.get("notes", ())),
    )


def order_names(wanted: Wanted) -> dict[str, str]:
    """Of every order that there is for what is wanted."""
    names = {
        "total_time": _("Total time"),
        "mean_time": _("Mean time"),
        "max_time": _("Longest call"),
        "calls": _("Calls"),
        "rows": _("Rows"),
        "io": _("Reading and writing"),
        "wal": _("WAL"),
        "resources": _("Any resource"),
        "change": _("What grew most"),
    }
    return {order: names.get(order, order) for order in orders_of(wanted.range)}


def roles_of(answer: Mapping[str, Any] | None) -> list[str]:
    """Who sent any of the statements."""
    return sorted({role for one in answer["queries"] for role in one["roles"]}) if answer else []


def orders_of(range: str) -> tuple[str, ...]:
    """What a list may be ordered by."""
    return SAMPLED_ORDERS if range else ORDERS


_Figure = tuple[str, str, Callable[[Mapping[str, Any]], str]]


def _figures(wanted: Wanted) -> list[_Figure]:
    found: list[_Figure] = [
        (_("Total"), "total_time", lambda query: said_ms(query["total_time"])),
        (_("Mean"), "mean_time", lambda query: said_ms(query["mean_time"])),
        (_("Max"), "max_time", lambda query: said_ms(query["max_time"])),
        (_("Calls"), "calls", lambda query: said_number("", query["calls"])),
    ]
    # The change takes its place, and the room is little.
    if not wanted.range or wanted.sort == "rows":
        found.append((_("Rows"), "rows", lambda query: said_number("", query["rows"])))
    match wanted.sort:
        case "io":
            found += [
                (_("I/O time"), "io", _said_io_time),
                (_("Read"), "", lambda query: said_bytes(query["shared_blks_read"] * query["block_size"])),
                (_("Temporary"), "", lambda query: said_bytes(query["temp_blks_written"] * query["block_size"])),
            ]
        case "wal":
            found.append((_("WAL"), "wal", lambda query: said_bytes(query["wal_bytes"])))
        case "resources":
            found.append((_("Takes most of"), "resources", _said_greatest))
    if wanted.range:
        found.append((change_name(wanted.sort), "change", lambda query: said_change(query, wanted.sort)))
    return found


def resource_names() -> dict[str, str]:
    """Of what a statement takes shares of."""
    return {
        "time": _("time"),
        "blocks": _("blocks touched"),
        "blocks_read": _("blocks read"),
        "blocks_dirtied": _("blocks changed"),
        "wal": _("WAL"),
    }


def _said_io_time(query: Mapping[str, Any]) -> str:
    """Nothing is measured while track_io_timing is off."""
    return "–" if query["io_blks"] and not query["io_time"] else said_ms(query["io_time"])


def _said_greatest(query: Mapping[str, Any]) -> str:
    name, share = _greatest(query)
    return f"{resource_names().get(name, name)}, {percent(share)}"


def _row(query: Mapping[str, Any], wanted: Wanted, figures: list[_Figure], several_roles: bool) -> Row:
    hidden = bool(query["hidden"])
    remarks = []
    if several_roles:
        remarks.append(", ".join(query["roles"]))
    if not query["toplevel"]:
        remarks.append(_("within functions"))
    return Row(
        sql=marked_up(gist(query["sql"], SHOWN)) if query["sql"] else _textless(query),
        link="" if hidden else wanted.query(queryid=query["queryid"]),
        note=query["note"],
        spark=query.get("spark", NOTHING),
        remarks=tuple(remarks),
        width=width_of(query["share"]),
        percent=percent(query["share"]),
        cells=tuple((label, cell(query)) for label, _order, cell in figures),
    )


def _textless(query: Mapping[str, Any]) -> SafeString:
    """For a statement whose text is kept no longer."""
    return format_html("<i>{}</i>", _("The text is not kept; query id %(id)s") % {"id": query["queryid"]})


def percent(share: float) -> str:
    """A share of 0 to 1 for people."""
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    return "< 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def width_of(share: float) -> str:
    """Of a bar, out of 100. What there is is seen."""
    return f"{min(100.0, max(1.0, 100 * share)):.1f}" if share > 0 else "0"
