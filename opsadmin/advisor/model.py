"""What a plan would cost with an index that nobody can pretend: without HypoPG, and of GIN and GiST, which HypoPG refuses.
Takes a plan as EXPLAIN (FORMAT JSON) gives it, puts the index's path in the place of a scan where it is cheaper, and
carries the difference to the root.

An upper bound: the planner may find another order of joins with the index, this does not.

How good it is, measured on PostgreSQL 15 (tests/opsadmin/advisor/test_model.py): where the scan of one table is replaced, the
planner's cost with the real index is met within 10 % mostly and 30 % always, for b-tree and GIN; a lookup for each row of a
join within a factor of two.

GIN under HypoPG has a better way: pretend `CREATE INDEX ON t ((1)) WHERE <the very condition>`. The planner proves that
it holds and puts it to every use that it would have for the GIN index, joins included; with `gin_surcharge`, the search in
the index itself, its cost is that of the real index within 3 % (without: 29 to 100 %). Two things matter. The key must have no
order in the table: on an id it counts as correlated, and the cost is down to 3 % of the real one. The condition must be
written as the plan shows it (`Filter`, without VERBOSE): HypoPG does not work out `to_tsquery('simple', 'x')` in a predicate, so
nothing is proved of it. A LIMIT saves less with the real index: its bitmap is read to the end first."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from opsadmin.advisor.facts import Table
from opsadmin.advisor.formulas import (
    Cost,
    Scan,
    Settings,
    bitmap_scan,
    brin_index,
    btree_index,
    gin_index,
    gist_index,
    hash_index,
    index_scan,
)
from opsadmin.advisor.size_gin import GinShape
from opsadmin.advisor.size_other import PAGES_PER_RANGE, option
from opsadmin.advisor.spec import IndexSpec
from opsadmin.postgres.names import identifier

Plan = Mapping[str, Any]

_SCANS = ("Seq Scan", "Bitmap Heap Scan", "Index Scan", "Index Only Scan")
#: What must have read its input to the end before it gives a row.
_BLOCKING = ("Sort", "Hash", "Aggregate", "SetOp")
_GATHERS = ("Gather", "Gather Merge")
#: What gives a row for a row, so that a LIMIT above it is one below.
_PASSING = ("Subquery Scan", "Result", "LockRows", "ProjectSet", "Append", "Merge Append")
#: Between a join and the scan of its inner side.
_WRAPPERS = ("Hash", "Sort", "Materialize", "Memoize")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What the index answers of a statement's conditions. `selectivity`: the share of the table's rows that it gives, its
    predicate included; `predicate_share`: the share that its predicate keeps; of one lookup where `joined`: the condition is
    one with another table's column. `quals`: how many conditions it answers; `conditions`: how many there are on the table.
    `entries`: how many a GIN index is searched for (`searched.entries_searched`); `shape`: what is known of it (`gin_shape`).
    `ordered`: it gives the rows in the order that is asked for; `only`: it holds all columns that are read.
    `alias`: the table's in the statement, where it is read more than once; `joins`: its columns of the condition with the
    other table, as a plan writes them after the alias, empty where nobody knows."""

    selectivity: float
    predicate_share: float = 1.0
    quals: int = 1
    conditions: int = 1
    entries: float = 1.0
    shape: GinShape | None = None
    alias: str = ""
    joined: bool = False
    ordered: bool = False
    only: bool = False
    joins: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Asked:
    """The question as it goes down the plan. `loops`: how often the node is run; `divisor`: among how many processes its rows
    are divided, `serial`: what its own work is multiplied by when it is done by one process after all; `share`: of its rows
    that will be read, under a LIMIT."""

    table: Table
    spec: IndexSpec
    pages: float
    condition: Condition
    settings: Settings
    loops: float = 1.0
    divisor: float = 1.0
    serial: float = 1.0
    share: float = 1.0

    def best(self, *costs: Cost) -> Cost:
        """The cheapest for as much as will be read."""
        return min(costs, key=lambda cost: cost.startup + self.share * (cost.total - cost.startup))


