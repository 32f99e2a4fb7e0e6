"""A plan as the template `admin/opsadmin/plan.html` shows it: what is wrong with it on top, then the tree, each node with
its share of the work.

view = plan_view(perform("explain_query", ...))          # or of a stored plan: plan_view(a_plan.as_dict())
{% include "admin/opsadmin/plan.html" with plan=view %}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.core.blocks import said_bytes, said_number
from opsadmin.core.finding import Status
from opsadmin.pages.plan_shares import of, own_costs, own_times
from opsadmin.pages.plan_words import words_of
from opsadmin.plans.outline import CONDITIONS

#: Deeper levels stand below each other: browsers end at 512 elements inside each other.
DEEPEST = 150
#: A share from which on a node is where the work is.
MUCH = 0.3
#: An estimate that is this many times off misleads the planner, if it is about so many rows; below the other it is as good
#: as right.
OFF, NEAR = 10, 2
MANY = 100
#: A longer condition is cut, with all of it behind "More".
SHORT = 160


@dataclass(frozen=True)
class Mark:
    """Something about a node that is worth a word. `tone`: as a badge's."""

    tone: str
    text: str


@dataclass(frozen=True)
class ShownNode:
    """`share`: of the work of the whole, 0 to 1; None where it never ran. `opens`: what is below it follows in a list of its
    own; `closes`: as many lists end behind it. `below`: the node that it belongs to where no list says so. `warnings`: the
    numbers of what is said about it on top."""

    number: int
    anchor: str
    level: int
    title: str
    target: str
    words: str
    role: str
    share: float | None
    is_much: bool
    opens: bool
    closes: range
    below: int
    figures: tuple[tuple[str, str], ...]
    marks: tuple[Mark, ...]
    conditions: tuple[tuple[str, str], ...]
    more: tuple[tuple[str, str], ...]
    warnings: tuple[int, ...]

    @property
    def width(self) -> str:
        """Of the bar, out of 100. What there is is seen."""
        return f"{max(1.0, 100 * self.share):.0f}" if self.share else "0"

    @property
    def percent(self) -> str:
        if self.share is None:
            return "–"
        return "< 1 %" if 0 < self.share < 0.01 else f"{100 * self.share:.0f} %"


@dataclass(frozen=True)
class ShownWarning:
    """`anchor`: its own place; `node`, `node_anchor`: what it is about, 0 and empty for the whole plan."""

    number: int
    anchor: str
    severity: str
    message: str
    hint: str
    sql: str
    node: int
    node_anchor: str


@dataclass(frozen=True)
class Tree:
    """Nodes from the top. `by_time`: shares are of the time, else of the cost. `most`: the nodes with most of the work."""

    nodes: tuple[ShownNode, ...]
    by_time: bool
    most: tuple[ShownNode, ...]


@dataclass(frozen=True)
class Compared:
    """The cost without and with what was tried; `widths`: of the bars, out of 100."""

    before: str
    after: str
    widths: tuple[str, str]
    verdict: str
    tone: str


@dataclass(frozen=True)
class TriedIndex:
    ddl: str
    used: bool
    size: str


@dataclass(frozen=True)
class PlanView:
    """`before`: the plan without what was tried. `text`: PostgreSQL's own words."""

    identity: str
    figures: tuple[tuple[str, str], ...]
    warnings: tuple[ShownWarning, ...]
    notes: tuple[str, ...]
    compared: Compared | None
    tried: tuple[TriedIndex, ...]
    hidden: tuple[str, ...]
    tree: Tree
    before: Tree | None
    text: str
    text_before: str


def plan_view(plan: Any, *, identity: str = "plan") -> PlanView:
    """`plan`: a `Plan`, or one as `as_dict` made it. `identity`: what the ids on the page begin with."""
    before, after = of(plan, "before"), of(plan, "after")
    root = of(plan, "tree", {})
    tried = {of(one, "name", "") for one in of(plan, "hypothetical_indexes", ())}
    warnings = _warnings(of(plan, "warnings", ()), identity)
    return PlanView(
        identity=identity,
        figures=tuple(_figures(plan, root)),
        warnings=warnings,
        notes=tuple(of(plan, "notes", ())),
        compared=_compared(before, after) if before is not None and after is not None else None,
        tried=tuple(_tried(one) for one in of(plan, "hypothetical_indexes", ())),
        hidden=tuple(of(plan, "hidden_indexes", ())),
        tree=_tree(root, identity, warnings, tried),
        before=_tree(of(before, "tree", {}), f"{identity}-before", (), set()) if before is not None else None,
        text=str(of(plan, "text", "")),
        text_before=str(of(before, "text", "")) if before is not None else "",
    )


