"""The lists of the page "Tables" as its template shows them: tables, the room in number ranges, and objects of other
kinds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.catalogue.kinds import LISTED
from opsadmin.catalogue.ranges import Ranges
from opsadmin.catalogue.tables import ORDERS, Tables
from opsadmin.catalogue.words import label
from opsadmin.core.blocks import said, said_bytes, said_number, said_seconds
from opsadmin.workload.trends import TableSize, table_sizes

logger = logging.getLogger(__name__)

#: Rows on a page, and tables that are kept for an outage.
PAGE, KEPT = 40, 200
#: From when on dead rows stand out (our choice): so many, and so large a part.
MANY_DEAD, DEAD_PART = 1000, 0.2
#: Over how long growth is shown.
GROWTH = timedelta(days=7)
#: Percent of a range (the limits of the check sequence.running_out).
WARNING, CRITICAL = 75, 95

RANGES = "ranges"
#: What can be listed; tables first.
SHOWN = ("", RANGES, *(kind for kind in LISTED if kind not in ("table", "sequence")), "sequence")


@dataclass(frozen=True)
class Wanted:
    """What the reader asked for. `show`: empty for tables. `page` counts from 1."""

    database: str
    is_default: bool
    show: str = ""
    schema: str = ""
    text: str = ""
    sort: str = "size"
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or (self.schema and not self.show))

    @property
    def offset(self) -> int:
        return (self.page - 1) * PAGE

    @property
    def is_whole(self) -> bool:
        """Whether the answer is worth keeping."""
        return self.page == 1 and not self.is_filtered and self.sort == "size"

    def query(self, **changes: Any) -> str:
        """What a link says to be asked for the same, but for the changes."""
        values = {
            "database": "" if self.is_default else self.database,
            "show": self.show,
            "schema": self.schema,
            "text": self.text,
            "sort": self.sort,
            "page": self.page,
            **changes,
        }
        usual = {"sort": "size", "page": 1}
        kept = {name: value for name, value in values.items() if value not in ("", None, usual.get(name))}
        return "?" + urlencode(kept)

    def object(self, schema: str, name: str, kind: str) -> str:
        """The link to one object."""
        values = {
            "schema": _spelled(schema),
            "name": _spelled(name),
            "type": "" if kind == "table" else kind,
            "database": "" if self.is_default else self.database,
        }
        return "?" + urlencode({name: value for name, value in values.items() if value})


def _spelled(name: str) -> str:
    """As an operation takes it: spaces around a name are the name's only in quotes."""
    return name if name == name.strip() else '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Choice:
    label: str
    link: str
    is_current: bool


@dataclass(frozen=True)
class Cell:
    """`below`: in smaller letters. `tone`: warning or critical, which `word` says too. `bars`: widths of 100, one behind
    the other."""

    label: str
    text: str
    below: str = ""
    tone: str = ""
    word: str = ""
    bars: tuple[str, ...] = ()
    is_number: bool = True
    link: str = ""


@dataclass(frozen=True)
class Act:
    """A link to what can be done with the row; `says` it to who does not see the row."""

    label: str
    url: str
    says: str
    is_danger: bool = False


@dataclass(frozen=True)
class Row:
    """`below`: in smaller letters; `warnings`: remarks that are none to pass over."""

    name: str
    link: str
    below: str
    remarks: tuple[str, ...]
    cells: tuple[Cell, ...]
    warnings: tuple[str, ...] = ()
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True)
class Column:
    label: str
    is_number: bool
    link: str = ""
    sort: str = ""


