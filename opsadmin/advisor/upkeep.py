"""What an index costs by itself: every row that is written is written into it too."""

from __future__ import annotations

from collections.abc import Sequence

from opsadmin.advisor.facts import Table
from opsadmin.advisor.spec import IndexSpec
from opsadmin.advisor.workbench import Workbench

#: An entry of a b-tree, in the planner's unit: the way down through its inner pages and their comparisons
#: (50 x cpu_operator_cost a level, as btcostestimate counts it), an index tuple, and part of the page's later write.
ENTRY_COST = 1.5
#: So much more an entry of a GIN costs: a value has many entries, though its pending list puts them off. Our choice.
GIN_FACTOR = 4.0


#: What an index as large as all tables costs by being there, as a part of the workload's cost: of two that serve equally well
#: the smaller one is better for the cache, for backups and for VACUUM. Our choice, too little to outweigh a plan.
ROOM_COST = 0.0005


def upkeep_of(bench: Workbench, sizes: Sequence[int], window_seconds: float) -> list[float]:
    """Of each candidate, in the planner's unit for the window in which the workload was counted. Rows that are written count
    only where it was counted, because else nobody knows how often a statement runs for each of them."""
    heap = max(1, sum(table.bytes for table in bench.tables.values()))
    room = ROOM_COST * sum(one.weight * one.base for one in bench.statements) / heap
    return [
        room * size + written_rows(bench.tables[spec.relid], window_seconds) * entry_cost(spec)
        for spec, size in zip(bench.indexes, sizes, strict=True)
    ]


def written_rows(table: Table, window_seconds: float) -> float:
    """Rows of the table that get new index entries in so many seconds, by its counters. A load in one go is no habit: where
    fewer rows come in since the last VACUUM, that counts."""
    if not table.since_seconds:
        return 0.0
    inserts = table.inserts / table.since_seconds
    if table.inserts_a_second is not None:
        inserts = min(inserts, table.inserts_a_second)
    return (inserts + (table.updates - table.hot) / table.since_seconds) * window_seconds


def entry_cost(spec: IndexSpec) -> float:
    match spec.using:
        case "brin":
            return 0.05
        case "gin":
            return ENTRY_COST * GIN_FACTOR
    return ENTRY_COST


def write_overhead(spec: IndexSpec, table: Table) -> float:
    """How much more a write of a row does, beside the heap and the indexes that there are; 1 is twice as much."""
    present = 1.0 + sum(ENTRY_COST * (GIN_FACTOR if one.method == "gin" else 1.0) for one in table.indexes)
    return round(entry_cost(spec) / present, 3)
