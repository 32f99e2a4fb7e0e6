"""What PostgreSQL's planner would say an index path costs: its own formulas (costsize.c, selfuncs.c of version 15; 16's GIN
where the server has it), without a server. Pure arithmetic.

Restated for one relation: what the planner spreads over the other tables of a statement (the cache) goes to this one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opsadmin.advisor.size_gin import GinShape

#: The CPU of a page of an index descended, in operators (DEFAULT_PAGE_CPU_MULTIPLIER).
PAGE_CPU = 50.0
#: A page that a bitmap in memory knows, in bytes.
BITMAP_PAGE = 64
#: Where a GIN index's own figures are unknown, the planner takes 90 % of its pages for entries, a hundred on each.
ENTRY_PAGES = 0.9
ENTRIES_PER_PAGE = 100.0

SETTINGS_QUESTION = """
SELECT
    current_setting('seq_page_cost')::float8 AS seq_page,
    current_setting('random_page_cost')::float8 AS random_page,
    current_setting('cpu_tuple_cost')::float8 AS cpu_tuple,
    current_setting('cpu_index_tuple_cost')::float8 AS cpu_index_tuple,
    current_setting('cpu_operator_cost')::float8 AS cpu_operator,
    (SELECT setting::float8 FROM pg_settings WHERE name = 'effective_cache_size') AS cache_pages,
    (SELECT setting::float8 * 1024 FROM pg_settings WHERE name = 'work_mem') AS work_mem,
    current_setting('server_version_num')::integer AS version
"""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the planner reckons with. `cache_pages`: effective_cache_size; `work_mem` in bytes."""

    seq_page: float = 1.0
    random_page: float = 4.0
    cpu_tuple: float = 0.01
    cpu_index_tuple: float = 0.005
    cpu_operator: float = 0.0025
    cache_pages: float = 524288.0
    work_mem: float = 4 * 1024 * 1024.0
    version: int = 150000

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Settings:
        """From the answer to SETTINGS_QUESTION."""
        return cls(**row)


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A scan of an index, as the formulas want it. `selectivity`: the share of the table's `rows` that the index gives;
    `indexed`: the rows in it; `quals`: its clauses; `rest`: the cost of the conditions on a row that was fetched without
    them; `loops`: how often it is repeated, in a nested loop; `visible`: the share of pages whose rows are all visible, for
    an index-only scan (0: no such scan)."""

    rows: float
    pages: float
    index_pages: float
    indexed: float
    selectivity: float
    quals: int = 1
    rest: float = 0.0
    correlation: float = 0.0
    loops: float = 1.0
    visible: float = 0.0
    height: int = -1

    @property
    def fetched(self) -> float:
        return max(1.0, round(self.rows * self.selectivity))


@dataclass(frozen=True)
class Cost:
    startup: float
    total: float


def pages_fetched(tuples: float, pages: float, index_pages: float, settings: Settings) -> float:
    """Mackert and Lohman's estimate of the pages read for tuples in no order through a cache (index_pages_fetched)."""
    table = max(pages, 1.0)
    cache = max(1.0, math.ceil(settings.cache_pages * table / max(table + index_pages, 1.0)))
    if table <= cache:
        return min(math.ceil(2 * table * tuples / (2 * table + tuples)), table)
    limit = 2 * table * cache / (2 * table - cache)
    if tuples <= limit:
        return math.ceil(2 * table * tuples / (2 * table + tuples))
    return math.ceil(cache + (tuples - limit) * (table - cache) / table)


def btree_index(scan: Scan, settings: Settings) -> Cost:
    """Of the index alone (genericcostestimate, btcostestimate)."""
    found = max(1.0, min(scan.indexed, round(scan.fetched)))
    pages = max(1.0, math.ceil(found * scan.index_pages / max(scan.indexed, 1.0))) if scan.index_pages > 1 else 1.0
    if scan.loops > 1:
        reads = pages_fetched(pages * scan.loops, scan.index_pages, scan.index_pages, settings) / scan.loops
    else:
        reads = pages
    height = (
        scan.height if scan.height >= 0 else max(0, math.ceil(math.log(max(scan.index_pages, 1.0)) / math.log(250)))
    )
    descent = math.ceil(math.log2(scan.indexed)) * settings.cpu_operator if scan.indexed > 1 else 0.0
    descent += (height + 1) * PAGE_CPU * settings.cpu_operator
    run = reads * settings.random_page
    run += found * (settings.cpu_index_tuple + settings.cpu_operator * scan.quals)
    return Cost(descent, descent + run)


def gist_index(scan: Scan, settings: Settings) -> Cost:
    """GiST, SP-GiST: as a b-tree whose pages have a hundred children (gistcostestimate)."""
    height = int(math.log(scan.index_pages) / math.log(100)) if scan.index_pages > 1 else 0
    return btree_index(Scan(**{**scan.__dict__, "height": height}), settings)


def hash_index(scan: Scan, settings: Settings) -> Cost:
    found = scan.fetched
    reads = max(1.0, math.ceil(found * scan.index_pages / max(scan.indexed, 1.0)))
    run = reads * settings.random_page + found * (settings.cpu_index_tuple + settings.cpu_operator * scan.quals)
    return Cost(0.0, run)