def _figures(plan: Any, root: Any) -> Iterator[tuple[str, str]]:
    yield _("Cost"), _count(of(plan, "total_cost", 0))
    actual = of(root, "actual")
    if actual is not None:
        yield _("Rows"), _count(of(actual, "rows", 0) * of(actual, "loops", 1))
    yield _("Rows (estimate)"), _count(of(plan, "rows", 0))
    for name, key in ((_("Planning"), "planning_ms"), (_("Execution"), "execution_ms")):
        if (ms := of(plan, key)) is not None:
            yield name, _ms(ms)
    if settings := of(plan, "settings", {}):
        yield _("Settings"), ", ".join(f"{name} = {value}" for name, value in settings.items())


# --- what is said on top --------------------------------------------------------------------------------------------
def _warnings(found: Any, identity: str) -> tuple[ShownWarning, ...]:
    """Worst first; those of a kind as they come."""
    in_order = sorted(found, key=lambda one: -Status(of(one, "severity", "warning")).rank)
    return tuple(
        ShownWarning(
            number,
            f"{identity}-warning-{number}",
            str(Status(of(one, "severity", "warning"))),
            str(of(one, "message", "")),
            str(of(one, "hint", "")),
            str(of(one, "sql", "")),
            int(of(one, "node", 0)),
            f"{identity}-{of(one, 'node')}" if of(one, "node") else "",
        )
        for number, one in enumerate(in_order, 1)
    )


def _compared(before: Any, after: Any) -> Compared:
    costs = float(of(before, "total_cost", 0.0)), float(of(after, "total_cost", 0.0))
    most = max(*costs, 1e-9)
    widths = tuple(f"{max(1.0, 100 * cost / most):.0f}" for cost in costs)
    tone = "unknown"
    if of(before, "tree") == of(after, "tree"):
        verdict = _("The plan is the same: what was tried would not help.")
    elif round(costs[0], 2) == round(costs[1], 2):
        verdict = _("The plan is another one, at the same cost.")
    elif costs[1] < costs[0]:
        verdict = _("%(times)s times cheaper.") % {"times": _times(costs[0] / max(costs[1], 1e-9))}
        tone = "ok"
    else:
        verdict = _("%(times)s times as expensive.") % {"times": _times(costs[1] / max(costs[0], 1e-9))}
        tone = "warning"
    return Compared(_count(costs[0]), _count(costs[1]), (widths[0], widths[1]), verdict, tone)


def _tried(one: Any) -> TriedIndex:
    size = of(one, "size_bytes")
    return TriedIndex(str(of(one, "ddl", "")), bool(of(one, "used")), "–" if size is None else said_bytes(size))


# --- the tree -------------------------------------------------------------------------------------------------------
def _tree(root: Any, identity: str, warnings: tuple[ShownWarning, ...], tried: set[str]) -> Tree:
    times = own_times(root)
    own = times or own_costs(root)
    whole = sum(own.values())
    said: dict[int, list[int]] = {}
    for warning in warnings:
        said.setdefault(warning.node, []).append(warning.number)
    walk = list(_walk(root))
    levels = [min(level, DEEPEST) for _node, level, _parent in walk] + [1]
    nodes = []
    for place, (node, _level, parent) in enumerate(walk):
        level, following = levels[place], levels[place + 1]
        number = int(of(node, "id", 0))
        ran = not times or of(node, "actual") is not None
        share = (own.get(number, 0.0) / whole if whole else 0.0) if ran else None
        index = _index(node, tried)
        nodes.append(
            ShownNode(
                number=number,
                anchor=f"{identity}-{number}",
                level=level,
                title=str(of(node, "title", "")),
                target=_target(node, index),
                words=_words(node, index),
                role=str(of(node, "role", "")),
                share=share,
                is_much=share is not None and share >= MUCH and len(walk) > 1,
                opens=following > level,
                closes=range(max(0, level - following)),
                below=parent if level == DEEPEST else 0,
                figures=tuple(_node_figures(node, times, own.get(number, 0.0))),
                marks=tuple(_marks(node, bool(times))),
                conditions=tuple(_conditions(node)),
                more=tuple(_more(node)),
                warnings=tuple(said.get(number, ())),
            )
        )
    most = sorted((node for node in nodes if node.is_much), key=lambda node: -(node.share or 0.0))
    return Tree(tuple(nodes), bool(times), tuple(most))


def _walk(root: Any) -> Iterator[tuple[Any, int, int]]:
    """Each node, how deep it is, and the number of the one above."""
    waiting = [(root, 1, 0)]
    while waiting:
        node, level, parent = waiting.pop()
        yield node, level, parent
        number = int(of(node, "id", 0))
        waiting.extend((child, level + 1, number) for child in reversed(list(of(node, "children", ()))))


def _index(node: Any, tried: set[str]) -> str:
    """The index that a node reads. HypoPG puts a number in angle brackets before the name of one that is not there."""
    name = str(of(node, "index", ""))
    return _("%(name)s (tried)") % {"name": name.partition(">")[2] or name} if name and name in tried else name


