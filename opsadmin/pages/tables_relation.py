"""A table, view, materialized view or foreign table as its template shows it: its figures, and all that belongs to it in
sections."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.catalogue.kinds import DETAILED
from opsadmin.catalogue.words import label
from opsadmin.core.blocks import said, said_bytes, said_number
from opsadmin.faces.drawn import Drawn
from opsadmin.pages.actions import names_of
from opsadmin.pages.tables_view import Act, Cell, Column, Row, Wanted, is_much_dead, latest
from opsadmin.pages.tiles import Tile

#: Rows of a section; the operation's page has all of them.
MOST = 150
#: Characters of a definition in a list.
LONG = 300


@dataclass(frozen=True)
class Section:
    """A part of the page: rows under columns. `notes`: sentences below it."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class One:
    """`facts`: beside its kind; `code`: SQL for people to run, each with what it does. `blocks`: what a kind without
    sections says."""

    title: str
    kind: str
    comment: str = ""
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = ()
    sections: tuple[Section, ...] = ()
    figures: tuple[tuple[str, str], ...] = ()
    counted_since: str = ""
    code: tuple[tuple[str, str], ...] = ()
    definition: str = ""
    has_rows: bool = False
    blocks: tuple[Drawn, ...] = ()


@dataclass(frozen=True)
class May:
    """What the person may do with indexes. `page_of`: the address of an operation's page."""

    rebuild: bool
    drop: bool
    page_of: Callable[[str], str]


def relation_view(details: Mapping[str, Any], wanted: Wanted, may: May | None) -> One:
    """`details`: a RelationDetails' `as_dict()`. `may`: None where nothing can be done now."""
    return _Relation(details, wanted, may).view()


def kind_word(kind: str) -> str:
    """For people."""
    names = {
        "table": _("table"),
        "view": _("view"),
        "materialized_view": _("materialized view"),
        "partitioned_table": _("partitioned table"),
        "foreign_table": _("foreign table"),
        "index": _("index"),
        "sequence": _("sequence"),
        "schema": _("schema"),
        "extension": _("extension"),
    }
    return names.get(kind, kind.replace("_", " "))