@dataclass(frozen=True)
class Listing:
    """`first` to `last` of `found`, None where nobody counted; `before`, `after`: links to the pages around."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    found: int | None
    first: int
    last: int
    before: str
    after: str
    notes: tuple[str, ...] = ()
    command: str = ""
    legend: str = ""


def kind_names() -> dict[str, str]:
    """Of what can be listed."""
    return {
        "": _("Tables"),
        RANGES: _("Room in sequences"),
        "view": _("Views"),
        "materialized_view": _("Materialized views"),
        "index": _("Indexes"),
        "sequence": _("Sequences"),
        "function": _("Functions"),
        "type": _("Types"),
        "extension": _("Extensions"),
        "foreign_table": _("Foreign tables"),
    }


def order_names() -> dict[str, str]:
    """Of every order of tables."""
    names = {
        "size": _("Size"),
        "rows": _("Rows"),
        "dead_rows": _("Dead rows"),
        "rows_read": _("Rows read in full scans"),
        "changes": _("Changes"),
        "name": _("Name"),
    }
    return {order: names.get(order, order) for order in ORDERS}


def _pages(wanted: Wanted, shown: int, found: int | None) -> dict[str, Any]:
    more = found is not None and wanted.offset + shown < found
    return {
        "found": found,
        "first": wanted.offset + 1,
        "last": wanted.offset + shown,
        "before": wanted.query(page=wanted.page - 1) if wanted.page > 1 else "",
        "after": wanted.query(page=wanted.page + 1) if more else "",
    }


# --- tables ---------------------------------------------------------------------------------------------------------
def told_tables(found: Tables) -> dict[str, Any]:
    """The answer as JSON knows it."""
    return {
        "found": found.found,
        "largest_bytes": found.largest_bytes,
        "counted_since": found.counted_since.isoformat() if found.counted_since else None,
        "schemas": list(found.schemas),
        "tables": [one.as_dict() for one in found],
    }


def picked_tables(kept: Mapping[str, Any], wanted: Wanted) -> dict[str, Any]:
    """Of an answer that was kept, what is wanted now: ordered, filtered, and its page."""
    text = wanted.text.casefold()
    chosen = [
        one
        for one in kept["tables"]
        if text in one["name"].casefold() and (not wanted.schema or one["schema"] == wanted.schema)
    ]
    if wanted.sort == "name":
        chosen.sort(key=lambda one: (one["schema"], one["name"]))
    else:
        chosen.sort(key=_MEASURES[wanted.sort], reverse=True)
    return {**kept, "found": len(chosen), "tables": chosen[wanted.offset : wanted.offset + PAGE]}


_MEASURES: dict[str, Callable[[Mapping[str, Any]], int]] = {
    "size": lambda one: one["total_bytes"] or 0,
    "rows": lambda one: one["rows"] or 0,
    "dead_rows": lambda one: one["dead_rows"] or 0,
    "rows_read": lambda one: one["sequential_rows"] or 0,
    "changes": lambda one: (one["inserted"] or 0) + (one["updated"] or 0) + (one["deleted"] or 0),
}


def tables_listing(found: Mapping[str, Any], wanted: Wanted) -> Listing:
    """`found`: as `told_tables` or `picked_tables` made it."""
    tables = found["tables"][:PAGE]
    largest = max([found["largest_bytes"] or 0, *(one["total_bytes"] or 0 for one in tables)], default=0)
    grown = growth_of(wanted.database)
    columns = [
        _column(wanted, _("Table"), "name", is_number=False),
        _column(wanted, _("Size"), "size"),
        *([Column(_("Growth"), True)] if grown else []),
        _column(wanted, _("Rows"), "rows"),
        _column(wanted, _("Dead rows"), "dead_rows"),
        Column(_("Last VACUUM"), False),
        _column(wanted, _("Scans"), "rows_read"),
        *([_column(wanted, _("Changes"), "changes")] if wanted.sort == "changes" else []),
    ]
    since = datetime.fromisoformat(found["counted_since"]) if found["counted_since"] else None
    notes = [_("Sizes and rows are those of the last VACUUM or ANALYZE.")]
    if since is not None:
        notes.append(_("Counted since %(when)s.") % {"when": said("", timezone.localtime(since))})
    return Listing(
        title=_("Tables"),
        columns=tuple(columns),
        rows=tuple(_table_row(one, wanted, largest, grown) for one in tables),
        notes=tuple(notes),
        legend=_("The bar: the table itself, then its indexes."),
        **_pages(wanted, len(tables), found["found"]),
    )


def _column(wanted: Wanted, text: str, order: str, *, is_number: bool = True) -> Column:
    sort = ("ascending" if order == "name" else "descending") if wanted.sort == order else ""
    return Column(text, is_number, wanted.query(sort=order, page=1), sort)


def _table_row(one: Mapping[str, Any], wanted: Wanted, largest: int, grown: Mapping[tuple[str, str], TableSize]) -> Row:
    remarks = []
    if one["partitions"] is not None:
        remarks.append(
            ngettext("%(n)s partition", "%(n)s partitions", one["partitions"])
            % {"n": said_number("", one["partitions"])}
        )
    if one["kind"] == "materialized_view":
        remarks.append(_("materialized view"))
    if one["is_unlogged"]:
        remarks.append(_("unlogged"))
    cells = [_size(one, largest)]
    if grown:
        cells.append(_growth(grown.get((one["schema"], one["name"]))))
    cells += [
        Cell(_("Rows"), "–" if one["rows"] is None else said_number("", one["rows"])),
        _dead(one),
        _vacuumed(one),
        _scans(one),
    ]
    if wanted.sort == "changes":
        cells.append(_changes(one))
    kind = one["kind"] if one["kind"] == "materialized_view" else "table"
    return Row(
        one["name"], wanted.object(one["schema"], one["name"], kind), one["schema"], tuple(remarks), tuple(cells)
    )


def _size(one: Mapping[str, Any], largest: int) -> Cell:
    total = one["total_bytes"]
    if total is None:
        return Cell(_("Size"), "–", _("not measured yet"))
    bars: tuple[str, ...] = ()
    if largest:
        own = 100 * (total - one["index_bytes"]) / largest
        bars = (f"{own:.1f}", f"{100 * one['index_bytes'] / largest:.1f}")
    return Cell(_("Size"), said_bytes(total), bars=bars)


def _growth(size: TableSize | None) -> Cell:
    text = _("Growth")
    if size is None or not size.before:
        return Cell(text, "–")
    sign = "+" if size.growth >= 0 else "−"
    return Cell(text, f"{sign}{said_bytes(abs(size.growth))}", _in(timezone.now() - size.since))


def _in(length: timedelta) -> str:
    if length.days >= 1:
        return ngettext("in %(n)d day", "in %(n)d days", length.days) % {"n": length.days}
    hours = max(1, round(length.total_seconds() / 3600))
    return ngettext("in %(n)d hour", "in %(n)d hours", hours) % {"n": hours}


def _dead(one: Mapping[str, Any]) -> Cell:
    dead, rows = one["dead_rows"], one["rows"] or 0
    if dead is None:
        return Cell(_("Dead rows"), "–")
    part = dead / (dead + rows) if dead + rows else 0.0
    is_bad = is_much_dead(dead, rows)
    below = f"{100 * part:.0f} %" if dead else ""
    return Cell(_("Dead rows"), said_number("", dead), below, "warning" if is_bad else "", _("many") if is_bad else "")


def is_much_dead(dead: int, rows: int) -> bool:
    """Whether so many dead rows beside so many others are worth a word."""
    return dead >= MANY_DEAD and dead >= DEAD_PART * (dead + rows)


def _vacuumed(one: Mapping[str, Any]) -> Cell:
    text, by = latest(one["vacuumed_at"], one["autovacuumed_at"])
    analyzed, _by = latest(one["analyzed_at"], one["autoanalyzed_at"])
    below = _("ANALYZE %(when)s") % {"when": analyzed} if analyzed else _("never analyzed")
    return Cell(_("Last VACUUM"), f"{text}{by}" if text else _("never"), below, is_number=False)


def latest(manual: str | None, automatic: str | None) -> tuple[str, str]:
    """How long ago, and by whom."""
    by_itself = _("auto")
    moments = [
        (datetime.fromisoformat(moment), said_by)
        for moment, said_by in ((manual, ""), (automatic, f" ({by_itself})"))
        if moment
    ]
    if not moments:
        return "", ""
    moment, by = max(moments)
    return _("%(time)s ago") % {"time": said_seconds(max(1, int((timezone.now() - moment).total_seconds())))}, by


def _scans(one: Mapping[str, Any]) -> Cell:
    full, by_index = one["sequential_scans"] or 0, one["index_scans"] or 0
    if not full + by_index:
        return Cell(_("Scans"), _("none"))
    part = 100 * full / (full + by_index)
    below = _("%(part)s %% in full, %(rows)s rows") % {
        "part": f"{part:.0f}",
        "rows": said_number("", one["sequential_rows"] or 0),
    }
    return Cell(_("Scans"), said_number("", full + by_index), below)


def _changes(one: Mapping[str, Any]) -> Cell:
    parts = _("%(inserted)s new, %(updated)s changed, %(deleted)s deleted") % {
        name: said_number("", one[name] or 0) for name in ("inserted", "updated", "deleted")
    }
    return Cell(_("Changes"), said_number("", _MEASURES["changes"](one)), parts)


def growth_of(database: str) -> dict[tuple[str, str], TableSize]:
    """How the largest tables grew; empty where nobody sampled them, or the site database fails."""
    end = timezone.now()
    try:
        found = table_sizes(database, end - GROWTH, end, points=8)
    except DatabaseError as error:
        logger.warning("[tables] the growth could not be read (%s)", type(error).__name__)
        return {}
    return {(one.schema, one.name): one for one in found if end - one.since >= timedelta(hours=1)}


# --- the room in number ranges --------------------------------------------------------------------------------------
def told_ranges(found: Ranges) -> dict[str, Any]:
    """The answer as JSON knows it. Numbers beyond what JSON's readers keep are rare, and Python reads them whole."""
    return {"missing": found.missing, "grant": found.grant, "ranges": [one.as_dict() for one in found]}