def _target(node: Any, index: str) -> str:
    """The table and the index, as PostgreSQL names them in a plan."""
    relation, alias = str(of(node, "relation", "")), str(of(node, "alias", ""))
    words = []
    if index:
        words.append(f"using {index}" if relation else f"on {index}")
    if relation:
        words.append(f"on {relation}")
        if alias and alias != relation.rpartition(".")[2]:
            words.append(alias)
    return " ".join(words)


def _words(node: Any, index: str) -> str:
    return words_of(
        str(of(node, "node_type", "")),
        str(of(node, "title", "")),
        str(of(node, "relation", "") or of(node, "alias", "")),
        index,
        of(node, "detail", {}),
    )


def _node_figures(node: Any, times: Mapping[int, float], own: float) -> Iterator[tuple[str, str]]:
    actual = of(node, "actual")
    if actual is None:
        if not times:
            yield _("own cost"), _count(own)
        yield _("cost"), _count(of(node, "cost", 0))
        yield _("rows"), _count(of(node, "rows", 0))
        return
    if of(actual, "ms") is not None:
        yield _("own time"), _ms(own)
        yield _("time"), _ms(of(actual, "ms", 0.0))
    yield _("rows"), _count(of(actual, "rows", 0))
    yield _("estimated"), _count(of(node, "rows", 0))
    if of(actual, "loops", 1) > 1:
        yield _("loops"), _count(of(actual, "loops", 1))


def _marks(node: Any, analyzed: bool) -> Iterator[Mark]:
    actual, detail = of(node, "actual"), of(node, "detail", {})
    if actual is None:
        if analyzed:
            yield Mark("unknown", _("never ran"))
        return
    error = float(of(actual, "estimate_error", 1.0))
    if error >= NEAR:
        values = {"times": _times(error)}
        few = of(actual, "rows", 0) > of(node, "rows", 0)
        text = _("estimate %(times)s times too low") if few else _("estimate %(times)s times too high")
        many = max(of(actual, "rows", 0), of(node, "rows", 0)) * of(actual, "loops", 1) >= MANY
        yield Mark("warning" if error >= OFF and many else "unknown", text % values)
    if detail.get("Sort Space Type") == "Disk":
        yield Mark("warning", _("sorted on disk, %(size)s") % {"size": _kilobytes(detail.get("Sort Space Used", 0))})
    if detail.get("Hash Batches", 1) > 1:
        yield Mark("warning", _("hashed in %(n)s parts on disk") % {"n": _count(detail["Hash Batches"])})
    if detail.get("Disk Usage"):
        yield Mark("warning", _("%(size)s on disk") % {"size": _kilobytes(detail["Disk Usage"])})
    if detail.get("Lossy Heap Blocks"):
        yield Mark("warning", _("lossy bitmap, %(n)s pages") % {"n": _count(detail["Lossy Heap Blocks"])})
    if removed := of(actual, "removed_by_filter", 0):
        much = removed > 10 * max(1.0, float(of(actual, "rows", 0)) * of(actual, "loops", 1)) and removed >= 1000
        yield Mark("warning" if much else "unknown", _("%(n)s rows thrown away") % {"n": _count(removed)})
    if fetches := of(actual, "heap_fetches", 0):
        yield Mark("unknown", _("%(n)s visits to the table") % {"n": _count(fetches)})
    planned, launched = detail.get("Workers Planned", 0), detail.get("Workers Launched", 0)
    if planned > launched:
        values = {"launched": _count(launched), "planned": _count(planned)}
        yield Mark("warning", _("%(launched)s of %(planned)s workers") % values)


def _conditions(node: Any) -> Iterator[tuple[str, str]]:
    detail = of(node, "detail", {})
    for key in CONDITIONS:
        if key in detail:
            text = " ".join(_text(detail[key]).split())
            yield key, text if len(text) <= SHORT else f"{text[:SHORT]} …"


def _more(node: Any) -> Iterator[tuple[str, str]]:
    """What has no line of its own, and what was cut there."""
    more = {
        key: _text(value)
        for key, value in of(node, "detail", {}).items()
        if key not in CONDITIONS or len(" ".join(_text(value).split())) > SHORT
    }
    yield from more.items()
    if not more:
        return
    if width := of(node, "width", 0):
        yield _("Bytes of a row"), _count(width)
    if startup := of(node, "startup_cost", 0.0):
        yield _("Cost before the first row"), _count(startup)


# --- numbers --------------------------------------------------------------------------------------------------------
def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return said_number("", value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _count(number: float) -> str:
    return said_number("", round(number) if abs(number) >= 100 else round(number, 2))


def _times(number: float) -> str:
    return said_number("", round(number)) if number >= 10 else f"{number:.1f}".removesuffix(".0")


def _ms(number: float) -> str:
    return f"{number:,.0f} ms".replace(",", " ") if number >= 100 else f"{number:.3g} ms"


def _kilobytes(number: float) -> str:
    return said_bytes(float(number) * 1024)
