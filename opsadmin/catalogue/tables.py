"""The tables of a database with their sizes and what is done with them, a page at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from opsadmin.catalogue.find import known_schema
from opsadmin.catalogue.locks import why
from opsadmin.catalogue.questions import question
from opsadmin.catalogue.words import table
from opsadmin.core.blocks import Block
from opsadmin.core.result import Result
from opsadmin.postgres.session import Session

#: What the list may be ordered by, the largest first; by name from A on.
ORDERS = ("size", "rows", "dead_rows", "rows_read", "changes", "name")

#: Tables without an estimate whose real size is asked for; the others are told when something has measured them.
MOST_MEASURED = 60


@dataclass(frozen=True, kw_only=True)
class TableFigures(Result):
    """A table, materialized view, or partitioned table with all its partitions (`partitions`: how many). Sizes are those of
    the last VACUUM or ANALYZE, or real where there was none; None where neither is known. `rows` and `dead_rows` are
    estimates. Scans, rows and changes are counted since `counted_since` of the list; a time is None where that never
    happened since."""

    schema: str
    name: str
    kind: str
    partitions: int | None
    is_unlogged: bool
    rows: int | None
    total_bytes: int | None
    heap_bytes: int | None
    toast_bytes: int | None
    index_bytes: int | None
    indexes: int
    dead_rows: int | None
    changed_since_analyze: int | None
    sequential_scans: int | None
    sequential_rows: int | None
    index_scans: int | None
    inserted: int | None
    updated: int | None
    deleted: int | None
    vacuumed_at: datetime | None
    autovacuumed_at: datetime | None
    analyzed_at: datetime | None
    autoanalyzed_at: datetime | None


class Tables(list[TableFigures]):
    """A page of the list. `found`: how many there are in all; None where the page lies behind the last one.
    `largest_bytes`: of all of them, where they are ordered by size. `schemas`: those that there are of people's."""

    def __init__(
        self,
        tables: Iterable[TableFigures],
        *,
        found: int | None,
        largest_bytes: int | None,
        counted_since: datetime | None,
        schemas: tuple[str, ...],
    ) -> None:
        super().__init__(tables)
        self.found = found
        self.largest_bytes = largest_bytes
        self.counted_since = counted_since
        self.schemas = schemas

    def blocks(self) -> list[Block]:
        more = _("Rows and sizes are estimates of the last VACUUM or ANALYZE.")
        if self.found is not None and self.found > len(self):
            more = (
                _("%(shown)d of %(found)d; limit and offset show others.")
                % {
                    "shown": len(self),
                    "found": self.found,
                }
                + f" {more}"
            )
        fields = [field.name for field in dataclasses.fields(TableFigures)]
        return [table(_("Tables"), self, *fields, empty=_("There are no tables."), more=more)]


def list_tables(
    session: Session,
    *,
    schema: str = "",
    search: str = "",
    sort_by: str = "size",
    limit: int = 50,
    offset: int = 0,
) -> Tables:
    """A page of the tables, of all schemas but the system's where none is named. Three statements at most; waits for
    nobody's lock.

    Raises `OperationError` for an unknown schema; psycopg's errors."""
    values: dict[str, Any] = {"search": search, "sort_by": sort_by, "limit": limit, "skip": offset}
    values["schema"] = known_schema(session, schema) if schema else ""
    rows = session.rows(question("list_tables"), values)
    facts = session.one(question("counted"))
    unknown = [row["oid"] for row in rows if not row["is_measured"] and row["kind"] != "partitioned_table"]
    sizes = _real_sizes(session, unknown[:MOST_MEASURED])
    tables = [_figures(row, sizes.get(row["oid"])) for row in rows]
    if sort_by == "size":
        tables.sort(key=lambda one: -(one.total_bytes or 0))
    largest = max([rows[0]["largest_bytes"] or 0, *(one.total_bytes or 0 for one in tables)]) if rows else 0
    return Tables(
        tables,
        found=rows[0]["found"] if rows else (None if offset else 0),
        largest_bytes=largest if sort_by == "size" else None,
        counted_since=facts["counted_since"] if facts else None,
        schemas=tuple(facts["schemas"]) if facts else (),
    )


def _figures(row: dict[str, Any], real: dict[str, Any] | None) -> TableFigures:
    values = {field.name: row[field.name] for field in dataclasses.fields(TableFigures) if field.name in row}
    parts = {name: row[name] or 0 for name in ("heap_bytes", "toast_bytes", "index_bytes")}
    if real is not None:
        parts = {name: int(real[name]) for name in parts}
    elif not row["is_measured"] and not any(parts.values()):
        return TableFigures(**{**values, **dict.fromkeys(parts), "total_bytes": None})
    return TableFigures(**{**values, **parts, "total_bytes": sum(parts.values())})


def _real_sizes(session: Session, oids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Those that can be had at once; the others are told at another time."""
    if not oids:
        return {}
    try:
        with session.attempt():
            return {row["oid"]: row for row in session.rows(question("table_sizes"), {"oids": list(oids)})}
    except psycopg.Error as error:
        why(session, error)
        return {}
