"""How much of a plan's cost or time is a node's own: where to look first.

Costs in a plan are of the whole below a node, and as if it were read once and to its end. A LIMIT stops earlier, and the
second side of a nested loop is read again and again: both are reckoned in here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def of(thing: Any, name: str, default: Any = None) -> Any:
    """The field of a dataclass, or of the same as `as_dict` made it, also by an older release."""
    found = thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
    return default if found is None else found


def own_costs(root: Any) -> dict[int, float]:
    """The cost that is a node's own, by its number; together they are the cost of the plan. `root`: a `Node`, or one as a
    dict."""
    own: dict[int, float] = {}
    waiting = [(root, 1.0)]
    while waiting:
        node, times = waiting.pop()
        cost = float(of(node, "cost", 0.0))
        children = list(of(node, "children", ()))
        counts = _counts(node, cost, children)
        below = sum(float(of(child, "cost", 0.0)) * count for child, count in zip(children, counts, strict=True))
        part = cost / below if below > cost else 1.0
        own[int(of(node, "id", 0))] = times * max(0.0, cost - below * part)
        waiting.extend((child, times * count * part) for child, count in zip(children, counts, strict=True))
    return own


def own_times(root: Any) -> dict[int, float]:
    """The milliseconds that are a node's own, by its number; empty where the plan was not run, or without a clock."""
    if of(of(root, "actual"), "ms") is None:
        return {}
    own: dict[int, float] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        own[int(of(node, "id", 0))] = float(of(of(node, "actual"), "self_ms", 0.0))
        waiting.extend(of(node, "children", ()))
    return own


def _counts(node: Any, cost: float, children: list[Any]) -> list[float]:
    """How often each child is read."""
    counts = [1.0] * len(children)
    sides = [place for place, child in enumerate(children) if not of(child, "role", "")]
    if of(node, "node_type") == "Nested Loop" and len(sides) == 2:
        outer, inner = (children[place] for place in sides)
        inner_cost = float(of(inner, "cost", 0.0))
        if inner_cost > 0:
            most = max(1.0, float(of(outer, "rows", 1.0)))
            counts[sides[1]] = max(1.0, min(most, (cost - float(of(outer, "cost", 0.0))) / inner_cost))
    return counts
