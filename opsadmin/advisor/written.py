"""An expression of one table's columns, as SQL: only what stands for the same value for ever, else nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from opsadmin.advisor.operators import Dictionary
from opsadmin.console.errors import SqlRefused
from opsadmin.console.text import tokens_of
from opsadmin.console.tree import Node

#: How a function call was written: EXTRACT(...) and AT TIME ZONE are plain calls, too.
_CALL, _CAST, _IMPLICIT, _SYNTAX = "0", "1", "2", "3"
_INTEGERS = {21: 2, 23: 4, 20: 8}
_TEXTS = frozenset({25, 1043, 1042})
_BOOL = 16
_PARAMETER = "0"
MOST = 300


class NotWritable(Exception):
    """The expression has a part that is not immutable, or that this does not write."""


@dataclass(frozen=True)
class Source:
    """The statement's own literals, as they stand in its text, by the byte at which they begin: for types whose stored form
    nobody but the server reads. Of a server with another encoding than UTF-8 only plain letters are read."""

    literals: Mapping[int, str] = field(default_factory=dict)
    is_utf8: bool = True

    @classmethod
    def of(cls, text: str, *, is_utf8: bool) -> Source:
        if not (is_utf8 or text.isascii()):
            return cls({}, is_utf8)
        try:
            tokens = tokens_of(text)
        except SqlRefused:
            return cls({}, is_utf8)
        found: dict[int, str] = {}
        characters = place = 0
        for token in tokens:
            place += len(text[characters : token.start].encode())
            characters = token.start
            if token.kind in ("string", "number"):
                found[place] = token.text
        return cls(found, is_utf8)


@dataclass(frozen=True)
class Literal:
    """`sql`: with its type where that is not plain; `text`: the value as statistics write it, empty where that is not known."""

    sql: str
    text: str = ""


def written(
    node: Node, dictionary: Dictionary, column: Callable[[Node], str], source: Source, *, is_estimate: bool = False
) -> str:
    """The expression. `column`: how a VAR is written. `is_estimate`: only the planner's guess is wanted of it, so that a
    parameter stands for any value, and what is the same for one statement only will do.

    Raises `NotWritable`."""
    text = _Writer(dictionary, column, source, is_estimate).write(node, 0)
    if len(text) > MOST:
        raise NotWritable
    return text


def literal(const: Node, dictionary: Dictionary, source: Source) -> Literal:
    """A CONST as SQL.

    Raises `NotWritable` for NULL, and for types whose bytes this does not read where the statement itself does not write
    the value."""
    if const.word("constisnull") == "true":
        raise NotWritable
    kind = const.number("consttype")
    raw = bytes(
        int(word) % 256
        for word in const.fields.get("constvalue", [])[1:]
        if isinstance(word, str) and word.lstrip("-").isdecimal()
    )
    if kind == _BOOL:
        is_true = raw[:1] != b"\0"
        return Literal("true" if is_true else "false", "t" if is_true else "f")
    if kind in _INTEGERS:
        # A Datum on this server is as the server's machine writes it: all that PostgreSQL runs on here is little-endian.
        number = str(int.from_bytes(raw[: _INTEGERS[kind]], "little", signed=True))
        return Literal(number if kind == 23 else f"'{number}'::{_type(kind, dictionary)}", number)
    if kind in _TEXTS:
        try:
            text = raw[4:].decode("utf-8" if source.is_utf8 else "ascii")
        except UnicodeDecodeError:
            raise NotWritable from None
        return Literal(f"{_quoted(text)}::{_type(kind, dictionary)}", text)
    found = source.literals.get(const.number("location")) if const.word("location").isdecimal() else None
    if found is None:
        raise NotWritable
    plain = found[1:-1].replace("''", "'") if found.startswith("'") else found if found[0].isdecimal() else ""
    return Literal(f"{found}::{_type(kind, dictionary)}", plain)


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return "E'" + doubled.replace("\\", "\\\\") + "'" if "\\" in text else f"'{doubled}'"


class _Writer:
    def __init__(
        self, dictionary: Dictionary, column: Callable[[Node], str], source: Source, is_estimate: bool
    ) -> None:
        self._dictionary = dictionary
        self._column = column
        self._source = source
        self._is_estimate = is_estimate

    def write(self, node: Node, depth: int) -> str:
        if depth > 20:
            raise NotWritable

        def below(one: Node) -> str:
            return self.write(one, depth + 1)

        match node.label:
            case "VAR":
                return self._column(node)
            case "CONST":
                return literal(node, self._dictionary, self._source).sql
            case "PARAM" if self._is_estimate and node.word("paramkind") == _PARAMETER:
                # The planner does not look into it: what it guesses is what it guesses of any value.
                kind = self._type(node, "paramtype")
                return f"(SELECT NULL::{kind})::{kind}"
            case "FUNCEXPR":
                return self._call(node, [below(one) for one in node.nodes("args")])
            case "OPEXPR":
                return self._operation(node, [below(one) for one in node.nodes("args")])
            case "SCALARARRAYOPEXPR":
                every = "ANY" if node.word("useOr") == "true" else "ALL"
                one, listed = (below(one) for one in node.nodes("args"))
                return self._operation(node, [one, f"{every} ({listed})"])
            case "RELABELTYPE":
                text = below(node.nodes("arg")[0])
                if node.word("relabelformat") == _IMPLICIT:
                    return text
                return f"({text})::{self._type(node, 'resulttype')}"
            case "COALESCEEXPR":
                return f"COALESCE({', '.join(below(one) for one in node.nodes('args'))})"
            case "ARRAYEXPR" if node.word("multidims") == "false":
                items = ", ".join(below(one) for one in node.nodes("elements"))
                return f"ARRAY[{items}]::{self._type(node, 'array_typeid')}"
        raise NotWritable

    def _call(self, node: Node, arguments: list[str]) -> str:
        function = self._dictionary.functions.get(node.number("funcid"))
        if function is None or node.word("funcvariadic") == "true":
            raise NotWritable
        if not (function.is_immutable or self._is_estimate):
            raise NotWritable
        form = node.word("funcformat")
        if form == _IMPLICIT and arguments:
            return arguments[0]
        if form == _CAST and arguments:
            return f"({arguments[0]})::{self._type(node, 'funcresulttype')}"
        if form not in (_CALL, _SYNTAX):
            raise NotWritable
        return f"{function.name}({', '.join(arguments)})"

    def _operation(self, node: Node, arguments: list[str]) -> str:
        operator = self._dictionary.operators.get(node.number("opno"))
        if operator is None or not (operator.is_immutable or self._is_estimate):
            raise NotWritable
        return f"({' '.join([*arguments[:-1], operator.sql, arguments[-1]])})"

    def _type(self, node: Node, name: str) -> str:
        return _type(node.number(name), self._dictionary)


def _type(oid: int, dictionary: Dictionary) -> str:
    try:
        return dictionary.types[oid]
    except KeyError:
        raise NotWritable from None