class _Relation:
    """A table, view, materialized view or foreign table."""

    def __init__(self, details: Mapping[str, Any], wanted: Wanted, may: May | None) -> None:
        self.details = details
        self.wanted = wanted
        self.may = may

    def view(self) -> One:
        details = self.details
        has_rows = details["kind"] in ("table", "partitioned_table", "materialized_view", "view")
        counted = details["counted_since"]
        return One(
            title=details["identity"],
            kind=kind_word(details["kind"]),
            comment=details["comment"] or "",
            facts=tuple(self._facts()),
            notes=tuple(details["notes"]),
            tiles=tuple(self._tiles()),
            sections=tuple(one for one in self._sections() if one.rows),
            figures=tuple(self._figures()),
            counted_since=said("", timezone.localtime(datetime.fromisoformat(counted))) if counted else "",
            code=tuple(self._code()),
            definition=details["definition"] or "",
            has_rows=has_rows,
        )

    # --- at its head ------------------------------------------------------------------------------------------------
    def _facts(self) -> Iterator[str]:
        details = self.details
        yield _("owner %(role)s") % {"role": details["owner"]}
        if details["persistence"] != "permanent":
            yield details["persistence"]
        if details["partitioning"]:
            key = (
                details["partitioning"]["key"]
                or f"{details['partitioning']['strategy']} ({', '.join(details['partitioning']['columns'])})"
            )
            yield _("partitioned by %(key)s") % {"key": key}
        if details["bound"]:
            yield details["bound"]
        if details["row_security"]:
            yield _("row level security")
        if details["extension"]:
            yield _("extension %(name)s") % {"name": details["extension"]}
        if details["options"]:
            yield ", ".join(details["options"])

    def _tiles(self) -> Iterator[Tile]:
        details, sizes, counted = self.details, self.details["sizes"], self.details["statistics"]
        if sizes and sizes["total_bytes"] is not None:
            parts = [
                f"{name} {said_bytes(sizes[field])}"
                for field, name in (
                    ("heap_bytes", _("table")),
                    ("index_bytes", _("indexes")),
                    ("toast_bytes", _("TOAST")),
                )
                if sizes[field]
            ]
            note = " · ".join([*parts, *([_("estimated")] if sizes["is_estimated"] else [])])
            yield Tile(_("Size"), said_bytes(sizes["total_bytes"]), note)
        if details["kind"] in ("view", "foreign_table"):
            return
        rows = details["rows"]
        yield Tile(
            _("Rows"),
            "–" if rows is None else said_number("", rows),
            _("as ANALYZE counted") if rows is not None else _("never analyzed"),
        )
        if counted is None or details["kind"] == "partitioned_table":
            return
        dead = counted["n_dead_tup"] or 0
        part = dead / (dead + (rows or 0)) if dead else 0.0
        is_bad = is_much_dead(dead, rows or 0)
        yield Tile(
            _("Dead rows"),
            said_number("", dead),
            _("%(part)s %% of all") % {"part": f"{100 * part:.0f}"},
            "warning" if is_bad else "",
        )
        vacuumed, by = latest(counted["last_vacuum"], counted["last_autovacuum"])
        analyzed, by_analyze = latest(counted["last_analyze"], counted["last_autoanalyze"])
        note = _("ANALYZE %(when)s") % {"when": analyzed + by_analyze} if analyzed else _("never analyzed")
        yield Tile(_("Last VACUUM"), f"{vacuumed}{by}" if vacuumed else _("never"), note)
        full, by_index = counted["seq_scan"] or 0, counted["idx_scan"] or 0
        share = f"{100 * full / (full + by_index):.0f}" if full + by_index else "0"
        yield Tile(_("Scans"), said_number("", full + by_index), _("%(part)s %% of the whole table") % {"part": share})

    def _figures(self) -> Iterator[tuple[str, str]]:
        counted = self.details["statistics"]
        if counted is None:
            return
        for name in (
            "n_tup_ins",
            "n_tup_upd",
            "n_tup_hot_upd",
            "n_tup_del",
            "n_live_tup",
            "n_mod_since_analyze",
            "n_ins_since_vacuum",
            "seq_tup_read",
            "idx_tup_fetch",
            "vacuum_count",
            "autovacuum_count",
            "analyze_count",
            "autoanalyze_count",
        ):
            if counted[name] is not None:
                yield label(name), said_number("", counted[name])
        for name in ("xid_age", "multixact_age"):
            if self.details[name] is not None:
                yield label(name), said_number("", self.details[name])

    def _code(self) -> Iterator[tuple[str, str]]:
        """SQL that is for people to run themselves."""
        name = self.details["identity"]
        if self.details["kind"] in ("table", "partitioned_table", "materialized_view"):
            yield _("Remove dead rows, and learn what is in it anew"), f"VACUUM (ANALYZE, VERBOSE) {name};"
            yield _("Learn what is in it anew"), f"ANALYZE {name};"
        if self.details["kind"] == "materialized_view":
            yield _("Fill it anew"), f"REFRESH MATERIALIZED VIEW {name};"

    # --- its parts --------------------------------------------------------------------------------------------------
    def _sections(self) -> Iterator[Section]:
        yield self._columns()
        yield self._indexes()
        yield self._constraints()
        yield self._referenced_by()
        yield self._parents()
        yield self._partitions()
        yield self._plain("triggers", _("Triggers"), ("timing", "events", "function", "definition"), state="state")
        yield self._plain("policies", _("Policies"), ("command", "roles", "using", "check"))
        yield self._plain("rules", _("Rules"), ("event", "definition"), state="state")
        yield self._plain("extended_statistics", _("Statistics objects"), ("kinds", "columns", "definition"))
        yield self._plain("publications", _("Publications"), ("how", "events"))
        yield self._dependencies("used_by", _("Used by"))
        yield self._dependencies("uses", _("Uses"))
        yield self._privileges()

    def _columns(self) -> Section:
        keys = next((one["columns"] for one in self.details["constraints"] if one["kind"] == "primary key"), ())
        foreign = {
            one["columns"][0]: one["references"]
            for one in self.details["constraints"]
            if one["kind"] == "foreign key" and len(one["columns"]) == 1 and one["references"]
        }
        known = any(one["n_distinct"] is not None for one in self.details["columns"])
        rows = []
        for one in self.details["columns"][:MOST]:
            remarks = [_("primary key")] if one["name"] in keys else []
            if not one["nullable"]:
                remarks.append(_("not null"))
            if one["inherited"] and not one["is_local"]:
                remarks.append(_("inherited"))
            references = foreign.get(one["name"], "")
            cells = [
                Cell(_("Type"), one["type"], _join(one["collation"], one["compression"]), is_number=False),
                Cell(_("Default"), _default(one) or "–", is_number=False),
                Cell(_("Refers to"), references or "–", is_number=False, link=self._link(references, "table")),
            ]
            if known:
                cells.append(Cell(_("What ANALYZE found"), *self._statistics(one), is_number=False))
            rows.append(Row(one["name"], "", one["comment"] or "", tuple(remarks), tuple(cells)))
        heads = [_("Column"), _("Type"), _("Default"), _("Refers to"), *([_("What ANALYZE found")] if known else [])]
        return self._section("columns", _("Columns"), heads, rows, len(self.details["columns"]))

    def _statistics(self, one: Mapping[str, Any]) -> tuple[str, str]:
        distinct = one["n_distinct"]
        if distinct is None:
            return "–", ""
        if distinct == -1:
            text = _("all different")
        elif distinct < 0:
            rows = self.details["rows"]
            count = said_number("", round(-distinct * rows)) if rows else f"{-100 * distinct:.0f} %"
            text = _("about %(n)s different") % {"n": count}
        else:
            text = _("%(n)s different") % {"n": said_number("", round(distinct))}
        nulls = one["null_fraction"] or 0
        parts = [_("%(part)s %% NULL") % {"part": f"{100 * nulls:.3g}"}] if nulls else []
        if one["average_bytes"]:
            parts.append(_("%(size)s each") % {"size": said_bytes(one["average_bytes"])})
        return text, " · ".join(parts)

    def _indexes(self) -> Section:
        rows = []
        schema = self.details["schema"]
        largest = max((one["size_bytes"] or 0 for one in self.details["indexes"]), default=0)
        for one in self.details["indexes"][:MOST]:
            remarks = [_("primary key")] if one["primary"] else [_("unique")] if one["unique"] else []
            size = one["size_bytes"]
            bars = (f"{100 * size / largest:.1f}",) if largest and size else ()
            scans = "–" if one["scans"] is None else said_number("", one["scans"])
            used = ""
            if one["last_used_at"]:
                used = latest(one["last_used_at"], None)[0]
            rows.append(
                Row(
                    one["name"],
                    self.wanted.object(schema, one["name"], "index"),
                    one["comment"] or "",
                    tuple(remarks),
                    (
                        Cell(
                            _("Definition"),
                            _shorter(one["definition"]) or f"{one['access_method']} ({', '.join(one['columns'])})",
                            is_number=False,
                        ),
                        Cell(
                            _("Size"),
                            "–" if size is None else said_bytes(size),
                            _("estimated") if one["size_is_estimated"] and size is not None else "",
                            bars=bars,
                        ),
                        Cell(_("Scans"), scans, used),
                    ),
                    warnings=() if one["valid"] else (_("invalid: it serves no query"),),
                    acts=tuple(self._index_acts(one)),
                )
            )
        heads = [_("Index"), _("Definition"), _("Size"), _("Scans")]
        return self._section("indexes", _("Indexes"), heads, rows, len(self.details["indexes"]), numbers=(2, 3))

    def _index_acts(self, one: Mapping[str, Any]) -> Iterator[Act]:
        if self.may is None or self.details["kind"] == "partitioned_table":
            return
        query = f"{urlencode({'index': one['identity'], 'database': self.wanted.database})}&_preview=1"
        if self.may.rebuild:
            says = _("Rebuild the index %(name)s") % {"name": one["name"]}
            yield Act(_("Rebuild…"), f"{self.may.page_of('reindex_index')}?{query}", says)
        if self.may.drop and not one["constraint"]:
            says = _("Drop the index %(name)s") % {"name": one["name"]}
            yield Act(_("Drop…"), f"{self.may.page_of('drop_index')}?{query}", says, is_danger=True)

    def _constraints(self) -> Section:
        rows = []
        for one in self.details["constraints"][:MOST]:
            warnings = [] if one["validated"] else [_("not validated")]
            if not one["enforced"]:
                warnings.append(_("not enforced"))
            definition = _shorter(one["definition"]) or ", ".join(one["columns"])
            cells = (
                Cell(_("Kind"), one["kind"].replace("_", " "), is_number=False),
                Cell(_("Definition"), definition, is_number=False),
                Cell(
                    _("Refers to"),
                    one["references"] or "–",
                    is_number=False,
                    link=self._link(one["references"] or "", "table"),
                ),
            )
            rows.append(Row(one["name"], "", one["comment"] or "", (), cells, tuple(warnings)))
        heads = [_("Constraint"), _("Kind"), _("Definition"), _("Refers to")]
        return self._section("constraints", _("Constraints"), heads, rows, len(self.details["constraints"]))

    def _referenced_by(self) -> Section:
        rows = [
            Row(
                one["table"],
                self._link(one["table"], "table"),
                one["name"],
                (),
                (Cell(_("Definition"), _shorter(one["definition"]), is_number=False),),
                () if one["validated"] else (_("not validated"),),
            )
            for one in self.details["referenced_by"][:MOST]
        ]
        heads = [_("Table"), _("Definition")]
        return self._section("referenced", _("Referenced by"), heads, rows, len(self.details["referenced_by"]))

    def _parents(self) -> Section:
        rows = [
            Row(
                one["name"],
                self._link(one["name"], "table"),
                "",
                (),
                (Cell(_("Kind"), kind_word(one["kind"]), is_number=False),),
            )
            for one in self.details["parents"]
        ]
        title = _("Part of") if self.details["bound"] else _("Inherits")
        return self._section("parents", title, [_("Table"), _("Kind")], rows, len(rows))

    def _partitions(self) -> Section:
        rows = []
        for one in self.details["children"][:MOST]:
            size, count = one["total_bytes"], one["rows"]
            rows.append(
                Row(
                    one["name"],
                    self._link(one["name"], "table"),
                    kind_word(one["kind"]) if one["kind"] != "table" else "",
                    (),
                    (
                        Cell(_("Bound"), one["bound"] or "–", is_number=False),
                        Cell(_("Rows"), "–" if count is None else said_number("", count)),
                        Cell(_("Size"), "–" if size is None else said_bytes(size)),
                    ),
                )
            )
        heads = [_("Partition"), _("Bound"), _("Rows"), _("Size")]
        title = _("Partitions") if self.details["partitioning"] else _("Inherited by")
        return self._section("partitions", title, heads, rows, self.details["children_total"], numbers=(2, 3))

    def _plain(self, part: str, title: str, fields: Sequence[str], *, state: str = "") -> Section:
        found = self.details[part]
        fields = [field for field in fields if any(one[field] for one in found)]
        rows = []
        for one in found[:MOST]:
            cells = tuple(Cell(label(field), _shorter(said(field, one[field])), is_number=False) for field in fields)
            warnings = (one[state],) if state and one[state] != "enabled" else ()
            rows.append(Row(one["name"], "", one.get("comment") or "", (), cells, warnings))
        return self._section(part, title, [_("Name"), *(label(field) for field in fields)], rows, len(found))

    def _dependencies(self, part: str, title: str) -> Section:
        rows = [
            Row(
                one["name"],
                self._link(one["name"], one["kind"].replace(" ", "_")),
                one["kind"],
                (),
                (
                    Cell(_("How"), one["how"] or "–", is_number=False),
                    Cell(_("Columns"), ", ".join(one["columns"]) or "–", is_number=False),
                ),
            )
            for one in self.details[part][:MOST]
        ]
        heads = [_("Object"), _("How"), _("Columns")]
        return self._section(part, title, heads, rows, len(self.details[part]))

    def _privileges(self) -> Section:
        rows = [
            Row(
                one["grantee"],
                "",
                _("granted by %(role)s") % {"role": one["grantor"]},
                (),
                (
                    Cell(_("Privileges"), ", ".join(one["privileges"]), is_number=False),
                    Cell(_("May pass on"), ", ".join(one["grantable"]) or "–", is_number=False),
                ),
            )
            for one in self.details["privileges"][:MOST]
        ]
        title = _("Privileges (by default)") if self.details["privileges_are_default"] else _("Privileges")
        heads = [_("Role"), _("Privileges"), _("May pass on")]
        return self._section("privileges", title, heads, rows, len(self.details["privileges"]))

    def _section(
        self,
        key: str,
        title: str,
        heads: Sequence[str],
        rows: Sequence[Row],
        found: int,
        *,
        numbers: Sequence[int] = (),
    ) -> Section:
        notes: tuple[str, ...] = ()
        if found > len(rows):
            left = found - len(rows)
            notes = (ngettext("%(n)d more", "%(n)d more", left) % {"n": left},)
        columns = tuple(Column(head, place in numbers) for place, head in enumerate(heads))
        return Section(key, title, columns, tuple(rows), notes)

    def _link(self, identity: str, kind: str) -> str:
        """To an object by its quoted name; empty where that is none."""
        names = names_of(identity) if identity else []
        return self.wanted.object(names[0], names[1], kind) if len(names) == 2 and kind in DETAILED else ""


def _default(one: Mapping[str, Any]) -> str:
    if one["identity"]:
        return _("identity, %(how)s") % {"how": one["identity"]}
    if one["generated"]:
        return _("generated: %(expression)s") % {"expression": one["expression"] or one["generated"]}
    return _shorter(one["default"])


def _join(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _shorter(text: str | None) -> str:
    if not text:
        return ""
    return text if len(text) <= LONG else f"{text[: LONG - 1]}…"