def cost_with(
    plan: Plan,
    table: Table,
    spec: IndexSpec,
    size_bytes: int,
    condition: Condition,
    settings: Settings | None = None,
) -> float | None:
    """The total cost of the plan if the index existed: the plan's own where it is no help; None where the plan does not read
    the table."""
    if not any(_is_scan(node, table, condition) for node in _nodes(plan)):
        return None
    pages = max(1.0, size_bytes / table.block)
    asked = _Asked(table, spec, pages, condition, settings or Settings())
    return min(float(plan["Total Cost"]), _priced(plan, asked).total)


def selectivity_of_filter(node: Plan, table: Table, workers: int = 0) -> float:
    """The share of the table's rows that a scan of it gives, `workers` being planned above it."""
    rows = float(node["Plan Rows"]) * (_divisor(workers) if node.get("Parallel Aware") else 1.0)
    return min(1.0, rows / max(table.rows, 1.0))


def gin_surcharge(
    table: Table,
    selectivity: float,
    n_entries: float,
    shape: GinShape,
    settings: Settings | None = None,
) -> float:
    """What the scan of a GIN index costs more than that of a partial b-tree that has just the rows of the condition: the
    search for `n_entries` entries (`searched.entries_searched`) and reading their postings. Per execution of the scan."""
    settings = settings or Settings()
    scan = Scan(
        rows=table.rows, pages=table.pages, index_pages=shape.pages, indexed=table.rows, selectivity=selectivity
    )
    gin = gin_index(scan, n_entries, shape, settings)
    found = scan.fetched
    # Twenty bytes of a b-tree's tuple, nine tenths full: what HypoPG thinks.
    partial = replace(scan, index_pages=max(1.0, found / 360), indexed=found, quals=0)
    return max(0.0, gin.total - btree_index(partial, settings).total)


def _nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _is_scan(node: Plan, table: Table, condition: Condition) -> bool:
    return (
        node.get("Node Type") in _SCANS
        and node.get("Relation Name") == table.name
        and node.get("Schema", table.schema) == table.schema
        and (not condition.alias or node.get("Alias") == condition.alias)
    )


def _divisor(workers: int) -> float:
    """Among how many the rows are divided: the leader helps, the less the more workers it serves (get_parallel_divisor)."""
    return workers + max(0.0, 1 - 0.3 * workers)


def _cost(node: Plan) -> Cost:
    return Cost(float(node["Startup Cost"]), float(node["Total Cost"]))


def _priced(node: Plan, asked: _Asked) -> Cost:
    """The cost of the node with the index; its own where nothing below it gains."""
    old = _cost(node)
    if _is_scan(node, asked.table, asked.condition):
        return old if asked.condition.joined else _scan(node, asked)
    children = node.get("Plans", ())
    if not any(_is_scan(below, asked.table, asked.condition) for below in _nodes(node)):
        divided = asked.serial > 1 and any(below.get("Parallel Aware") for below in _nodes(node))
        return Cost(old.startup, old.total * asked.serial) if divided else old
    kind = node["Node Type"]
    if kind in _GATHERS:
        return _gathered(node, asked)
    if kind == "Sort" and asked.condition.ordered and _is_scan(children[0], asked.table, asked.condition):
        return asked.best(_above(node, asked), _scan(children[0], asked, ordered=True))
    if kind == "Limit":
        return _limited(node, asked)
    new = _above(node, asked)
    if asked.condition.joined:
        looked_up = _lookups(node, asked)
        if looked_up is not None and looked_up.total < new.total:
            return looked_up
    return new


def _gathered(node: Plan, asked: _Asked) -> Cost:
    """The cheaper of both: still in parallel, or by one process, which saves the start and the hand-over of rows."""
    (child,) = node["Plans"]
    divisor = _divisor(int(node.get("Workers Planned", 0)))
    parallel = _priced(child, replace(asked, divisor=divisor))
    own = float(node["Total Cost"]) - float(child["Total Cost"])
    start = float(node["Startup Cost"]) - float(child["Startup Cost"])
    together = Cost(parallel.startup + start, parallel.total + own)
    alone = _priced(child, replace(asked, divisor=divisor, serial=divisor))
    return asked.best(together, alone)


