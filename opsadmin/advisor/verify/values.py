"""Values for `$1`, so that a statement of pg_stat_statements can be run: from the statistics of the column it is compared
with, the value that the row in the middle has. What compares otherwise gets none: a made-up value would measure nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from opsadmin.advisor.facts import Ask
from opsadmin.advisor.operators import Dictionary
from opsadmin.advisor.verify.facts import question
from opsadmin.console.tree import Node

#: Strategies of a b-tree: what is compared stands left of the value.
_LESS, _EQUAL, _MORE = frozenset({1, 2}), 3, frozenset({4, 5})
#: How many rows a page of a list has.
LIMIT, OFFSET = "20", "0"
#: The planner's own guess for one bound whose value it does not know: a third of the rows.
PART = 1 / 3
#: How many values stand for a list.
LISTED = 3
_EXTERN = "0"


@dataclass(frozen=True)
class Wanted:
    """A parameter to find a value for. `strategy`: of a b-tree, from the column's side; 0: `fixed` is the value.
    `is_list`: it is an array; `place`: which of an IN list it is."""

    number: int
    type: int
    relid: int = 0
    column: int = 0
    strategy: int = 0
    fixed: str = ""
    is_list: bool = False
    place: int = 0


@dataclass(frozen=True)
class Known:
    """The statistics of a column: values as text, `common` with their shares of the rows, `bounds` of equal parts of the
    rest."""

    common: tuple[tuple[str, float], ...] = ()
    bounds: tuple[str, ...] = ()

    def middle(self, place: int = 0) -> str | None:
        """The value that the row in the middle has, the common ones first; `place`: the next ones after it."""
        ordered = sorted(self.common, key=lambda one: -one[1])
        total = 0.0
        values = []
        for number, (_value, share) in enumerate(ordered):
            total += share
            if total >= 0.5:
                values = [value for value, _share in [*ordered[number:], *ordered[:number]]]
                break
        rest = list(self.bounds[len(self.bounds) // 2 :]) + list(self.bounds[: len(self.bounds) // 2])
        values += rest or [value for value, _share in ordered]
        values = list(dict.fromkeys(values))
        return values[place % len(values)] if values else None

    def at(self, part: float) -> str | None:
        """The value that this part of the rows lies below."""
        if self.bounds:
            return self.bounds[min(len(self.bounds) - 1, int(part * (len(self.bounds) - 1) + 0.5))]
        return self.middle()


def wanted_of(tree: Sequence[Node], dictionary: Dictionary) -> dict[int, Wanted]:
    """What the parameters of the statement are compared with; of those that nothing is known of nothing."""
    found: dict[int, Wanted] = {}
    for query in tree:
        for one in _Finder(dictionary).look(query, []):
            found.setdefault(one.number, one)
    return found


def values_of(ask: Ask, wanted: Mapping[int, Wanted]) -> dict[int, str]:
    """Values as text, by the number of the parameter; of those that nothing is known of none."""
    columns = sorted({(one.relid, one.column) for one in wanted.values() if one.relid})
    known = {}
    if columns:
        asked = {"relations": [one[0] for one in columns], "numbers": [one[1] for one in columns]}
        for row in ask(question("values"), asked):
            common = tuple(zip(row["common"] or (), row["shares"] or (), strict=False))
            known[row["relid"], row["number"]] = Known(common, tuple(row["bounds"] or ()))
    found = {}
    for one in wanted.values():
        value = one.fixed or _value(one, known.get((one.relid, one.column), Known()), wanted)
        if value is not None:
            found[one.number] = value
    return found


def _value(one: Wanted, known: Known, wanted: Mapping[int, Wanted]) -> str | None:
    if one.is_list:
        values = dict.fromkeys(known.middle(place) for place in range(LISTED))
        return _array([value for value in values if value is not None])
    if one.strategy == _EQUAL:
        return known.middle(one.place)
    beside = {
        other.strategy in _LESS
        for other in wanted.values()
        if (other.relid, other.column) == (one.relid, one.column) and other.strategy != _EQUAL
    }
    is_below = one.strategy in _LESS
    if len(beside) == 2:  # from here to there: one part of the histogram
        step = 1 / max(1, len(known.bounds) - 1)
        return known.at(0.5 + step if is_below else 0.5)
    return known.at(PART if is_below else 1 - PART)


def _array(values: Sequence[str]) -> str | None:
    quoted = ['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]
    return "{" + ",".join(quoted) + "}" if quoted else None


@dataclass
class _Finder:
    dictionary: Dictionary

    def look(self, node: Node, scopes: list[list[Node]]) -> Iterator[Wanted]:
        waiting = [(node, scopes)]
        while waiting:
            node, scopes = waiting.pop()
            match node.label:
                case "QUERY":
                    scopes = [node.nodes("rtable"), *scopes]
                    yield from _counted(node)
                case "OPEXPR":
                    yield from self._compared(node, scopes)
                case "SCALARARRAYOPEXPR":
                    yield from self._listed(node, scopes)
            waiting.extend((inner, scopes) for inner in node.inner())

    def _compared(self, node: Node, scopes: list[list[Node]]) -> Iterator[Wanted]:
        sides = [_plain(one) for one in node.nodes("args")]
        operator = self.dictionary.operators.get(node.number("opno"))
        if len(sides) != 2 or operator is None:
            return
        if _is_parameter(sides[0]):
            sides.reverse()
            operator = self.dictionary.operators.get(operator.commutator)
        place = _column(sides[0], scopes)
        if operator is not None and operator.strategy and place and _is_parameter(sides[1]):
            yield Wanted(sides[1].number("paramid"), sides[1].number("paramtype"), *place, operator.strategy)

    def _listed(self, node: Node, scopes: list[list[Node]]) -> Iterator[Wanted]:
        sides = [_plain(one) for one in node.nodes("args")]
        operator = self.dictionary.operators.get(node.number("opno"))
        place = _column(sides[0], scopes) if len(sides) == 2 else None
        if operator is None or operator.strategy != _EQUAL or place is None:
            return
        if _is_parameter(sides[1]):
            yield Wanted(sides[1].number("paramid"), sides[1].number("paramtype"), *place, _EQUAL, is_list=True)
            return
        for number, one in enumerate(map(_plain, sides[1].nodes("elements"))):
            if _is_parameter(one):
                yield Wanted(one.number("paramid"), one.number("paramtype"), *place, _EQUAL, place=number)


def _counted(query: Node) -> Iterator[Wanted]:
    """LIMIT and OFFSET."""
    for name, value in (("limitCount", LIMIT), ("limitOffset", OFFSET)):
        for one in map(_plain, query.nodes(name)):
            if _is_parameter(one):
                yield Wanted(one.number("paramid"), one.number("paramtype"), fixed=value)


def _plain(node: Node) -> Node:
    """Without casts."""
    while node.label in ("RELABELTYPE", "FUNCEXPR", "COERCEVIAIO", "ARRAYCOERCEEXPR"):
        if node.label == "FUNCEXPR" and node.word("funcformat") not in ("1", "2"):
            return node
        inner = node.nodes("args" if node.label == "FUNCEXPR" else "arg")
        if not inner:
            return node
        node = inner[0]
    return node


def _is_parameter(node: Node) -> bool:
    return node.label == "PARAM" and node.word("paramkind") == _EXTERN


def _column(node: Node, scopes: list[list[Node]]) -> tuple[int, int] | None:
    """The table and the number of the column that it stands for; None where it is not plainly one."""
    level = node.number("varlevelsup")
    if node.label != "VAR" or level >= len(scopes):
        return None
    number, column = node.number("varno"), node.number("varattno")
    if not 0 < number <= len(scopes[level]) or not column:
        return None
    relid = scopes[level][number - 1].number("relid")
    return (relid, column) if relid else None
