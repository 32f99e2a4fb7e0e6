"""Whether a statement only shows a column that holds secrets (rows are masked, so that is fine), or works with it, which
could bring the secret out letter by letter."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from opsadmin.console.mentions import own_view
from opsadmin.console.tree import Node, text_of

#: Operators of type text: = and <>, which tell no more than a good guess would.
_EQUALS, _DIFFERS, _LIKE = "98", "531", "1209"


@dataclass(frozen=True)
class Place:
    """Where a relation is read: the query, and its place among that query's tables."""

    query: Node
    number: int


def only_shown(tree: list[Node], relation: int, columns: Collection[int]) -> bool:
    """Whether each of the columns goes from the relation straight into the answer, or is compared for equality."""
    place = _one_place(tree, relation)
    if place is None or place.query is not tree[0] or len(tree) != 1:
        return False
    for entry in place.query.nodes("rtable"):
        if entry.word("rtekind") == "2" and entry.word("joinmergedcols") not in ("", "0"):
            return False  # a column of USING stands for two
    for used, parent in _uses(place, columns):
        shown = parent.label == "TARGETENTRY"
        compared = parent.label in ("OPEXPR", "DISTINCTEXPR") and parent.word("opno") in (_EQUALS, _DIFFERS)
        plain = all(argument.label in ("VAR", "CONST", "PARAM") for argument in parent.nodes("args"))
        if used.word("varlevelsup") != "0" or not (shown or (compared and plain)):
            return False
    return not place.query.nodes("setOperations")


def limited_names(tree: list[Node], relation: int, name: int) -> re.Pattern[str] | None:
    """The names that WHERE limits the relation to, as a pattern; None where it does not. `name`: the column's number."""
    place = _one_place(tree, relation)
    if place is None:
        return None
    for from_part in place.query.nodes("jointree"):
        for qual in from_part.nodes("quals"):
            parts = qual.nodes("args") if qual.label == "BOOLEXPR" and qual.word("boolop") == "and" else [qual]
            for part in parts:
                pattern = _names_of(part, place, name)
                if pattern is not None:
                    return re.compile(pattern, re.DOTALL)
    return None


def _names_of(part: Node, place: Place, name: int) -> str | None:
    if part.label not in ("OPEXPR", "SCALARARRAYOPEXPR"):
        return None
    arguments = part.nodes("args")
    if len(arguments) != 2 or not _is(arguments[0], place, name):
        return None
    other = arguments[1]
    operator = part.word("opno")
    if part.label == "SCALARARRAYOPEXPR":
        if operator != _EQUALS or part.word("useOr") != "true" or other.label != "ARRAYEXPR":
            return None
        texts = [text_of(element) for element in other.nodes("elements")]
        return None if None in texts else "|".join(re.escape(text) for text in texts if text is not None)
    text = text_of(other)
    if text is None:
        return None
    if operator == _EQUALS:
        return re.escape(text)
    if operator == _LIKE and "\\" not in text:
        return "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in text)
    return None


def _is(node: Node, place: Place, column: int) -> bool:
    found = (node.label, node.word("varno"), node.word("varattno"), node.word("varlevelsup"))
    return found == ("VAR", str(place.number), str(column), "0")


def _one_place(tree: list[Node], relation: int) -> Place | None:
    """Where the relation is read, if that is one place."""
    places = []
    waiting = list(tree)
    while waiting:
        node = waiting.pop()
        if node.label == "QUERY":
            for number, entry in enumerate(node.nodes("rtable"), 1):
                if own_view(entry) == relation or (
                    entry.word("rtekind") == "0" and entry.number("relid") == relation and entry.word("relkind") == "r"
                ):
                    places.append(Place(node, number))
        if not own_view(node):
            waiting.extend(node.inner())
    return places[0] if len(places) == 1 else None


def _uses(place: Place, columns: Collection[int]) -> Iterator[tuple[Node, Node]]:
    """Every use of the columns with the part that it stands in. One that only might be counts."""
    waiting = [place.query]
    while waiting:
        node = waiting.pop()
        if own_view(node):
            continue
        for name in node.fields:
            if name == "joinaliasvars":
                continue
            for inner in node.nodes(name):
                if (
                    inner.label == "VAR"
                    and inner.word("varno") == str(place.number)
                    and (inner.word("varattno") == "0" or inner.number("varattno") in columns)
                ):
                    yield inner, node
                else:
                    waiting.append(inner)