def gin_index(scan: Scan, searched: float, shape: GinShape | None, settings: Settings) -> Cost:
    """GIN: `searched` entries are looked for, all must be met. `shape`: of the index; None: as the planner guesses where it
    does not know (gincostestimate)."""
    if shape is None:
        entry_pages = max(1.0, math.floor(scan.index_pages * ENTRY_PAGES))
        distinct = entry_pages * ENTRIES_PER_PAGE
    else:
        entry_pages, distinct = float(shape.entry_pages), max(shape.entries, 1.0)
    data_pages = max(0.0, scan.index_pages - 1 - entry_pages)
    distinct = max(distinct or entry_pages * ENTRIES_PER_PAGE, 1.0)
    read: float = math.ceil(searched * round(entry_pages**0.15))
    startup = 0.0
    if settings.version >= 160000:
        if distinct > 1:
            startup += math.ceil(math.log2(distinct)) * settings.cpu_operator * searched
        startup += read * PAGE_CPU * settings.cpu_operator
    if scan.loops > 1:
        read = pages_fetched(read * scan.loops, entry_pages, scan.index_pages, settings) / scan.loops
    startup += read * settings.random_page
    data: float = math.ceil(data_pages * searched / distinct)
    # A posting takes three bytes, so frequent entries have that many pages at least.
    data = max(data, math.ceil(scan.selectivity * scan.rows / (8192 / 3)))
    if settings.version >= 160000:
        startup += data * PAGE_CPU * settings.cpu_operator
    if scan.loops > 1:
        data = pages_fetched(data * scan.loops, max(data_pages, data), scan.index_pages, settings) / scan.loops
    run = data * settings.random_page
    run += scan.rows * scan.selectivity * (settings.cpu_index_tuple + settings.cpu_operator * scan.quals)
    return Cost(startup, startup + run)


def brin_index(scan: Scan, per_range: float, settings: Settings) -> tuple[Cost, float]:
    """BRIN, with the share of the table that its ranges give (brincostestimate)."""
    ranges = max(1.0, math.ceil(scan.pages / per_range))
    least = math.ceil(ranges * scan.selectivity)
    strength = abs(scan.correlation)
    read = ranges if strength < 1e-10 else min(least / strength, ranges)
    map_pages = math.ceil(ranges / 1360)
    startup = settings.seq_page * map_pages + settings.cpu_operator * scan.quals
    run = settings.random_page * max(0.0, scan.index_pages - map_pages)
    run += 0.1 * settings.cpu_operator * read * per_range
    return Cost(startup, startup + run), min(1.0, read / ranges)


def index_scan(scan: Scan, index: Cost, settings: Settings) -> Cost:
    """The index and the table's rows in its order (cost_index)."""
    hidden = 1 - scan.visible
    if scan.loops > 1:
        reads = pages_fetched(scan.fetched * scan.loops, scan.pages, scan.index_pages, settings) * hidden
        most = math.ceil(reads) * settings.random_page / scan.loops
        least = math.ceil(scan.selectivity * scan.pages)
        reads = pages_fetched(least * scan.loops, scan.pages, scan.index_pages, settings) * hidden
        least_io = math.ceil(reads) * settings.random_page / scan.loops
    else:
        reads = math.ceil(pages_fetched(scan.fetched, scan.pages, scan.index_pages, settings) * hidden)
        most = reads * settings.random_page
        reads = math.ceil(math.ceil(scan.selectivity * scan.pages) * hidden)
        least_io = settings.random_page + (reads - 1) * settings.seq_page if reads > 0 else 0.0
    run = most + scan.correlation**2 * (least_io - most)
    run += (settings.cpu_tuple + scan.rest) * scan.fetched
    return Cost(index.startup, index.total + run)


def bitmap_scan(scan: Scan, index: Cost, quals: float, settings: Settings) -> Cost:
    """A bitmap of the index and the table's pages in their order; `quals`: the cost of all conditions on a row, those of the
    index included, which are checked anew (cost_bitmap_heap_scan)."""
    fetched = scan.fetched
    pages = max(scan.pages, 1.0)
    if scan.loops > 1:
        reads = pages_fetched(fetched * scan.loops, scan.pages, scan.index_pages, settings) / scan.loops
    else:
        reads = 2 * pages * fetched / (2 * pages + fetched)
    reads = pages if reads >= pages else math.ceil(reads)
    room = max(16.0, settings.work_mem / BITMAP_PAGE)
    heap = min(2 * pages * fetched / (2 * pages + fetched), pages)
    if room < heap:
        lossy = max(0.0, heap - room / 2)
        fetched = min(
            scan.rows, scan.selectivity * scan.rows * (1 - lossy / heap) + lossy / heap * lossy * scan.rows / pages
        )
        fetched = max(fetched, scan.fetched)
    page = settings.random_page
    if reads >= 2:
        page -= (settings.random_page - settings.seq_page) * math.sqrt(reads / pages)
    start = index.total + 0.1 * settings.cpu_operator * scan.fetched
    return Cost(start, start + reads * page + (settings.cpu_tuple + quals) * fetched)
