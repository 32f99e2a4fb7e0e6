"""How large a GIN index is right after CREATE INDEX. No statistics say what is in it (pg_stats has elements of arrays
only), so a sample of the rows does: `entries_question` asks how many entries are seen how often, `Entries` carries that
to the whole table, `shape_of` lays them out as PostgreSQL does (compressed posting lists in the entry tree, posting
trees for frequent entries)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from opsadmin.advisor.facts import Column, Table
from opsadmin.advisor.sampled import FEW, SAMPLED_DOCUMENTS, Seldom, sample_of
from opsadmin.advisor.size_btree import LINE_POINTER, aligned
from opsadmin.advisor.spec import IndexSpec, Key

#: Operator classes that keep four bytes of an entry.
HASHED = ("jsonb_path_ops", "gin_trgm_ops")
#: Entries seen more often stand for themselves; the others for all that are rare.
RARE = 2
#: How full the pages of the entry tree are: CREATE INDEX adds the entries in order and splits pages in the middle,
#: which leaves them half full, until its memory overflows and the next round falls between those of the first.
FILL_AT_ONCE = 0.52
FILL_IN_ROUNDS = 0.68
#: What a round takes of maintenance_work_mem: of an entry, of a posting.
ROUND_ENTRY = 120
ROUND_POSTING = 9
#: Segments of a posting tree have a header each.
SEGMENTS = 1.04

#: What the key's value (x) is broken into, by operator class, with the key of a JSON object under which it stands.
_DOCUMENT = "jsonb_each(CASE WHEN jsonb_typeof(x) = 'object' THEN x ELSE jsonb_build_object('', x) END) AS j (k, d)"
_VALUES = "jsonb_path_query(j.d, 'strict $.**') AS v"
_SCALAR = "jsonb_typeof(v) NOT IN ('object', 'array')"
_SPLIT = {
    "jsonb_path_ops": f"SELECT k, k || ':' || coalesce(v #>> '{{}}', 'null') FROM {_DOCUMENT}, {_VALUES} WHERE {_SCALAR}",  # noqa: S608 - all ours
    "jsonb_ops": (
        f"SELECT k, 'V' || coalesce(v #>> '{{}}', 'null') FROM {_DOCUMENT}, {_VALUES} WHERE {_SCALAR} UNION ALL "  # noqa: S608 - all ours
        f"SELECT '', 'K' || k FROM {_DOCUMENT} UNION ALL SELECT k, 'K' || o FROM {_DOCUMENT}, {_VALUES}, "
        "jsonb_object_keys(CASE WHEN jsonb_typeof(v) = 'object' THEN v ELSE '{}' END) AS o"
    ),
    "gin_trgm_ops": (
        "SELECT '', substr('  ' || w || ' ', i, 3) FROM regexp_split_to_table(lower(x), '[^[:alnum:]]+') AS w, "
        "generate_series(1, length(w) + 1) AS i WHERE w <> ''"
    ),
    "tsvector_ops": "SELECT '', lexeme FROM unnest(x)",
    "array_ops": "SELECT '', i::text FROM unnest(x) AS i",
}


@dataclass(frozen=True)
class Entries:
    """What one key of a GIN index has in it. `often`: (share of the rows that an entry is in, how many such entries, bytes of
    an entry's text); `seldom`: the others, apart by where in the document they stand; `looked_at`: rows of the sample;
    `is_hash`: the index keeps four bytes of an entry."""

    often: tuple[tuple[float, float, float], ...]
    seldom: tuple[Seldom, ...]
    looked_at: float
    is_hash: bool

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]], opclass: str) -> Entries | None:
        """From the answer to `entries_question`; None where the sample had no row."""
        rows = list(rows)
        if not rows or not rows[0]["looked_at"]:
            return None
        looked_at = float(rows[0]["looked_at"])
        often = []
        parts: dict[str, Seldom] = {}
        for row in rows:
            seen, entries, width = row["seen"], float(row["entries"]), float(row["width"] or 0)
            if seen > RARE:
                often.append((seen / looked_at, entries, width))
            elif seen:
                more = Seldom(seen * entries, entries, entries if seen == 1 else 0.0, width)
                parts[row["part"]] = parts[row["part"]] + more if row["part"] in parts else more
        # Keys of documents with few entries in the sample are taken together.
        small = [part for part in parts.values() if part.seen < FEW]
        seldom = [part for part in parts.values() if part.seen >= FEW]
        if small:
            seldom.append(reduce(add, small))
        return cls(tuple(often), tuple(seldom), looked_at, opclass in HASHED)

    def frequencies(self, rows: float) -> list[tuple[float, float, float]]:
        """(rows that an entry is in, how many such entries, width) in a table of `rows`."""
        if rows <= 0:
            return []
        # An entry that is in less than a row is met as often as that.
        often = [(max(1.0, share * rows), count * min(1.0, share * rows), width) for share, count, width in self.often]
        return often + [part.all_of(rows, self.looked_at) for part in self.seldom]

    def count(self, rows: float) -> float:
        """How many different entries there are."""
        return sum(count for _, count, _ in self.frequencies(rows))


def operator_class(key: Key, table: Table) -> str:
    """The key's operator class, or the default one of its column's type. An expression without one counts as text search,
    which is what is indexed so."""
    if key.opclass:
        return key.opclass.rsplit(".", 1)[-1].strip('"')
    column = table.columns.get(key.column)
    if column is None:
        return "tsvector_ops"
    return {"jsonb": "jsonb_ops", "tsvector": "tsvector_ops"}.get(
        column.type_name, "array_ops" if column.category == "A" else ""
    )


def entries_question(spec: IndexSpec, table: Table, key: Key, share: float = 1.0) -> str | None:
    """The SELECT that looks into a sample of rows (at most SAMPLED_DOCUMENTS, the same ones each time),
    `share` of which the predicate keeps. None for an operator class that we cannot take apart."""
    split = _SPLIT.get(operator_class(key, table))
    if split is None or spec.using != "gin":
        return None
    source = sample_of(spec, table, key.text, SAMPLED_DOCUMENTS, share)
    return (
        f"WITH sampled AS MATERIALIZED ({source}), split AS MATERIALIZED ("  # noqa: S608 - the texts of an index
        f"SELECT n, min(p) AS p, e FROM sampled, LATERAL ({split}) AS s (p, e) "
        "GROUP BY n, e), seen AS (SELECT e, min(p) AS p, count(*) AS seen FROM split GROUP BY e "
        # Rows without an entry share one that stands for that.
        "UNION ALL SELECT NULL, '', (SELECT count(*) FROM sampled) - count(DISTINCT n) FROM split), "
        "looked AS (SELECT count(*) AS looked_at FROM sampled) "
        "SELECT p AS part, seen, count(*) AS entries, avg(octet_length(e))::float8 AS width, looked_at FROM seen, looked "
        "GROUP BY p, seen, looked_at ORDER BY p, seen"
    )


def guessed(column: Column, opclass: str) -> Entries:
    """What a key may have in it when no row was looked at: by the width of its values alone."""
    per_row, width = {
        "gin_trgm_ops": (column.width * 0.75 + 1, 3.0),
        "tsvector_ops": (column.width / 9, 6.0),
        "array_ops": (max(1.0, (column.width - 24) / 6), 6.0),
    }.get(opclass, (max(1.0, column.width / 16), 10.0))
    # As if three thousand entries were in use, each equally often; values of documents are mostly rarer.
    kinds = 3000.0 if opclass in ("gin_trgm_ops", "tsvector_ops") else 30000.0
    per_row *= 1 - column.null_share
    return Entries(((min(1.0, per_row / kinds), kinds, width),), (), 1.0, opclass in HASHED)


@dataclass(frozen=True)
class GinShape:
    """What the planner asks of a GIN index: pages of its entry tree and of its posting trees, and how many entries it has."""

    entry_pages: int
    data_pages: int
    entries: float

    @property
    def pages(self) -> int:
        return 2 + self.entry_pages + self.data_pages


def shape_of(parts: list[Entries], rows: float, table: Table, memory: float) -> GinShape:
    """Of a GIN index whose keys have these entries, `memory` being maintenance_work_mem in bytes."""
    block = table.block
    fanout = table.rows / max(table.pages, 1)
    tree = data = entries = postings = 0.0
    for part in parts:
        for found, count, width in part.frequencies(rows):
            key = aligned(8 + (2 if len(parts) > 1 else 0) + (4 if part.is_hash else width + 1))
            entries += count
            postings += count * found
            listed = 8 + max(0.0, found - 1) * posting_bytes(found / max(rows, 1), fanout)
            if key + listed <= block // 3 - 24:
                tree += count * (aligned(key + listed) + LINE_POINTER)
                continue
            tree += count * (key + LINE_POINTER)
            pages = math.ceil(listed * SEGMENTS / (block - 60))
            data += count * (pages + (1 + pages // 800 if pages > 1 else 0))
    rounds = (entries * ROUND_ENTRY + postings * ROUND_POSTING) / memory
    leaves = math.ceil(tree / ((block - 32) * (FILL_AT_ONCE if rounds < 1 else FILL_IN_ROUNDS)))
    inner = math.ceil(leaves / 150) if leaves > 1 else 0
    return GinShape(max(1, leaves) + inner, math.ceil(data), entries)


def posting_bytes(share: float, rows_per_page: float) -> float:
    """Bytes of a posting after the first: the distance to the one before in 7-bit groups, a page counting 2,048."""
    per_page = share * max(rows_per_page, 1)
    if per_page <= 0:
        return 6.0
    same = 1 + math.expm1(-per_page) / per_page
    near = max(same, -math.expm1(-8 * per_page))
    far = max(near, -math.expm1(-1024 * per_page))
    return same + 2 * (near - same) + 3 * (far - near) + 4 * (1 - far)
