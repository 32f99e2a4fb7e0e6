"""What the catalogue and the statistics know of the tables that the statements read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

#: Seconds from a VACUUM on after which the inserts since then tell how many there are. Our choice.
SETTLED = 600.0
_HERE = Path(__file__).parent / "sql"
Ask = Callable[[str, dict[str, Any]], list[dict[str, Any]]]


@cache
def question(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Column:
    """`width`: bytes on average of a value that is not NULL. `distinct_values`: how many values there are (absolute), 0 where no
    statistics are. `common`: the most common values as text, with their share. `deduplicates`: equal values can stand once
    in a b-tree's posting list. `opclass`: whether its type has a default b-tree operator class. `c_order`: its collation
    sorts by bytes, so that LIKE with a prefix needs no operator class of its own."""

    number: int
    name: str
    type: int
    type_name: str
    length: int
    align: str
    width: int
    distinct_values: float
    null_share: float
    correlation: float
    common: tuple[tuple[str, float], ...] = ()
    deduplicates: bool = True
    has_order: bool = True
    c_order: bool = True
    not_null: bool = False
    has_statistics: bool = False
    category: str = ""
    element: int = 0


@dataclass(frozen=True, kw_only=True)
class ExistingIndex:
    """`keys`: plain column names, empty for an expression (`definition` has it). `is_plain`: neither partial nor with
    expressions, with default order, collations and operator classes. For each key `orders` has PostgreSQL's bits (1 for
    DESC, 2 for NULLS FIRST), `opclasses` and `collations` its name as SQL where it is not the default one. `expressions`,
    `predicate`: as they are stored, to compare; `stored_...`: with all that was stored, to read. `is_partition`: it is part of a partitioned index, and goes with that."""

    oid: int
    name: str
    schema: str
    keys: tuple[str, ...]
    include: tuple[str, ...]
    method: str
    is_unique: bool
    is_primary: bool
    is_constraint: bool
    is_valid: bool
    is_plain: bool
    bytes: int
    scans: int
    definition: str = ""
    is_clustered: bool = False
    is_replica_identity: bool = False
    is_partition: bool = False
    options: tuple[str, ...] = ()
    orders: tuple[int, ...] = ()
    opclasses: tuple[str, ...] = ()
    collations: tuple[str, ...] = ()
    expressions: str = ""
    predicate: str = ""
    stored_expressions: str = ""
    stored_predicate: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """`rows`, `pages`: as the planner counts them. `inserts`, `updates`, `hot`, `deletes`: rows since the counters began;
    `since_seconds`: how long that is, 0 where nobody knows. `inserts_a_second`: since the last VACUUM, None where that was only
    a moment ago or never. `root`: the partitioned or inherited table at the top, itself
    where there is none above it. `foreign_keys`: of each the numbers of its columns."""

    oid: int
    schema: str
    name: str
    identity: str
    kind: str
    rows: float
    pages: int
    block: int
    inserts: int = 0
    updates: int = 0
    hot: int = 0
    deletes: int = 0
    scans: int = 0
    since_seconds: float = 0.0
    inserts_a_second: float | None = None
    parent: int = 0
    root: int = 0
    columns: Mapping[str, Column] = field(default_factory=dict)
    indexes: tuple[ExistingIndex, ...] = ()
    foreign_keys: tuple[tuple[int, ...], ...] = ()

    @property
    def bytes(self) -> int:
        return self.pages * self.block

    def column(self, number: int) -> Column | None:
        return next((one for one in self.columns.values() if one.number == number), None)


def tables_of(ask: Ask, oids: Collection[int], *, measured: bool = False, statistics: bool = True) -> dict[int, Table]:
    """The tables with those oids that may have an index: ordinary and partitioned ones, materialized views. `measured`:
    look at the file of one that has no statistics, which waits where somebody holds the table. `statistics`: what the
    columns hold is wanted, too, for which PostgreSQL goes through the statistics of all tables."""
    if not oids:
        return {}
    values = {"relations": list(oids), "measured": measured, "statistics": statistics, "settled": SETTLED}
    columns: dict[int, dict[str, Column]] = {}
    for row in ask(question("columns"), values):
        relid = row.pop("relid")
        common = tuple(zip(row.pop("common_values") or (), row.pop("common_shares") or (), strict=False))
        columns.setdefault(relid, {})[row["name"]] = Column(**row, common=common)
    indexes: dict[int, list[ExistingIndex]] = {}
    for row in ask(question("indexes"), values):
        relid = row.pop("relid")
        values_of: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
        }
        indexes.setdefault(relid, []).append(ExistingIndex(**values_of))
    found: dict[int, Table] = {}
    for row in ask(question("tables"), values):
        oid = row["oid"]
        keys = tuple(tuple(int(one) for one in key.split(",")) for key in row.pop("foreign_keys"))
        found[oid] = Table(**row, foreign_keys=keys, columns=columns.get(oid, {}), indexes=tuple(indexes.get(oid, ())))
    return found
