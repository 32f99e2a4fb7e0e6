"""What the catalogue says of the operators, functions and types that stand in the statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from opsadmin.advisor.facts import Ask, question
from opsadmin.advisor.usage import OperatorClass
from opsadmin.console.tree import Node

#: Strategies of a b-tree: less, less or equal, equal, greater or equal, greater.
EQUAL, DESCENDING = 3, frozenset({4, 5})


@dataclass(frozen=True)
class Operator:
    """`schema`: quoted, empty for pg_catalog. `strategy`: in the b-tree families, 0 where it is in none. `commutator`: 0
    where there is none."""

    name: str
    schema: str
    strategy: int
    commutator: int
    classes: tuple[OperatorClass, ...]
    is_immutable: bool

    @property
    def sql(self) -> str:
        """As it stands between its sides, whatever the search_path is."""
        return f"OPERATOR({self.schema}.{self.name})" if self.schema else self.name


@dataclass(frozen=True)
class Function:
    """`name`: as SQL writes it, with its schema where that is not pg_catalog."""

    name: str
    is_immutable: bool
    is_extreme: bool


@dataclass
class Dictionary:
    """By oid."""

    operators: dict[int, Operator] = field(default_factory=dict)
    functions: dict[int, Function] = field(default_factory=dict)
    types: dict[int, str] = field(default_factory=dict)


_OPERATORS = ("opno",)
_FUNCTIONS = ("funcid", "aggfnoid")
_TYPES = ("consttype", "resulttype", "funcresulttype", "vartype", "array_typeid", "opresulttype", "paramtype")


def dictionary_of(ask: Ask, trees: Iterable[Node]) -> Dictionary:
    """What stands in those trees, by two questions."""
    found: dict[str, set[int]] = {"operators": set(), "functions": set(), "types": set()}
    waiting = list(trees)
    while waiting:
        node = waiting.pop()
        for kind, names in (("operators", _OPERATORS), ("functions", _FUNCTIONS), ("types", _TYPES)):
            found[kind].update(filter(None, map(node.number, names)))
        if node.label == "SORTGROUPCLAUSE":
            found["operators"].add(node.number("sortop"))
        waiting.extend(node.inner())
    dictionary = Dictionary()
    if found["operators"]:
        for row in ask(question("operators"), {"operators": list(found["operators"])}):
            dictionary.operators[row["oid"]] = Operator(
                row["name"],
                row["schema_name"],
                row["strategy"],
                row["commutator_oid"],
                tuple(OperatorClass(*one) for one in row["classes"]),
                row["is_immutable"],
            )
    values = {"functions": list(found["functions"]), "types": list(found["types"])}
    for row in ask(question("functions"), values):
        if row["is_type"]:
            dictionary.types[row["oid"]] = row["name"]
        else:
            dictionary.functions[row["oid"]] = Function(row["name"], row["is_immutable"], row["is_extreme"])
    return dictionary