def _limited(node: Plan, asked: _Asked) -> Cost:
    """The share of its input that the plan thinks it reads."""
    child = node["Plans"][0]
    share = min(1.0, float(node["Plan Rows"]) / max(1.0, float(child["Plan Rows"])))
    new = _priced(child, replace(asked, share=share * asked.share))
    return Cost(new.startup, new.startup + (new.total - new.startup) * share)


def _above(node: Plan, asked: _Asked) -> Cost:
    """The node over its children's new costs: what is its own stays."""
    old = _cost(node)
    children = node.get("Plans", ())
    times = _times(node)
    own = max(0.0, old.total - sum(n * float(child["Total Cost"]) for n, child in zip(times, children, strict=True)))
    total, startup = own * asked.serial, old.startup
    if node["Node Type"] not in _PASSING:
        asked = replace(asked, share=1.0)
    for number, child in zip(times, children, strict=True):
        was, now = _cost(child), _priced(child, replace(asked, loops=asked.loops * max(1.0, number)))
        total += number * now.total
        whole = (
            node["Node Type"] in _BLOCKING
            or child["Node Type"] == "Hash"
            or child.get("Parent Relationship") == "InitPlan"
        )
        startup += (now.total - was.total) if whole else (now.startup - was.startup)
    if node["Node Type"] in _BLOCKING and node.get("Strategy") != "Sorted":
        startup = total - (old.total - old.startup) * asked.serial
    return Cost(min(max(startup, 0.0), total), total)


def _times(node: Plan) -> list[float]:
    """How often each child is run, as its share in the node's cost tells."""
    total = float(node["Total Cost"])
    times: list[float] = []
    outer = 0.0
    rows = 1.0
    for child in node.get("Plans", ()):
        cost = max(float(child["Total Cost"]), 1e-9)
        number = 1.0
        if child.get("Parent Relationship") == "SubPlan" and "hashed" not in str(node.get("Filter", "")):
            number = max(1.0, math.floor(total / cost))
        elif child.get("Parent Relationship") == "Outer":
            outer, rows = cost, max(1.0, float(child["Plan Rows"]))
        elif node["Node Type"] == "Nested Loop" and child["Node Type"] != "Materialize":
            number = min(rows, max(1.0, (total - outer) / cost))
        times.append(number)
    return times


def _filter_cost(node: Plan, asked: _Asked) -> float:
    """The cost of all conditions on one row of the table: a sequential scan's cost tells it."""
    settings, table = asked.settings, asked.table
    least = settings.cpu_operator * max(asked.condition.conditions, asked.condition.quals)
    if node["Node Type"] != "Seq Scan" or not table.rows:
        return least
    work = float(node["Total Cost"]) - float(node["Startup Cost"]) - table.pages * settings.seq_page
    divisor = asked.divisor if node.get("Parallel Aware") else 1.0
    return max(settings.cpu_operator, work * divisor / table.rows - settings.cpu_tuple)


def _scan(node: Plan, asked: _Asked, *, ordered: bool = False) -> Cost:
    """The scan by way of the index, or as it was."""
    settings = asked.settings
    old = _cost(node)
    if asked.serial > 1 and node["Node Type"] == "Seq Scan" and node.get("Parallel Aware"):
        # By one process: its CPU work is not divided.
        reading = asked.table.pages * settings.seq_page
        old = Cost(old.startup, reading + max(0.0, old.total - reading) * asked.serial)
    divisor = 1.0 if asked.serial > 1 else asked.divisor
    # What is asked once before (an InitPlan) stays.
    before = sum(
        float(child["Total Cost"]) for child in node.get("Plans", ()) if child.get("Parent Relationship") == "InitPlan"
    )
    paths = [
        Cost(path.startup + before, path.total + before)
        for path in _paths(_filter_cost(node, asked), asked, divisor, ordered=ordered)
    ]
    if ordered:
        return asked.best(*paths) if paths else Cost(math.inf, math.inf)
    return asked.best(old, *paths)


