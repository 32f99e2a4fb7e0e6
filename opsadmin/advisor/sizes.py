"""How large an index would be right after CREATE INDEX, from the statistics and, where they say nothing, from a small sample
of rows. HypoPG's figures know nothing of deduplication (up to four times too much), and it refuses GIN, GiST and hash
with more.

How near it comes, measured on PostgreSQL 15 (tests/opsadmin/advisor/test_sizes.py and TPC-H): b-tree within 10 % where the
statistics of the columns are right; keys of several columns that go together (partkey and suppkey) up to 2.2 times too
much without `distinct`. BRIN and hash within 20 %, GIN with `entries` within 25 % and without them within a factor of
three, GiST and SP-GiST within a factor of 1.5 (GiST of ranges on PostgreSQL 18, which sorts them first, of 1.6)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from itertools import product
from typing import Any

from opsadmin.advisor.facts import Column, Table
from opsadmin.advisor.sampled import SAMPLED_KEYS, Seldom, sample_of
from opsadmin.advisor.size_btree import LEAF_FREE, Classes, Part, Stored, TooWide, classes_of, met, pages_of
from opsadmin.advisor.size_gin import Entries, GinShape, entries_question, guessed, operator_class, shape_of
from opsadmin.advisor.size_other import brin_pages, gist_pages, hash_pages, option, spgist_pages
from opsadmin.advisor.spec import IndexSpec, Key

__all__ = [
    "Entries",
    "GinShape",
    "TooWide",
    "believed",
    "bytes_of",
    "combinations_of",
    "combinations_question",
    "distinct_question",
    "entries_question",
    "gin_shape",
    "operator_class",
]

#: Of an expression that says nothing of itself.
EXPRESSION_WIDTH = 16
_ALIGN = {"c": 1, "s": 2, "i": 4, "d": 8}
_SAME_WIDTH = re.compile(r"\(*\s*(?:lower|upper)\(\(*(\"(?:[^\"]|\"\")+\"|\w+)\)*(?:::text)?\)\s*\)*", re.I)
#: Compressed when in an index and longer than this (TOAST_INDEX_TARGET).
_LONG = 508
#: Rows are told apart by which keys are NULL for that many keys.
MOST_NULLABLE = 3
#: PostgreSQL's default, in bytes.
MAINTENANCE_WORK_MEM = 64 * 1024 * 1024


def bytes_of(
    spec: IndexSpec,
    table: Table,
    distinct: float | None = None,
    share: float = 1.0,
    *,
    widths: Mapping[str, float] | None = None,
    entries: Mapping[str, Entries] | None = None,
    memory: int = MAINTENANCE_WORK_MEM,
) -> int:
    """The bytes of the index. `distinct`: how many combinations of the keys there are in the rows that the index holds,
    None where nobody asked; `share`: the share of the table's rows that its predicate keeps; `widths`: of key
    expressions, by their text, in bytes of a stored value; `entries`: what `entries_question` found, by the key's text, for
    GIN; `memory`: maintenance_work_mem in bytes. Raises TooWide where the values do not fit into an index."""
    rows = max(0.0, table.rows * min(max(share, 0.0), 1.0))
    keys = [_without_nulls(key_column(key, table, widths or {}), spec.predicate) for key in spec.keys]
    classes = [operator_class(key, table) for key in spec.keys]
    columns = [stored(column) for column in keys]
    block = table.block
    match spec.using:
        case "brin":
            pages = brin_pages(list(zip(columns, classes, strict=True)), table.pages, spec.options, block)
        case "hash":
            column = _present(keys[0])
            present = rows * (1 - keys[0].null_share)
            pages = hash_pages(
                table.rows, classes_of([_shares(column, _rows_with(column, table))], present, distinct), block
            )
        case "gin":
            pages = gin_shape(spec, table, share, entries=entries, memory=memory).pages
        case "gist":
            pages = gist_pages(rows, list(zip(keys, columns, classes, strict=True)), block)
        case "spgist":
            pages = spgist_pages(rows, columns, block)
        case _:
            pages = _btree(spec, table, rows, distinct, keys)
    return pages * block


def believed(planned: float, spec: IndexSpec, table: Table, share: float = 1.0) -> float | None:
    """The planner's answer to `distinct_question`, None where it cannot know: without statistics of the columns together
    it stops at a tenth of the rows or the values of one column (estimate_num_groups). Then the columns count as
    independent, unless `combinations_question` is asked."""
    if table.rows < 1:
        return None
    keys = [_without_nulls(key_column(key, table, {}), spec.predicate) for key in spec.keys]
    rows = max(1.0, table.rows * min(max(share, 0.0), 1.0))
    each = [met(classes_of([_shares(column, _rows_with(column, table))], table.rows, None)) for column in keys]
    stop = max(table.rows / 10, *each)
    stop *= -math.expm1(table.rows / stop * math.log1p(-min(rows / table.rows, 1 - 1e-9)))
    return None if stop * 0.9 < planned < stop * 1.1 else planned


def combinations_question(spec: IndexSpec, table: Table, share: float = 1.0) -> str | None:
    """The SELECT that counts the combinations in a sample of rows, for what `distinct_question` cannot know: columns that go
    together without extended statistics. It reads a few MB at most. None where `distinct_question` is."""
    if distinct_question(spec) is None:
        return None
    source = sample_of(spec, table, f"ROW({', '.join(key.text for key in spec.keys)})::text", SAMPLED_KEYS, share)
    return (
        f"WITH sampled AS MATERIALIZED ({source}), "  # noqa: S608 - the texts of an index
        "kinds AS (SELECT count(*) AS seen FROM sampled GROUP BY x) "
        "SELECT seen, count(*) AS entries, (SELECT count(*) FROM sampled) AS looked_at FROM kinds GROUP BY seen ORDER BY seen"
    )


def combinations_of(rows: Iterable[Mapping[str, Any]], kept: float) -> float | None:
    """How many combinations `kept` rows have, from the answer to `combinations_question`."""
    found = [(float(row["seen"]), float(row["entries"]), float(row["looked_at"])) for row in rows]
    if not found:
        return None
    once = sum(entries for seen, entries, _ in found if seen == 1)
    all_seen = Seldom(
        sum(seen * entries for seen, entries, _ in found), sum(entries for _, entries, _ in found), once, 0
    )
    return min(kept, all_seen.all_of(kept, found[0][2])[1])


def gin_shape(
    spec: IndexSpec,
    table: Table,
    share: float = 1.0,
    *,
    entries: Mapping[str, Entries] | None = None,
    memory: int = MAINTENANCE_WORK_MEM,
) -> GinShape:
    """What the planner would know of the GIN index, for the cost model; parameters as of `bytes_of`."""
    known = entries or {}
    parts = [
        known.get(key.text) or guessed(key_column(key, table, {}), operator_class(key, table)) for key in spec.keys
    ]
    return shape_of(parts, table.rows * min(max(share, 0.0), 1.0), table, memory)


def distinct_question(spec: IndexSpec) -> str | None:
    """The SELECT whose EXPLAIN says, as the rows of its top node, how many combinations of the keys there are; None
    where the statistics of one column say it, or nothing depends on it. `believed` tells whether the answer is one."""
    if spec.using != "btree" or spec.include or len(spec.keys) < 2:
        return None
    keys = ", ".join(key.text for key in spec.keys)
    where = f" WHERE {spec.predicate}" if spec.predicate else ""
    return f"SELECT 1 FROM {spec.table}{where} GROUP BY {keys}"  # noqa: S608 - the texts of an index


def _btree(spec: IndexSpec, table: Table, rows: float, distinct: float | None, keys: list[Column]) -> int:
    include = [stored(table.columns[name]) for name in spec.include if name in table.columns]
    deduplicates = not include and all(column.deduplicates for column in keys)
    parts = []
    nullable = [place for place, column in enumerate(keys) if column.null_share > 0][:MOST_NULLABLE]
    for mask in product((False, True), repeat=len(nullable)):
        null = {place for place, is_null in zip(nullable, mask, strict=True) if is_null}
        share = math.prod(keys[place].null_share if place in null else 1 - keys[place].null_share for place in nullable)
        if not share:
            continue
        here = [
            _present(column) if place in nullable else column for place, column in enumerate(keys) if place not in null
        ]
        classes: Classes | None = None
        if deduplicates:
            values = [_shares(column, _rows_with(column, table)) for column in here]
            classes = classes_of(values, rows * share, distinct if not null else None)
        parts.append(Part(rows * share, tuple(stored(column) for column in here), bool(null), classes))
    fill = option(spec.options, "fillfactor")
    return pages_of(parts, include, table.block, 1 - fill / 100 if fill else LEAF_FREE)


def _without_nulls(column: Column, predicate: str) -> Column:
    """The column as a partial index has it: a predicate that asks something of it leaves no NULL, one that asks for NULL
    leaves nothing else."""
    name = rf"(?<!\w)\"?{re.escape(column.name)}\"?(?!\w)"
    if not column.null_share or not re.search(name, predicate):
        return column
    if re.search(rf"{name}\)*\s+is\s+null", predicate, re.I):
        return replace(column, null_share=1.0, common=())
    return _present(column)


def _present(column: Column) -> Column:
    """The column in the rows where it is not NULL."""
    left = max(1e-9, 1 - column.null_share)
    common = tuple((value, min(1.0, share / left)) for value, share in column.common)
    return replace(column, null_share=0.0, common=common)


def _rows_with(column: Column, table: Table) -> float:
    """The rows that `column` speaks of: without those where it is NULL, if they have been taken out of it."""
    whole = table.columns.get(column.name, column)
    return table.rows * (1 - whole.null_share if column.null_share == 0 else 1)


def key_column(key: Key, table: Table, widths: Mapping[str, float]) -> Column:
    """The column that the key stands on; for an expression one made up: as the column in lower() and upper(), else of
    the given width or EXPRESSION_WIDTH, with as many values as rows."""
    if key.column in table.columns:
        return table.columns[key.column]
    same = _SAME_WIDTH.fullmatch(key.text)
    if same and key.text not in widths:
        name = same[1][1:-1].replace('""', '"') if same[1].startswith('"') else same[1].lower()
        if name in table.columns:
            return table.columns[name]
    width = round(widths.get(key.text, EXPRESSION_WIDTH))
    return Column(
        number=0,
        name=key.text,
        type=0,
        type_name="",
        length=-1 if key.text in widths else width,
        align="i",
        width=width,
        distinct_values=0.0,
        null_share=0.0,
        correlation=0.0,
    )


def stored(column: Column) -> Stored:
    """As the column stands in an index tuple."""
    if column.length > 0:
        return Stored(((column.length, 1.0),), _ALIGN.get(column.align, 4), False, column.null_share)
    return Stored(_widths(column), _ALIGN.get(column.align, 4), True, column.null_share)


def _widths(column: Column) -> tuple[tuple[int, float], ...]:
    """The widths of a varlena column: of the common values exactly, of the others around what is left of the mean."""
    if column.width > _LONG or column.type_name in ("character", "bpchar"):
        return ((column.width, 1.0),)
    mean = max(1, column.width) + 0.5  # the statistics round it down
    known: dict[int, float] = {}
    present = max(1e-9, 1 - column.null_share)
    for value, share in column.common:
        width = _width_of(value, column)
        if width is None:
            break
        known[width] = known.get(width, 0.0) + share / present
    covered = sum(known.values())
    if covered > 0.98:
        return tuple((width, share / covered) for width, share in known.items())
    left = max(1.0, (mean - sum(width * share for width, share in known.items())) / (1 - covered))
    for width, share in _around(left, column.type_name):
        known[width] = known.get(width, 0.0) + share * (1 - covered)
    return tuple(known.items())


def _around(mean: float, type_name: str) -> list[tuple[int, float]]:
    """Widths with that mean. A numeric has an odd one: two bytes for four digits."""
    if type_name == "numeric":
        low = max(3, int((mean - 1) // 2) * 2 + 1)
        above = min(1.0, max(0.0, (mean - low) / 2))
        return [(low, 1 - above), (low + 2, above)]
    reach = max(1, round(mean * 0.15))
    return [(max(1, int(mean) + step), 1 / (2 * reach + 1)) for step in range(-reach, reach + 1)]


def _width_of(value: str, column: Column) -> int | None:
    """The bytes of a value given as text, header included; None where its type is not known to us."""
    if column.category == "S":
        size = len(value.encode())
        return size + (1 if size < 127 else 4)
    if column.type_name == "numeric":
        try:
            digits = Decimal(value).as_tuple()
        except InvalidOperation:
            return None
        if not isinstance(digits.exponent, int):
            return 3
        text = "".join(map(str, digits.digits))
        whole, behind = (text[: digits.exponent] or "0", text[digits.exponent :]) if digits.exponent < 0 else (text, "")
        behind = behind.rjust(-digits.exponent, "0") if digits.exponent < 0 else ""
        groups = whole.lstrip("0").rjust(-(-len(whole.lstrip("0")) // 4) * 4, "0")
        groups += behind.ljust(-(-len(behind) // 4) * 4, "0")
        four = [groups[place : place + 4] for place in range(0, len(groups), 4)]
        while four and four[-1] == "0000":
            four.pop()
        while four and four[0] == "0000":
            four.pop(0)
        return 3 + 2 * len(four)
    return None


def _shares(column: Column, rows: float) -> list[tuple[float, float]]:
    """(share of the rows that a value has, how many such values) in a table of `rows`, NULL being a value."""
    shares = [(share, 1.0) for _, share in column.common if share > 0]
    if column.null_share > 0:
        shares.append((column.null_share, 1.0))
    left = 1 - sum(share for share, _ in shares)
    if left <= 1e-6 or rows <= 0:
        return shares or [(1.0, 1.0)]
    values = column.distinct_values - len(column.common)
    if column.distinct_values <= 0:
        values = 2.0 if column.type_name == "boolean" else rows
    values = max(1.0, min(values, left * rows))
    # `values` have a row; by chance there are more, which have none, where there are few rows to a value.
    share = _untruncated(left * rows / values) / rows
    return [*shares, (share, left / share)]


def _untruncated(mean: float) -> float:
    """The Poisson mean whose mean without the zeros is `mean`; tiny for 1."""
    if mean > 20:
        return mean
    low, high = 1e-6, mean
    for _ in range(50):
        middle = (low + high) / 2
        if middle / -math.expm1(-middle) < mean:
            low = middle
        else:
            high = middle
    return high