def ranges_listing(found: Mapping[str, Any], wanted: Wanted) -> Listing:
    """`found`: as `told_ranges` made it."""
    text = wanted.text.casefold()
    chosen = [
        one
        for one in found["ranges"]
        if (text in one["object"].casefold() or text in (one["feeds"] or "").casefold())
        and (not wanted.schema or one["schema"] == wanted.schema)
    ]
    shown = chosen[wanted.offset : wanted.offset + PAGE]
    columns = (
        Column(_("Sequence or column"), False),
        Column(_("Used"), True),
        Column(_("Is at"), True),
        Column(_("Ends at"), True),
        Column(_("Left"), True),
    )
    return Listing(
        title=_("Room in sequences and integer columns"),
        columns=columns,
        rows=tuple(_range_row(one, wanted) for one in shown),
        notes=(
            *([found["missing"]] if found["missing"] else []),
            _("The fullest first. Of a column the largest value counts that ANALYZE met, in the 200 largest tables."),
        ),
        command=found["grant"],
        **_pages(wanted, len(shown), len(chosen)),
    )


def _range_row(one: Mapping[str, Any], wanted: Wanted) -> Row:
    used = one["used_percent"] or 0.0
    tone = "critical" if used >= CRITICAL else "warning" if used >= WARNING else ""
    if one["cycles"] and tone:
        tone = ""
    is_column = one["kind"] == "column"
    below = one["type"] if is_column else _("feeds %(column)s") % {"column": one["feeds"]} if one["feeds"] else ""
    remarks = [_("column")] if is_column else []
    if one["cycles"]:
        remarks.append(_("begins anew at its end"))
    return Row(
        one["object"],
        wanted.object(one["schema"], one["name"], "table" if is_column else "sequence"),
        below or "",
        tuple(remarks),
        (
            Cell(
                _("Used"),
                f"{used:.3g} %" if used else "0 %",
                tone=tone,
                word={"critical": _("nearly full"), "warning": _("filling")}.get(tone, ""),
                bars=(f"{max(1.0, used) if used else 0:.1f}",),
            ),
            Cell(_("Is at"), _("not used yet") if one["at"] is None else _whole(one["at"])),
            Cell(_("Ends at"), _whole(one["end"])),
            Cell(_("Left"), _whole(one["remaining"])),
        ),
    )


