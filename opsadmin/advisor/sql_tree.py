"""The small part of SQL that an index is made of, as a tree: CREATE INDEX with its keys and its predicate.

Two texts that mean the same have the same tree: brackets, the spelling of names, `!=` for `<>`, and NOT before a
comparison make no difference. What this does not know it refuses, so that nothing is said of it by mistake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from opsadmin.console.errors import SqlRefused
from opsadmin.console.text import Token, tokens_of

#: A part and what it stands on: ("column", name), ("text", "x"), ("number", "5"), ("call", name, ...), ("=", one, other) ...
Tree = tuple[object, ...]
T = TypeVar("T")

_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
#: What turns when its sides are changed.
TURNED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TYPE_WORDS = frozenset({"varying", "precision", "with", "without", "time", "zone"})
_TYPES = {
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "bool": "boolean",
    "float8": "double precision",
    "float4": "real",
    "decimal": "numeric",
    "varchar": "character varying",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
}
#: Words that end an operand, and are no operator class.
_WORDS = frozenset({"and", "or", "not", "is", "in", "asc", "desc", "nulls", "collate", "between", "like", "ilike"})
_DEEPEST = 60


class Unreadable(Exception):
    """The text has a part that this does not know."""


@dataclass(frozen=True)
class IndexTree:
    """`keys`: for each its tree, operator class, and whether it goes downwards and has NULLs first. `options`: name and
    value of each storage parameter."""

    method: str
    keys: tuple[tuple[Tree, str, bool, bool], ...]
    include: tuple[str, ...]
    options: frozenset[tuple[str, str]]
    predicate: Tree | None


def expression_tree(text: str) -> Tree:
    """Raises `Unreadable`."""
    reader = _Reader(_tokens(text))
    tree = reader.expression()
    reader.end()
    return tree


def index_tree(text: str) -> IndexTree:
    """A CREATE INDEX, but for its name and its table.

    Raises `Unreadable`."""
    reader = _Reader(_tokens(text))
    reader.skip_to("on")
    while reader.text not in ("(", "using"):
        reader.take()
    method = "btree"
    if reader.accept("using"):
        method = reader.take().text
    keys = reader.listed(reader.key)
    include = tuple(reader.listed(lambda: reader.take().text)) if reader.accept("include") else ()
    options = frozenset(reader.listed(reader.option)) if reader.accept("with") else frozenset()
    predicate = reader.expression() if reader.accept("where") else None
    reader.accept(";")
    reader.end()
    return IndexTree(method, tuple(keys), include, options, predicate)


def _tokens(text: str) -> list[Token]:
    try:
        return tokens_of(text)
    except SqlRefused as error:
        raise Unreadable(str(error)) from error


class _Reader:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    # --- tokens ---------------------------------------------------------------------------------------------------------
    @property
    def text(self) -> str:
        """The next token, empty at the end and where a quoted name or a string stands."""
        token = self._next()
        return "" if token is None or token.kind in ("quoted", "string") else token.text

    def take(self) -> Token:
        token = self._next()
        if token is None:
            raise Unreadable("it ends too early")
        self._at += 1
        return token

    def accept(self, *texts: str) -> bool:
        if self.text and self.text in texts:
            self._at += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not self.accept(text):
            raise Unreadable(f"{text} is missing")

    def skip_to(self, text: str) -> None:
        while self.take().text != text:
            pass

    def end(self) -> None:
        token = self._next()
        if token is not None:
            raise Unreadable(f"{token.text} is not known here")

    def _next(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    # --- CREATE INDEX ---------------------------------------------------------------------------------------------------
    def listed(self, one: Callable[[], T]) -> list[T]:
        self.need("(")
        found = [one()]
        while self.accept(","):
            found.append(one())
        self.need(")")
        return found

    def key(self) -> tuple[Tree, str, bool, bool]:
        tree = self.expression()
        token = self._next()
        opclass = ""
        while token is not None and token.is_name and (token.kind == "quoted" or token.text not in _WORDS):
            opclass = self.take().text
            self.accept(".")  # its schema does not tell two of them apart
            token = self._next()
        descending = self.accept("desc")
        if not descending:
            self.accept("asc")
        nulls_first = descending
        if self.accept("nulls"):
            nulls_first = self.accept("first")
            if not nulls_first:
                self.need("last")
        return tree, opclass, descending, nulls_first

    def option(self) -> tuple[str, str]:
        name = self.take().text
        self.need("=")
        value = self.take().text.strip("'").lower()
        return name, {"true": "on", "false": "off"}.get(value, value)

    # --- expressions ----------------------------------------------------------------------------------------------------
    def expression(self) -> Tree:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unreadable("it is nested too deep")
        tree = self._joined("or", lambda: self._joined("and", self._negated))
        self._depth -= 1
        return tree

    def _joined(self, word: str, part: Callable[[], Tree]) -> Tree:
        parts = [part()]
        while self.accept(word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        flat: list[object] = []
        for one in parts:
            flat += one[1:] if one[0] == word else [one]
        return (word, *flat)

    def _negated(self) -> Tree:
        negations = 0
        while self.accept("not"):
            negations += 1
        tree = self._compared()
        for _ in range(negations % 2):
            tree = negated(tree)
        return tree

    def _compared(self) -> Tree:
        left = self._operated()
        while True:
            if self.accept("is"):
                no = self.accept("not")
                self.need("null")
                left = negated(("null", left)) if no else ("null", left)
            elif self.text in ("in", "not"):
                no = self.accept("not")
                self.need("in")
                left = ("in", left, *self.listed(self.expression))
                left = negated(left) if no else left
            elif self.text in _COMPARISONS or self.text == "!=":
                operator = self.take().text
                right = self._any() if operator == "=" and self.text == "any" else self._operated()
                if right[0] == "any":
                    left = ("in", left, *right[1:])
                elif operator in ("<>", "!="):
                    left = negated(("=", left, right))
                else:
                    left = (operator, left, right)
            else:
                return left

    def _any(self) -> Tree:
        """`ANY (ARRAY[...])`, as PostgreSQL prints IN."""
        self.need("any")
        self.need("(")
        brackets = 0
        while self.accept("("):
            brackets += 1
        self.need("array")
        self.need("[")
        items = [self.expression()]
        while self.accept(","):
            items.append(self.expression())
        self.need("]")
        for _ in range(brackets):
            self.need(")")
        if self.accept("::"):
            kind = self._type().removesuffix("[]")
            items = [("cast", item, kind) for item in items]
        self.need(")")
        return ("any", *items)

    def _operated(self) -> Tree:
        """Other operators, all of one rank: who mixes them writes brackets, and PostgreSQL prints them."""
        left = self._cast()
        operator = ""
        while (token := self._next()) is not None and token.kind == "operator" and token.text not in _COMPARISONS:
            if token.text == "!=" or operator not in ("", token.text):
                break
            operator = self.take().text
            left = ("operator", operator, left, self._cast())
        return left

    def _cast(self) -> Tree:
        tree = self._operand()
        while self.accept("::"):
            tree = ("cast", tree, self._type())
        return tree

    def _type(self) -> str:
        words = [self.take().text]
        while self.accept("."):
            words = [self.take().text]
        while self.text in _TYPE_WORDS:
            words.append(self.take().text)
        if self.accept("("):
            while not self.accept(")"):
                self.take()
            while self.text in _TYPE_WORDS:
                words.append(self.take().text)
        name = " ".join(words)
        name = _TYPES.get(name, name)
        while self.accept("["):
            self.need("]")
            name += "[]"
        return name

    def _operand(self) -> Tree:
        token = self.take()
        match token.kind:
            case "number":
                return ("number", token.text)
            case "string" if token.text.startswith("'"):
                return ("text", token.text[1:-1].replace("''", "'"))
            case "operator" if token.text == "-" and (following := self._next()) and following.kind == "number":
                return ("number", f"-{self.take().text}")
            case "mark" if token.text == "(":
                tree = self.expression()
                self.need(")")
                return tree
            case "quoted":
                return self._named(token.text)
            case "word" if token.text in ("true", "false"):
                return ("boolean", token.text == "true")
            case "word" if token.text == "cast" and self.accept("("):
                tree = self.expression()
                self.need("as")
                tree = ("cast", tree, self._type())
                self.need(")")
                return tree
            case "word" if token.text not in _WORDS:
                return self._named(token.text)
        raise Unreadable(f"{token.text} is not known here")

    def _named(self, name: str) -> Tree:
        parts = [name]
        while self.accept("."):
            parts.append(self.take().text)
        if not self.accept("("):
            return ("column", parts[-1])
        arguments: list[Tree] = []
        if not self.accept(")"):
            arguments.append(self.expression())
            while self.accept(","):
                arguments.append(self.expression())
            self.need(")")
        return ("call", parts[-1] if parts[0] == "pg_catalog" else ".".join(parts), *arguments)


def negated(tree: Tree) -> Tree:
    """NOT of it; twice is the same again."""
    return cast(Tree, tree[1]) if tree[0] == "not" else ("not", tree)
