"""How large BRIN, hash, GiST and SP-GiST indexes are right after CREATE INDEX.

BRIN and hash follow brin_tuple.c and hashpage.c. GiST and SP-GiST depend on how the values fall into pages, which nothing
tells beforehand: a tuple's size over a fill that fits what CREATE INDEX made of points, ranges, addresses, trigrams and
text search (45 to 88 %), so within a factor of 1.5."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from opsadmin.advisor.facts import Column
from opsadmin.advisor.size_btree import LINE_POINTER, PAGE_HEADER, Classes, Stored, aligned, tuple_bytes

#: An item pointer of the range map.
RANGE_POINTER = 6
PAGES_PER_RANGE = 128
#: The hash of the value, in a tuple with its line pointer.
HASH_ITEM = 8 + 8 + LINE_POINTER
HASH_FILL = 0.75
#: From here on the buckets of a doubling come in four steps.
HASH_STEPS_FROM = 512
GIST_FILL = 0.65
SPGIST_FILL = 0.75
SPGIST_TUPLE = 16
#: A minmax_multi summary holds up to 32 values.
MULTI_VALUES = 32
#: A bloom filter is made for a tenth of the rows that a range could hold, at least 128, with one false hit in a hundred.
BLOOM_ROWS_PER_PAGE = 29.1
BLOOM_LEAST_ROWS = 128
BLOOM_BYTES_PER_ROW = 9.585 / 8


def option(options: str, name: str) -> float | None:
    """The number that a storage parameter is set to."""
    found = re.search(rf"\b{name}\s*=\s*'?([0-9.]+)", options, re.I)
    return float(found[1]) if found else None


def brin_pages(keys: Sequence[tuple[Stored, str]], heap_pages: int, options: str, block: int) -> int:
    """`keys`: with their operator classes."""
    per_range = option(options, "pages_per_range") or PAGES_PER_RANGE
    ranges = max(1, math.ceil(heap_pages / per_range))
    summary = 8.0
    for column, opclass in keys:
        if "bloom" in opclass:
            filter_rows = max(BLOOM_LEAST_ROWS, BLOOM_ROWS_PER_PAGE * per_range)
            summary += min(filter_rows * BLOOM_BYTES_PER_ROW, block - 128)
        else:
            summary += column.mean * (MULTI_VALUES if "multi" in opclass else 2)
    per_page = max(1, (block - PAGE_HEADER - 8) // (aligned(summary) + LINE_POINTER))
    summaries = math.ceil(ranges / per_page)
    return 1 + math.ceil(ranges / ((block - PAGE_HEADER - 8) // RANGE_POINTER)) + summaries


def hash_pages(heap_rows: float, classes: Classes, block: int) -> int:
    """`heap_rows`: of the whole table, for which the buckets are made; `classes`: how the rows that the index holds (no
    NULLs) are spread over the values."""
    per_page = (block - PAGE_HEADER - 16) // HASH_ITEM
    buckets = _buckets(heap_rows / (block * HASH_FILL // HASH_ITEM))
    large = [(expected, count) for expected, count in classes if expected > per_page]
    small = [(expected, count) for expected, count in classes if expected <= per_page]
    pages = sum(count * math.ceil(expected / per_page) for expected, count in large)
    pages -= min(buckets, sum(count for _, count in large))
    # The buckets that have not been split yet take twice as many; values of many rows make the filling uneven.
    left = sum(expected * count for expected, count in small)
    lump = sum(expected * (expected + 1) * count for expected, count in small) / left if left else 1.0
    doubling = 2 ** math.ceil(math.log2(buckets))
    unsplit = doubling - buckets
    for number, load in ((unsplit, 2 * left / doubling), (buckets - unsplit, left / doubling)):
        pages += number * _chain(load, lump, per_page)
    return 2 + math.ceil(pages)


def _buckets(wanted: float) -> int:
    power = int(2 ** max(1, math.ceil(math.log2(max(wanted, 2)))))
    if power <= HASH_STEPS_FROM:
        return power
    half = power // 2
    return half + math.ceil((wanted - half) / (half / 4)) * (half // 4)


def _chain(load: float, lump: float, per_page: int) -> float:
    """Pages of a bucket with `load` rows expected, which come `lump` at a time."""
    spread = math.sqrt(max(load * lump, 1e-9) * 2)
    return 1 + sum(math.erfc((per_page * step - load) / spread) / 2 for step in range(1, int(4 * load / per_page) + 6))


def gist_pages(rows: float, columns: Sequence[tuple[Column, Stored, str]], block: int) -> int:
    """`columns`: with their operator classes."""
    held = [
        Stored(((_gist_key(column, opclass), 1.0),), 1, True, as_is.null_share) for column, as_is, opclass in columns
    ]
    return _filled(rows, tuple_bytes(held) + LINE_POINTER, GIST_FILL, block)


def _gist_key(column: Column, opclass: str) -> int:
    if "trgm" in opclass:
        return 5 + 3 * (column.width + 1)
    if column.type_name == "tsvector":
        return 8 + max(4, round(column.width * 0.35))
    return {"point": 32, "box": 32, "circle": 32, "polygon": 32, "inet": 8, "cidr": 8}.get(
        column.type_name, column.width
    )


def spgist_pages(rows: float, columns: Sequence[Stored], block: int) -> int:
    return _filled(rows, SPGIST_TUPLE + sum(column.mean for column in columns) + LINE_POINTER, SPGIST_FILL, block)


def _filled(rows: float, item: float, fill: float, block: int) -> int:
    pages = max(1, math.ceil(rows * item / ((block - PAGE_HEADER - 16) * fill)))
    return pages + (1 + pages // 100 if pages > 1 else 0)
