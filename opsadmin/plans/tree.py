"""A plan as a tree of nodes, read from PostgreSQL's JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from opsadmin.core.result import Result


@dataclass(frozen=True)
class Actual(Result):
    """What happened in a node. `rows`: of one loop, on average; `ms`: of the clock, all loops, with what is below;
    `self_ms`: without that. `read_ms`: of it, waiting for blocks, where track_io_timing counts."""

    rows: float
    loops: int
    ms: float | None
    self_ms: float | None = None
    #: How far the estimate is off: 10 where it was ten times too high or too low; 1 is exact.
    estimate_error: float = 1.0
    removed_by_filter: float = 0
    heap_fetches: int = 0


@dataclass(frozen=True)
class Node(Result):
    """`id`: its number from the top. `relation` with its schema where one is read or written; `cost` of the whole below it,
    `self_cost` without what is below. `detail`: what else PostgreSQL says, by its own names. `actual`: None where the plan
    was not run, or this part of it never."""

    id: int
    node_type: str
    title: str
    cost: float
    self_cost: float
    rows: float
    width: int
    relation: str = ""
    alias: str = ""
    index: str = ""
    role: str = ""
    startup_cost: float = 0.0
    actual: Actual | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all below, from the top."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


#: Keys that have a field of their own, or that say nothing to a person.
_SPOKEN_FOR = frozenset(
    """
    Node Type|Plans|Startup Cost|Total Cost|Plan Rows|Plan Width|Actual Startup Time|Actual Total Time|Actual Rows|
    Actual Loops|Relation Name|Schema|Alias|Index Name|Parent Relationship|Subplan Name|Output|Parallel Aware|
    Async Capable|Join Type|Strategy|Partial Mode|Scan Direction|Operation|Command|Inner Unique
    """.replace("\n", "")
    .replace("  ", "")
    .split("|")
)


def tree_of(statements: list[dict[str, Any]]) -> Node:
    """The tree. Where a rule made several statements of one they stand below a node that says so; where it made nothing,
    the node is alone."""
    if len(statements) == 1:
        return _Reader().tree(statements[0]["Plan"])
    reader = _Reader()
    reader.count = 1
    children = tuple(reader.tree(one["Plan"]) for one in statements)
    return Node(
        id=1,
        node_type="Rules",
        title=f"{len(children)} statements made by rules"
        if children
        else "Nothing: a rule turns the statement into nothing",
        cost=round(sum(child.cost for child in children), 2),
        self_cost=0.0,
        rows=sum(child.rows for child in children),
        width=0,
        children=children,
    )


class _Reader:
    """Numbers nodes from the top, and shares the time of a CTE out to those who read it."""

    def __init__(self) -> None:
        self.count = 0
        self._cte_ms: dict[str, float] = {}

    def tree(self, plan: dict[str, Any]) -> Node:
        """The nodes of one statement."""
        self._cte_ms.clear()
        return self._node(plan, processes=1)

    def _node(self, plan: dict[str, Any], processes: int) -> Node:
        self.count += 1
        number = self.count
        below = processes
        if plan["Node Type"] in ("Gather", "Gather Merge") and "Workers Launched" in plan:
            below = int(plan["Workers Launched"]) + 1
        # What is made once for all (CTEs, InitPlans) is read first, wherever the server lists it.
        children = tuple(self._node(child, below) for child in plan.get("Plans", ()))
        relations = [child.get("Parent Relationship", "") for child in plan.get("Plans", ())]
        own = [child for child, how in zip(children, relations, strict=True) if how not in ("InitPlan", "SubPlan")]
        cost = float(plan.get("Total Cost", 0))
        node = Node(
            id=number,
            node_type=plan["Node Type"],
            title=title_of(plan),
            cost=cost,
            self_cost=round(max(0.0, cost - sum(child.cost for child in own)), 2),
            rows=_number(plan.get("Plan Rows", 0)),
            width=int(plan.get("Plan Width", 0)),
            relation=relation_of(plan),
            alias=plan.get("Alias", ""),
            index=plan.get("Index Name", ""),
            role=plan.get("Subplan Name", "") or _role(plan),
            startup_cost=float(plan.get("Startup Cost", 0)),
            actual=self._actual(plan, children, processes),
            detail={key: _plain(value) for key, value in plan.items() if key not in _SPOKEN_FOR and _says(value)},
            children=children,
        )
        name = plan.get("Subplan Name", "")
        if name.startswith("CTE ") and node.actual is not None and node.actual.ms is not None:
            self._cte_ms[name.removeprefix("CTE ")] = node.actual.ms
        return node

    def _actual(self, plan: dict[str, Any], children: tuple[Node, ...], processes: int) -> Actual | None:
        loops = int(plan.get("Actual Loops", 0))
        if not loops:
            return None
        rows = float(plan["Actual Rows"])
        ms = self_ms = None
        if "Actual Total Time" in plan:
            # Under a Gather the server gives the mean of the processes that work at the same time.
            ms = float(plan["Actual Total Time"]) * loops / min(processes, loops)
            spent = sum(
                child.actual.ms
                for child in children
                if child.actual is not None and child.actual.ms is not None and not child.role.startswith("CTE ")
            )
            if plan["Node Type"] == "CTE Scan":
                # Who reads first pays for what is made then.
                spent += self._cte_ms.pop(plan.get("CTE Name", ""), 0.0)
            self_ms = round(max(0.0, ms - spent), 3)
            ms = round(ms, 3)
        estimated = max(1.0, float(plan.get("Plan Rows", 0)))
        measured = max(1.0, rows)
        removed = sum(float(value) for key, value in plan.items() if key.startswith("Rows Removed by"))
        return Actual(
            rows=_number(rows),
            loops=loops,
            ms=ms,
            self_ms=self_ms,
            estimate_error=round(max(estimated / measured, measured / estimated), 2),
            removed_by_filter=_number(removed * loops),
            heap_fetches=int(plan.get("Heap Fetches", 0)),
        )


def title_of(plan: dict[str, Any]) -> str:
    """The name that PostgreSQL's text has for it: Hash Left Join, Partial HashAggregate, Parallel Seq Scan."""
    kind: str = plan["Node Type"]
    match kind:
        case "Aggregate":
            word = {
                "Plain": "Aggregate",
                "Sorted": "GroupAggregate",
                "Hashed": "HashAggregate",
                "Mixed": "MixedAggregate",
            }
            kind = word.get(plan.get("Strategy", ""), kind)
            mode = plan.get("Partial Mode", "Simple")
            kind = kind if mode == "Simple" else f"{mode} {kind}"
        case "SetOp":
            kind = f"{'HashSetOp' if plan.get('Strategy') == 'Hashed' else 'SetOp'} {plan.get('Command', '')}".strip()
        case "ModifyTable":
            kind = plan.get("Operation", kind)
        case "Foreign Scan" | "Custom Scan" if plan.get("Operation", "Select") != "Select":
            kind = f"Foreign {plan['Operation']}"
        case "Hash Join" | "Merge Join" | "Nested Loop":
            how = plan.get("Join Type", "Inner")
            base = kind.removesuffix(" Join")
            kind = kind if how == "Inner" else f"{base} {how} Join"
    if plan.get("Scan Direction") == "Backward":
        kind += " Backward"
    return f"Parallel {kind}" if plan.get("Parallel Aware") else kind


def relation_of(plan: dict[str, Any]) -> str:
    """The table, function or CTE that a node reads or writes, with its schema where that is said."""
    name: str = plan.get("Relation Name") or plan.get("Function Name") or plan.get("CTE Name") or ""
    schema = plan.get("Schema", "")
    return f"{schema}.{name}" if name and schema else name


def _role(plan: dict[str, Any]) -> str:
    how = plan.get("Parent Relationship", "")
    return how if how in ("InitPlan", "SubPlan") else ""


def _says(value: Any) -> bool:
    return value not in (None, False, 0, "", []) or value is True


def _plain(value: Any) -> Any:
    """Numbers as Python's own."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    return _number(value)


def _number(value: Any) -> float | int:
    number = float(value)
    return int(number) if number.is_integer() else round(number, 3)