def _whole(number: int) -> str:
    """With all its digits: the end of a bigint has more than a float keeps."""
    return f"{number:,}".replace(",", " ")


# --- objects of other kinds -----------------------------------------------------------------------------------------
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "view": ("owner",),
    "materialized_view": ("rows", "total_bytes", "owner"),
    "index": ("table", "access_method", "size_bytes", "unique", "valid"),
    "sequence": ("table", "owner"),
    "function": ("returns", "language", "owner"),
    "type": ("returns", "owner"),
    "extension": ("version", "available_version", "schema", "owner"),
    "foreign_table": ("rows", "owner"),
}


def objects_listing(found: Sequence[Mapping[str, Any]], wanted: Wanted) -> Listing:
    """`found`: objects of `list_objects` as JSON knows them."""
    fields = _FIELDS.get(wanted.show, ("owner",))
    numeric = {"rows", "total_bytes", "size_bytes"}
    total = found[0]["total"] if found else (0 if wanted.page == 1 else None)
    return Listing(
        title=kind_names()[wanted.show],
        columns=(Column(_("Name"), False), *(Column(label(field), field in numeric) for field in fields)),
        rows=tuple(_object_row(one, wanted, fields, numeric) for one in found[:PAGE]),
        **_pages(wanted, min(len(found), PAGE), total),
    )


