"""The indexes that are there, in the words in which candidates are made: what is there already is no idea."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from opsadmin.advisor.candidates import named
from opsadmin.advisor.facts import ExistingIndex, Table
from opsadmin.advisor.operators import Dictionary
from opsadmin.advisor.spec import IndexSpec, Key
from opsadmin.advisor.written import NotWritable, Source, written
from opsadmin.console.errors import SqlRefused
from opsadmin.console.tree import Node, read_tree
from opsadmin.postgres.names import identifier

_DESCENDING, _NULLS_FIRST = 1, 2


@dataclass
class Stored:
    """By the index's oid: its expressions and its predicate as the server keeps them."""

    expressions: dict[int, list[Node]] = field(default_factory=dict)
    predicates: dict[int, list[Node]] = field(default_factory=dict)

    @property
    def nodes(self) -> list[Node]:
        return [node for part in (self.expressions, self.predicates) for nodes in part.values() for node in nodes]


def trees_of(tables: Iterable[Table]) -> Stored:
    stored = Stored()
    for index in _indexes(tables):
        for text, part in (
            (index.stored_expressions, stored.expressions),
            (index.stored_predicate, stored.predicates),
        ):
            if text:
                try:
                    part[index.oid] = read_tree(text)
                except SqlRefused:
                    part[index.oid] = []
    return stored


def written_of(tables: Iterable[Table], stored: Stored, dictionary: Dictionary) -> frozenset[IndexSpec]:
    """Every index that a valid one of those already is, or that its first keys are."""
    found: set[IndexSpec] = set()
    for table in tables:
        for index in table.indexes:
            if index.is_valid:
                found.update(_specs(index, table, stored, dictionary))
    return frozenset(found)


def _indexes(tables: Iterable[Table]) -> Iterator[ExistingIndex]:
    for table in tables:
        yield from table.indexes


def _specs(index: ExistingIndex, table: Table, stored: Stored, dictionary: Dictionary) -> Iterator[IndexSpec]:
    try:
        keys = _keys(index, table, stored, dictionary)
        predicates = [named(_predicate(node, dictionary), table) for node in stored.predicates.get(index.oid, ())]
    except NotWritable:
        return
    if len(predicates) != (1 if index.stored_predicate else 0):
        return
    predicate = predicates[0] if predicates else ""
    least = 1 if index.method == "btree" else len(keys)
    for count in range(least, len(keys) + 1):
        for ordered in (keys[:count], [_turned(key) for key in keys[:count]]):
            spec = IndexSpec(table.oid, table.identity, tuple(ordered), (), predicate, index.method)
            yield spec
            rest = {key.column for key in keys[count:]} | set(index.include)
            yield from (replace(spec, include=some) for some in _parts(rest))


def _parts(columns: set[str]) -> Iterator[tuple[str, ...]]:
    """Every choice of those columns but none, as far as they are few."""
    names = sorted(columns - {""})[:8]
    for mask in range(1, 1 << len(names)):
        yield tuple(name for place, name in enumerate(names) if mask >> place & 1)


def _keys(index: ExistingIndex, table: Table, stored: Stored, dictionary: Dictionary) -> list[Key]:
    if any(index.collations):
        raise NotWritable
    expressions = iter(stored.expressions.get(index.oid, ()))
    keys = []
    for place, column in enumerate(index.keys):
        bits = index.orders[place] if place < len(index.orders) else 0
        opclass = index.opclasses[place] if place < len(index.opclasses) else ""
        if column:
            text = identifier(column)
        else:
            node = next(expressions, None)
            if node is None:
                raise NotWritable
            text = named(_expression(node, dictionary), table)
        keys.append(Key(text, column, opclass, bool(bits & _DESCENDING), bool(bits & _NULLS_FIRST)))
    return keys


def _turned(key: Key) -> Key:
    """Read from the other end."""
    return replace(key, descending=not key.descending, nulls_first=not key.nulls_first)


def _expression(node: Node, dictionary: Dictionary) -> str:
    """As reading.py writes a place."""
    text = written(node, dictionary, _numbered, Source())
    return text if node.label == "FUNCEXPR" and node.word("funcformat") == "0" else f"({text})"


def _predicate(node: Node, dictionary: Dictionary) -> str:
    """As candidates.py writes a predicate."""
    match node.label:
        case "VAR":
            return _numbered(node)
        case "BOOLEXPR" if node.word("boolop") == "not" and node.nodes("args")[0].label == "VAR":
            return f"NOT {_numbered(node.nodes('args')[0])}"
        case "NULLTEST" if node.nodes("arg")[0].label == "VAR":
            words = "IS NULL" if node.word("nulltesttype") == "0" else "IS NOT NULL"
            return f"{_numbered(node.nodes('arg')[0])} {words}"
        case "OPEXPR":
            return written(node, dictionary, _numbered, Source()).removeprefix("(").removesuffix(")")
    raise NotWritable


def _numbered(var: Node) -> str:
    return f"\x00{var.number('varattno')}\x00"
