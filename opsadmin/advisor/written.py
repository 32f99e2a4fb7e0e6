"""An expression of one table's columns, as SQL: only what stands for the same value for ever, else nothing."""

from __future__ import annotations

from collections.abc import Callable

from opsadmin.advisor.operators import Dictionary
from opsadmin.console.tree import Node

#: Where a function call is a cast: written out by the user, or put by the server.
_CALL, _CAST, _IMPLICIT = "0", "1", "2"
_INTEGERS = {21: 2, 23: 4, 20: 8}
_TEXTS = frozenset({25, 1043, 1042})
_BOOL = 16
MOST = 300


class NotWritable(Exception):
    """The expression has a part that is not immutable, or that this does not write."""


def written(node: Node, dictionary: Dictionary, column: Callable[[Node], str]) -> str:
    """The expression. `column`: how a VAR is written.

    Raises `NotWritable`."""
    text = _write(node, dictionary, column, 0)
    if len(text) > MOST:
        raise NotWritable
    return text


def literal(const: Node, dictionary: Dictionary) -> str:
    """A CONST as SQL, with its type where that is not plain.

    Raises `NotWritable` for types whose bytes this does not read."""
    if const.word("constisnull") == "true":
        raise NotWritable
    kind = const.number("consttype")
    raw = bytes(
        int(word) % 256
        for word in const.fields.get("constvalue", [])[1:]
        if isinstance(word, str) and word.lstrip("-").isdecimal()
    )
    if kind == _BOOL:
        return "true" if raw[:1] != b"\0" else "false"
    if kind in _INTEGERS:
        # A Datum on this server is as the server's machine writes it: all that PostgreSQL runs on here is little-endian.
        number = int.from_bytes(raw[: _INTEGERS[kind]], "little", signed=True)
        return str(number) if kind == 23 else f"'{number}'::{dictionary.types.get(kind, 'bigint')}"
    if kind in _TEXTS:
        text = raw[4:].decode(errors="strict").replace("'", "''")
        if "\\" in text:
            raise NotWritable
        return f"'{text}'::{dictionary.types.get(kind, 'text')}"
    raise NotWritable


def _write(node: Node, dictionary: Dictionary, column: Callable[[Node], str], depth: int) -> str:
    if depth > 20:
        raise NotWritable

    def below(one: Node) -> str:
        return _write(one, dictionary, column, depth + 1)

    match node.label:
        case "VAR":
            return column(node)
        case "CONST":
            try:
                return literal(node, dictionary)
            except UnicodeDecodeError:
                raise NotWritable from None
        case "FUNCEXPR":
            function = dictionary.functions.get(node.number("funcid"))
            if function is None or not function.is_immutable or node.word("funcvariadic") == "true":
                raise NotWritable
            arguments = [below(one) for one in node.nodes("args")]
            form = node.word("funcformat")
            if form == _IMPLICIT and arguments:
                return arguments[0]
            if form == _CAST and arguments:
                return f"({arguments[0]})::{_type(node.number('funcresulttype'), dictionary)}"
            if form != _CALL:
                raise NotWritable
            return f"{function.name}({', '.join(arguments)})"
        case "OPEXPR":
            operator = dictionary.operators.get(node.number("opno"))
            if operator is None or not operator.is_immutable:
                raise NotWritable
            arguments = [below(one) for one in node.nodes("args")]
            if len(arguments) == 1:
                return f"({operator.name} {arguments[0]})"
            return f"({arguments[0]} {operator.name} {arguments[1]})"
        case "RELABELTYPE":
            text = below(node.nodes("arg")[0])
            if node.word("relabelformat") == _IMPLICIT:
                return text
            return f"({text})::{_type(node.number('resulttype'), dictionary)}"
        case "COALESCE" | "COALESCEEXPR":
            return f"COALESCE({', '.join(below(one) for one in node.nodes('args'))})"
    raise NotWritable


def _type(oid: int, dictionary: Dictionary) -> str:
    try:
        return dictionary.types[oid]
    except KeyError:
        raise NotWritable from None
