"""A plan for people: one line a node, numbers in columns, below it what the node looks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsadmin.core.blocks import said_number
from opsadmin.plans.tree import Node

#: What a node looks for, in this order; each has a line of its own.
CONDITIONS = (
    "Index Cond",
    "Recheck Cond",
    "Hash Cond",
    "Merge Cond",
    "TID Cond",
    "Join Filter",
    "Filter",
    "One-Time Filter",
    "Run Condition",
    "Sort Key",
    "Presorted Key",
    "Group Key",
    "Cache Key",
    "Order By",
    "Function Call",
    "Table Function Call",
)
#: What else is worth a line, behind them.
_MORE = ("Conflict Resolution", "Subplans Removed")
_LONGEST = 300


def outline(tree: Node) -> str:
    """The tree as text in columns: number, node, and cost and rows as estimated, or time and rows as they were."""
    nodes = list(_lines(tree, "", ""))
    ran = any(node.actual is not None for node, _first, _rest in nodes)
    heads = ("self ms", "ms", "rows", "estimated", "loops") if ran else ("cost", "self", "rows", "width")
    figures = [_ran(node) if ran else _estimated(node) for node, _first, _rest in nodes]
    widths = [max(len(head), *(len(row[at]) for row in figures)) for at, head in enumerate(heads)]
    digits = len(str(len(nodes)))
    margin = " " * (digits + 2 + sum(width + 2 for width in widths))
    text = ["  ".join(["#".rjust(digits), *(head.rjust(width) for head, width in zip(heads, widths, strict=True))])]
    for (node, first, rest), row in zip(nodes, figures, strict=True):
        numbers = "  ".join(
            [str(node.id).rjust(digits), *(one.rjust(width) for one, width in zip(row, widths, strict=True))]
        )
        text.append(f"{numbers}  {first}{named(node)}")
        text.extend(f"{margin}{rest}{line}" for line in _conditions(node))
    return "\n".join(text)


def named(node: Node) -> str:
    """The node with what it reads."""
    words = [node.title]
    if node.index:
        words.append(f"using {node.index}" if node.relation else f"on {node.index}")
    if node.relation:
        words.append(f"on {node.relation}")
        if node.alias and node.alias != node.relation.rpartition(".")[2]:
            words.append(node.alias)
    return f"{node.role}: {' '.join(words)}" if node.role else " ".join(words)


def _lines(node: Node, first: str, rest: str) -> Iterator[tuple[Node, str, str]]:
    """Each node with what stands before its line, and before the lines of its conditions."""
    more = "│ " if node.children else "  "
    yield node, first, f"{rest}{more}  "
    for number, child in enumerate(node.children):
        last = number == len(node.children) - 1
        yield from _lines(child, f"{rest}{'└─ ' if last else '├─ '}", f"{rest}{'   ' if last else '│  '}")


def _estimated(node: Node) -> tuple[str, ...]:
    return said_number("", round(node.cost, 2)), said_number("", node.self_cost), _count(node.rows), str(node.width)


def _ran(node: Node) -> tuple[str, ...]:
    actual = node.actual
    if actual is None:
        return "never", "", "", _count(node.rows), "0"
    times = ("", "") if actual.ms is None or actual.self_ms is None else (f"{actual.self_ms:.2f}", f"{actual.ms:.2f}")
    return *times, _count(actual.rows), _count(node.rows), _count(actual.loops)


def _count(number: float) -> str:
    return said_number("", number)


def _conditions(node: Node) -> Iterator[str]:
    for key in (*CONDITIONS, *_MORE):
        if key in node.detail:
            yield f"{key}: {_shown(node.detail[key])}"
    for key, value in node.detail.items():
        if key.startswith("Rows Removed by"):
            yield f"{key}: {_count(value)}"


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