def _paths(filtering: float, asked: _Asked, divisor: float, *, ordered: bool) -> Iterator[Cost]:
    """What the index can do for the table: a bitmap, or a scan in its order."""
    table, condition, settings, spec = asked.table, asked.condition, asked.settings, asked.spec
    first = table.columns.get(spec.keys[0].column)
    correlation = first.correlation if first else 0.0
    scan = Scan(
        rows=table.rows,
        pages=table.pages,
        index_pages=asked.pages,
        indexed=max(1.0, table.rows * condition.predicate_share),
        selectivity=min(1.0, condition.selectivity),
        quals=condition.quals,
        rest=max(0.0, filtering - settings.cpu_operator * condition.quals),
        correlation=correlation * (0.75 if len(spec.keys) > 1 else 1.0),
        loops=asked.loops,
        visible=1.0 if condition.only else 0.0,
    )
    match spec.using:
        case "gin":
            index = gin_index(scan, condition.entries, condition.shape, settings)
        case "brin":
            index, share = brin_index(scan, option(spec.options, "pages_per_range") or PAGES_PER_RANGE, settings)
            scan = replace(scan, selectivity=share)
        case "hash":
            index = hash_index(scan, settings)
        case "gist" | "spgist":
            index = gist_index(scan, settings)
        case _:
            index = btree_index(scan, settings)
    if spec.using not in ("gin", "brin"):
        plain = index_scan(
            replace(scan, correlation=scan.correlation if spec.using == "btree" else 0.0), index, settings
        )
        yield plain
    if not ordered:
        bitmap = bitmap_scan(scan, index, filtering, settings)
        work = (settings.cpu_tuple + filtering) * scan.fetched
        yield Cost(bitmap.startup, bitmap.total - work + work / divisor)


def _lookups(node: Plan, asked: _Asked) -> Cost | None:
    """A join of the table as a lookup in the index for each row of the other side; None where it cannot be one."""
    if node["Node Type"] not in ("Hash Join", "Merge Join", "Nested Loop"):
        return None
    sides = {child.get("Parent Relationship"): child for child in node["Plans"]}
    # The inner side of a nested loop may itself be a lookup for each row of the outer one: they do not change places.
    places = (("Inner", "Outer"), ("Outer", "Inner"))
    for place, other in places[:1] if node["Node Type"] == "Nested Loop" else places:
        scan = _unwrapped(sides[place])
        kinds = (
            ("Inner", "Left", "Semi", "Anti") if place == "Inner" else ("Inner", "Right", "Right Semi", "Right Anti")
        )
        if not _is_scan(scan, asked.table, asked.condition) or node.get("Join Type", "Inner") not in kinds:
            continue
        if not _is_by(node, scan, asked.condition):
            continue
        source = _unwrapped(sides[other]) if node["Node Type"] != "Nested Loop" else sides[other]
        rows = max(1.0, float(source["Plan Rows"]))
        below = replace(asked, loops=asked.loops * rows)
        cost = _cost(source)
        paths = _paths(_filter_cost(scan, asked), below, 1.0, ordered=False)
        each = min(paths, key=lambda path: path.total)
        output = float(node["Plan Rows"]) * asked.settings.cpu_tuple
        return Cost(cost.startup + each.startup, cost.total + rows * each.total + output)
    return None


def _is_by(node: Plan, scan: Plan, condition: Condition) -> bool:
    """Whether the tables are joined by what the index stands on."""
    if not condition.joins:
        return True
    texts = [str(node.get(name, "")) for name in ("Hash Cond", "Merge Cond", "Join Filter")]
    texts += [str(scan.get(name, "")) for name in ("Index Cond", "Filter", "Recheck Cond")]
    alias = identifier(str(scan.get("Alias", "")))
    return any(
        re.search(rf"(?<![\w\"]){re.escape(f'{alias}.{column}')}(?!\w)", text)
        for column in condition.joins
        for text in texts
    )


def _unwrapped(node: Plan) -> Plan:
    while node["Node Type"] in _WRAPPERS:
        node = node["Plans"][0]
    return node
