"""What HypoPG leaves out of the cost of an index, put right in the plans that use it: it gives every b-tree a height of none, so
that a search in it costs no descent, and a size without deduplication. A nested loop that searches a million times is then
up to a third too cheap, and a scan of a whole index up to four times too dear. Pure: plans in, numbers out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from opsadmin.advisor.formulas import PAGE_CPU, Settings, pages_fetched

Plan = Mapping[str, Any]
#: Children of a lower page of a b-tree, on average.
FANOUT = 280.0


@dataclass(frozen=True)
class Pages:
    """Of one hypothetical b-tree: `rows` in it, pages as HypoPG has them and as they would be."""

    rows: float
    pretended: float
    real: float

    @property
    def height(self) -> int:
        """Levels below the root."""
        return max(0, math.ceil(math.log(self.real) / math.log(FANOUT))) if self.real > 1 else 0


def correction(plan: Plan, pages_of: Callable[[str], Pages | None], settings: Settings) -> float:
    """What is to be added to the cost of the plan. `pages_of`: by the index's name, None for one that is really there."""
    return _of(plan, 1.0, pages_of, settings)


def _of(node: Plan, loops: float, pages_of: Callable[[str], Pages | None], settings: Settings) -> float:
    own = 0.0
    if "Index Name" in node:
        pages = pages_of(str(node["Index Name"]))
        own = 0.0 if pages is None else _of_scan(node, pages, loops, settings)
    children = list(node.get("Plans", ()))
    below = dict(enumerate(_times(node, children)))
    found = own
    for place, child in enumerate(children):
        inner = _of(child, loops * below[place], pages_of, settings)
        found += inner * below[place]
    return found * _part_read(node, children, below) if children else found


def _of_scan(node: Plan, pages: Pages, loops: float, settings: Settings) -> float:
    """Of one scan of the index."""
    descent = (pages.height + 1) * PAGE_CPU * settings.cpu_operator
    if node["Node Type"] != "Bitmap Index Scan":
        # A HypoPG that reckons with heights shows it here.
        compared = math.ceil(math.log2(pages.rows)) * settings.cpu_operator if pages.rows > 1 else 0.0
        if float(node["Startup Cost"]) - compared > descent / 2:
            descent = 0.0
    rows = min(float(node["Plan Rows"]), pages.rows) if "Index Cond" in node else pages.rows
    share = rows / max(1.0, pages.rows)
    pretended = max(1.0, math.ceil(share * pages.pretended))
    real = max(1.0, math.ceil(share * pages.real))
    read = 1.0
    if loops > 1:
        searched = pretended * loops
        read = pages_fetched(searched, pages.pretended, pages.pretended, settings) / searched
    return descent + (real - pretended) * read * settings.random_page


def _times(node: Plan, children: list[Plan]) -> list[float]:
    """How often each child is run for one run of the node."""
    times = [1.0] * len(children)
    total = float(node["Total Cost"])
    for place, child in enumerate(children):
        relation = child.get("Parent Relationship")
        own = max(float(child["Total Cost"]), 1e-9)
        rest = total - sum(float(other["Total Cost"]) for other in children if other is not child)
        if relation == "Inner" and node["Node Type"] == "Nested Loop":
            times[place] = max(1.0, float(children[0]["Plan Rows"]))
            if child["Node Type"] in ("Memoize", "Materialize"):
                # They answer most of them: the node's own cost tells.
                times[place] = max(1.0, min(times[place], rest / own))
        elif relation == "SubPlan":
            times[place] = max(1.0, rest / own)
    return times


def _part_read(node: Plan, children: list[Plan], times: Mapping[int, float]) -> float:
    """The part of its children that the node reads: a LIMIT, a merge join may end early."""
    if node["Node Type"] == "Append":
        return 1.0
    if any(times > 1 for times in times.values()):
        return 1.0
    whole = sum(float(child["Total Cost"]) for child in children)
    return min(1.0, float(node["Total Cost"]) / whole) if whole > 0 else 1.0