def picked_objects(kept: Sequence[Mapping[str, Any]], wanted: Wanted) -> list[dict[str, Any]] | None:
    """Of a list that was kept, what is wanted now; None where it is of another schema."""
    if wanted.show != "extension" and any(one["schema"] != (wanted.schema or "public") for one in kept):
        return None
    text = wanted.text.casefold()
    chosen = [one for one in kept if text in one["name"].casefold()]
    return [{**one, "total": len(chosen)} for one in chosen[wanted.offset : wanted.offset + PAGE]]


def _object_row(one: Mapping[str, Any], wanted: Wanted, fields: Sequence[str], numeric: set[str]) -> Row:
    arguments = one.get("arguments")
    name = f"{one['name']}({arguments})" if arguments is not None else one["name"]
    kind = one["kind"] if one["kind"] in ("procedure", "aggregate") else wanted.show
    asked = _quoted_call(one["name"], arguments) if arguments is not None else one["name"]
    remarks = list(_remarks(one, wanted))
    return Row(
        name,
        wanted.object(one["schema"], asked, kind),
        one["comment"] or "",
        tuple(remarks),
        tuple(Cell(label(field), said(field, one.get(field)), is_number=field in numeric) for field in fields),
    )


def _quoted_call(name: str, arguments: str) -> str:
    """A function's name as get_object_details reads it, whatever letters are in it."""
    quoted = name.replace('"', '""')
    return f'"{quoted}"({arguments})'


def _remarks(one: Mapping[str, Any], wanted: Wanted) -> Iterator[str]:
    if one["kind"] not in (wanted.show, "table"):
        yield one["kind"].replace("_", " ")
    if one.get("partition_of"):
        yield _("of %(parent)s") % {"parent": one["partition_of"]}
    if one.get("extension") and wanted.show != "extension":
        yield _("extension %(name)s") % {"name": one["extension"]}
