"""What a tree mentions: functions, operators, types, and relations with the columns that are read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from opsadmin.console.tree import Node, text_of

#: The first OID that the server gives to what people make; below stands what it brought itself.
FIRST_OWN = 16384

_FUNCTIONS = (
    "funcid",
    "aggfnoid",
    "winfnoid",
    "opfuncid",
    "negfuncid",
    "hashfuncid",
    "startInRangeFunc",
    "endInRangeFunc",
)
_OPERATORS = ("opno", "opnos", "eqop", "sortop", "cycle_mark_neop", "inferopfamily")
_TYPE = re.compile(r"typ(?:e|es|id|eid)\Z", re.IGNORECASE)
#: Bit 7 of a set of columns is the whole row, bit 8 the first column.
_WHOLE_ROW = 7
_CURRENT_SETTING = (2077, 3294)
_SELECT = "1"


@dataclass
class Mentions:
    """OIDs. `columns`: by relation, the numbers of the columns that are read, 0 for the whole row. `settings`: the names
    that current_setting is asked for, None where they are not written out. `commands`: commandType of every query that is
    not a SELECT, "utility" for what is no query. `locks`: FOR UPDATE or its kin. `draws`: a sequence is drawn from."""

    functions: set[int] = field(default_factory=set)
    operators: set[int] = field(default_factory=set)
    types: set[int] = field(default_factory=set)
    relations: set[int] = field(default_factory=set)
    columns: dict[int, set[int]] = field(default_factory=dict)
    settings: set[str | None] = field(default_factory=set)
    commands: set[str] = field(default_factory=set)
    locks: bool = False
    draws: bool = False


def mentions_of(tree: Iterable[Node]) -> Mentions:
    """All that is mentioned, save inside the server's own views: those are judged as a whole."""
    found = Mentions()
    waiting = list(tree)
    while waiting:
        node = waiting.pop()
        _note(node, found)
        view = own_view(node)
        if view:
            found.relations.add(view)
            waiting.extend(_outside(node))
        else:
            waiting.extend(node.inner())
    return found


def own_view(entry: Node) -> int:
    """The OID of the server's own view that a table entry stands for, written out; 0 where it stands for none."""
    if entry.label != "RANGETBLENTRY" or entry.word("rtekind") != "1":
        return 0
    oid = 0
    if entry.word("relkind") == "v":  # from PostgreSQL 16 on the entry keeps the name
        oid = entry.number("relid")
    elif old := _old(entry):
        oid = old.number("relid")
    return oid if 0 < oid < FIRST_OWN else 0


def _old(entry: Node) -> Node | None:
    """Up to PostgreSQL 15: the first entry inside a view is the view itself, called old, which is not read from."""
    for query in entry.nodes("subquery")[:1]:
        for first in query.nodes("rtable")[:1]:
            names = [alias.word("aliasname") for alias in first.nodes("alias")]
            kind = (first.word("rtekind"), first.word("relkind"), first.word("inFromCl"))
            if names == ["old"] and kind == ("0", "v", "false"):
                return first
    return None


def _outside(entry: Node) -> list[Node]:
    """Of an own view's entry, what the statement itself says about it."""
    old = _old(entry)
    return [
        *([old] if old else []),
        *(node for name in entry.fields if name != "subquery" for node in entry.nodes(name)),
    ]


def _note(node: Node, found: Mentions) -> None:
    for name, values in node.fields.items():
        if name in _FUNCTIONS:
            found.functions.update(_numbers(values))
        elif name in _OPERATORS:
            found.operators.update(_numbers(values))
        elif _TYPE.search(name):
            found.types.update(oid for oid in _numbers(values) if oid >= FIRST_OWN)
    match node.label:
        case "QUERY":
            if node.word("utilityStmt") != "<>":
                found.commands.add("utility")
            elif node.word("commandType") != _SELECT:
                found.commands.add(node.word("commandType"))
            found.locks = found.locks or bool(node.nodes("rowMarks")) or node.word("hasForUpdate") != "false"
        case "NEXTVALUEEXPR":
            found.draws = True
        case "TABLESAMPLECLAUSE":
            found.functions.update(_numbers(node.fields.get("tsmhandler", [])))
        case "FUNCEXPR" if node.number("funcid") in _CURRENT_SETTING:
            found.settings.add(next((text_of(argument) for argument in node.nodes("args")[:1]), None))
    relation = node.number("relid")
    if relation:
        found.relations.add(relation)
        columns = {bit - _WHOLE_ROW for bit in _numbers(node.fields.get("selectedCols", []))}
        found.columns.setdefault(relation, set()).update(columns)


def _numbers(values: Iterable[object]) -> Iterable[int]:
    for value in values:
        if isinstance(value, str) and value.isdecimal() and value != "0":
            yield int(value)
        elif isinstance(value, list):
            yield from _numbers(value)
