"""What a plan says that a person should know, in words: one file of judgements, each a function of one node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from opsadmin.console.facts import Stored
from opsadmin.core.blocks import said_bytes, said_number
from opsadmin.core.finding import Status
from opsadmin.core.result import Result
from opsadmin.plans.outline import named
from opsadmin.plans.tree import Node

#: An estimate that far off makes the planner choose wrongly; less is noise.
OFF = 10
#: Below these a plan costs nothing, whatever it does.
FEW_ROWS = 1000
SHORT_MS = 1.0
LARGE_ROWS = 50_000
LARGE_BYTES = 16 * 1024 * 1024
#: Kept of what is read: below that an index would read less.
FEW_OF_ALL = 0.05


@dataclass(frozen=True)
class PlanWarning(Result):
    """`id` is stable; `node`: the number of the node, 0 for the whole plan; `sql`: what would help, where that is SQL."""

    id: str
    node: int
    message: str
    hint: str = ""
    sql: str = ""
    severity: Status = Status.WARNING


@dataclass(frozen=True)
class Seen:
    """A node and what is known around it."""

    node: Node
    stored: Stored | None
    parent: Node | None

    @property
    def name(self) -> str:
        return f"Node {self.node.id} ({named(self.node)})"


def warnings_of(
    tree: Node, statements: list[dict[str, Any]], stored: Mapping[str, Stored], *, work_mem: str
) -> tuple[PlanWarning, ...]:
    """The warnings, those about time spent first, else from the top of the plan. `stored`: the tables of the plan, by name
    with schema."""
    found: list[PlanWarning] = []
    parents: dict[int, Node] = {child.id: node for node in tree.walk() for child in node.children}
    for node in tree.walk():
        seen = Seen(node, stored.get(node.relation), parents.get(node.id))
        for judge in _OF_A_NODE:
            found.extend(judge(seen))
    found.extend(_spills(tree, work_mem))
    for statement in statements:
        found.extend(_jit(statement))
        found.extend(_triggers(statement))
    found.extend(_unknown_tables(tree, stored))
    spent = {node.id: node.actual.self_ms or 0.0 for node in tree.walk() if node.actual is not None}
    return tuple(sorted(found, key=lambda one: -spent.get(one.node, 0.0)))


def _estimate(seen: Seen) -> Iterator[PlanWarning]:
    node, actual = seen.node, seen.node.actual
    if actual is None or actual.estimate_error < OFF or max(node.rows, actual.rows) * actual.loops < FEW_ROWS / 10:
        return
    if any(_is_off(child) for child in node.children) or _is_cut_short(seen):
        return  # the one below is where it begins
    word = "too many" if node.rows > actual.rows else "too few"
    table = seen.stored.identity if seen.stored else ""
    hint = (
        "The statistics may be old, or columns depend on each other: ANALYZE first, then CREATE STATISTICS on the columns "
        "of the condition."
        if table
        else "It comes from the condition of this node: values that depend on each other are estimated as if they did not."
    )
    yield PlanWarning(
        "plan.estimate",
        node.id,
        f"{seen.name}: {_n(node.rows)} rows were estimated and {_n(actual.rows)} came, {_n(actual.estimate_error)} times "
        f"{word}.",
        hint,
        f"ANALYZE {table};" if table else "",
    )


def _is_off(node: Node) -> bool:
    return node.actual is not None and node.actual.estimate_error >= OFF


def _is_cut_short(seen: Seen) -> bool:
    """Whether the node above did not want all rows."""
    return (
        seen.parent is not None
        and seen.parent.node_type in ("Limit", "Merge Join")
        and seen.node.actual is not None
        and seen.node.rows > seen.node.actual.rows
    )


def _full_scan(seen: Seen) -> Iterator[PlanWarning]:
    node, stored, actual = seen.node, seen.stored, seen.node.actual
    if node.node_type != "Seq Scan" or "Filter" not in node.detail:
        return
    if actual is not None:
        read = (actual.rows * actual.loops) + actual.removed_by_filter
        kept = actual.rows * actual.loops
        if read < LARGE_ROWS or kept > read * FEW_OF_ALL:
            return
        message = f"{seen.name} read {_n(read)} rows to keep {_n(kept)}."
    else:
        if stored is None or (stored.rows < LARGE_ROWS and stored.bytes < LARGE_BYTES) or _wants_few(seen):
            return
        if node.rows > stored.rows * FEW_OF_ALL:
            return
        message = (
            f"{seen.name} reads the whole table, about {_n(stored.rows)} rows in {said_bytes(stored.bytes)}, to keep about "
            f"{_n(node.rows)}."
        )
    yield PlanWarning(
        "plan.full_scan",
        node.id,
        message,
        f"An index on what it compares may help: {_short(node.detail['Filter'])}. Try one with hypothetical_indexes.",
    )


def _wants_few(seen: Seen) -> bool:
    """Whether a LIMIT above ends the scan early."""
    parent = seen.parent
    return parent is not None and parent.node_type == "Limit" and parent.cost < seen.node.cost / 2


def _thrown_away(seen: Seen) -> Iterator[PlanWarning]:
    node, actual = seen.node, seen.node.actual
    if actual is None or node.node_type == "Seq Scan" or actual.removed_by_filter < 10 * FEW_ROWS:
        return
    kept = actual.rows * actual.loops
    if actual.removed_by_filter < 10 * max(1.0, kept):
        return
    condition = node.detail.get("Filter") or node.detail.get("Join Filter") or node.detail.get("Recheck Cond") or ""
    yield PlanWarning(
        "plan.thrown_away",
        node.id,
        f"{seen.name} threw {_n(actual.removed_by_filter)} rows away and kept {_n(kept)}.",
        f"An index that holds the filtered columns too would not read them: {_short(condition)}.",
    )


def _lossy(seen: Seen) -> Iterator[PlanWarning]:
    lossy = seen.node.detail.get("Lossy Heap Blocks", 0)
    if lossy:
        exact = seen.node.detail.get("Exact Heap Blocks", 0)
        yield PlanWarning(
            "plan.lossy_bitmap",
            seen.node.id,
            f"{seen.name}: the bitmap did not fit into work_mem, so {_n(lossy)} of {_n(lossy + exact)} pages were read row "
            "by row.",
            "More work_mem for this statement keeps the bitmap exact; so does a narrower condition.",
        )


def _loops(seen: Seen) -> Iterator[PlanWarning]:
    node = seen.node
    if node.node_type != "Nested Loop" or len(node.children) < 2:
        return
    inner = node.children[1].actual
    if node.actual is None or inner is None or inner.loops < 10 * FEW_ROWS:
        return
    if inner.ms is None or inner.ms < max(10 * SHORT_MS, (node.actual.ms or 0.0) / 5):
        return
    yield PlanWarning(
        "plan.nested_loop",
        node.id,
        f"{seen.name} went through its inner side {_n(inner.loops)} times, {_n(inner.ms)} ms in all.",
        "The outer side gave more rows than a nested loop is good for: look at its estimate, or at an index for a hash or "
        "merge join's condition.",
    )


def _heap_fetches(seen: Seen) -> Iterator[PlanWarning]:
    node, actual = seen.node, seen.node.actual
    if node.node_type != "Index Only Scan" or actual is None or actual.heap_fetches < FEW_ROWS:
        return
    if actual.heap_fetches * 4 < actual.rows * actual.loops:
        return
    yield PlanWarning(
        "plan.heap_fetches",
        node.id,
        f"{seen.name} is index-only by name: it went to the table {_n(actual.heap_fetches)} times, because the visibility map "
        "does not say that those pages are all visible.",
        "VACUUM sets the map; a table that changes much is vacuumed too rarely.",
        f"VACUUM {seen.stored.identity};" if seen.stored else "",
    )


def _workers(seen: Seen) -> Iterator[PlanWarning]:
    planned = seen.node.detail.get("Workers Planned", 0)
    if seen.node.actual is None or not planned:
        return
    launched = seen.node.detail.get("Workers Launched", 0)
    if launched < planned:
        yield PlanWarning(
            "plan.workers",
            seen.node.id,
            f"{seen.name} planned {planned} parallel workers and got {launched}.",
            "max_parallel_workers or max_worker_processes is used up: others run parallel plans at the same time.",
        )


def _partitions(seen: Seen) -> Iterator[PlanWarning]:
    removed = seen.node.detail.get("Subplans Removed", 0)
    if removed and seen.node.actual is None:
        yield PlanWarning(
            "plan.partitions",
            seen.node.id,
            f"{seen.name} leaves {_n(removed)} partitions out when it starts, by values that are not known before.",
            severity=Status.OK,
        )


_OF_A_NODE: tuple[Callable[[Seen], Iterator[PlanWarning]], ...] = (
    _estimate,
    _full_scan,
    _thrown_away,
    _lossy,
    _loops,
    _heap_fetches,
    _workers,
    _partitions,
)


def _spills(tree: Node, work_mem: str) -> Iterator[PlanWarning]:
    """Sorts, hashes and aggregates that went to disk, and who else wrote temporary files."""
    said: set[int] = set()
    raise_it = f"work_mem is {work_mem}: SET LOCAL work_mem for this statement, or read fewer rows or columns."
    for node in tree.walk():
        name, detail = f"Node {node.id} ({named(node)})", node.detail
        message = ""
        if detail.get("Sort Space Type") == "Disk":
            message = f"{name} sorted on disk ({detail.get('Sort Method')}), {_kb(detail.get('Sort Space Used', 0))}."
            hint = f"{raise_it} An index in the order of the sort would spare it."
        elif detail.get("Hash Batches", 1) > 1:
            message = (
                f"{name} did not fit into memory: it was split into {detail['Hash Batches']} batches on disk, "
                f"{_kb(detail.get('Peak Memory Usage', 0))} at a time."
            )
            hint = f"{raise_it} hash_mem_multiplier lifts the bound of hashes alone."
        elif detail.get("Disk Usage"):
            message = f"{name} wrote {_kb(detail['Disk Usage'])} to disk in {detail.get('HashAgg Batches', 1)} batches."
            hint = raise_it
        if message:
            said.update(below.id for below in node.walk())
            said.add(node.id)
            yield PlanWarning("plan.spill", node.id, message, hint)
    written = tree.detail.get("Temp Written Blocks", 0)
    if written and not said:
        yield PlanWarning(
            "plan.temporary_files", tree.id, f"The plan wrote {_n(written)} temporary blocks to disk.", raise_it
        )


def _jit(statement: Mapping[str, Any]) -> Iterator[PlanWarning]:
    total = ((statement.get("JIT") or {}).get("Timing") or {}).get("Total")
    whole = float(statement.get("Execution Time", 0))
    if total is None or float(total) < 20 * SHORT_MS or float(total) < whole / 5:
        return
    yield PlanWarning(
        "plan.jit",
        0,
        f"Compiling (JIT) took {_n(float(total))} of {_n(whole)} ms.",
        "The plan is not expensive enough for it: raise jit_above_cost, or SET jit = off for this role.",
    )


def _triggers(statement: Mapping[str, Any]) -> Iterator[PlanWarning]:
    whole = float(statement.get("Execution Time", 0))
    for trigger in statement.get("Triggers") or ():
        spent = float(trigger.get("Time", 0))
        if spent >= 10 * SHORT_MS and spent > whole / 5:
            name = trigger.get("Constraint Name") or trigger.get("Trigger Name")
            yield PlanWarning(
                "plan.trigger",
                0,
                f"The trigger {name} on {trigger.get('Relation')} took {_n(spent)} ms in {_n(trigger.get('Calls', 0))} calls.",
                "A foreign key's trigger needs an index on the other table's columns.",
            )


def _unknown_tables(tree: Node, stored: Mapping[str, Stored]) -> Iterator[PlanWarning]:
    said = set()
    for node in tree.walk():
        table = stored.get(node.relation)
        if table is not None and table.never_analyzed and node.relation not in said:
            said.add(node.relation)
            yield PlanWarning(
                "plan.no_statistics",
                node.id,
                f"{table.identity} was never analyzed: the planner guesses what is in it.",
                "The plan may be another one after ANALYZE.",
                f"ANALYZE {table.identity};",
            )


def _kb(kilobytes: float) -> str:
    return said_bytes(float(kilobytes) * 1024)


def _n(number: float) -> str:
    return said_number("", round(number) if number >= 100 else round(number, 2))


def _short(condition: Any) -> str:
    text = " ".join(str(condition).split())
    return text if len(text) <= 200 else f"{text[:200]} ..."
