"""PostgreSQL's own reading of a statement, as the server prints it (debug_print_rewritten, or a stored rule): nodes in
braces with named fields. Read without recursion, because a tree may be as deep as a statement is long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from opsadmin.console.errors import SqlRefused
from opsadmin.console.names import names

#: A larger tree comes of a statement that names hundreds of views.
MAX_BYTES = 3_000_000
#: The server breaks its lines at a space where there is one, else after that many bytes, inside a word.
_LINE = 78
_TOKEN = re.compile(r"(?:\\.|[^\s(){}\\])+|[(){}]", re.DOTALL)
_FIELD = re.compile(r":[A-Za-z_]\w*\Z")

#: A part that is not here is one that nobody judged yet.
KNOWN = names("tree_parts")
#: What older servers call a part: RTE before PostgreSQL 15, the others before 15 or 16.
_OLD_NAMES = {
    "ARRAY": "ARRAYEXPR",
    "CASE": "CASEEXPR",
    "COALESCE": "COALESCEEXPR",
    "COLLATE": "COLLATEEXPR",
    "MINMAX": "MINMAXEXPR",
    "ROW": "ROWEXPR",
    "ROWCOMPARE": "ROWCOMPAREEXPR",
    "RTE": "RANGETBLENTRY",
    "WHEN": "CASEWHEN",
}


@dataclass(slots=True)
class Node:
    """A part: its kind, as PostgreSQL 16 and newer call it, and its fields. A field's value is a list of words, nodes and lists; a field that is named twice
    (a name may be spelled like one) has both values."""

    label: str
    fields: dict[str, list[Any]] = field(default_factory=dict)

    def word(self, name: str) -> str:
        """The first word of a field, empty where it has none."""
        found = self.fields.get(name)
        return found[0] if found and isinstance(found[0], str) else ""

    def number(self, name: str) -> int:
        """The first word of a field as a number, 0 where it is none."""
        found = self.word(name)
        return int(found) if found.isdecimal() else 0

    def nodes(self, name: str) -> list[Node]:
        """The nodes of a field, those of a list in it included."""
        return list(_flat(self.fields.get(name, ())))

    def inner(self) -> Iterator[Node]:
        """The nodes right inside this one."""
        for value in self.fields.values():
            yield from _flat(value)


def _flat(values: Any) -> Iterator[Node]:
    waiting = [iter(values)]
    while waiting:
        for value in waiting[-1]:
            if isinstance(value, Node):
                yield value
            elif isinstance(value, list):
                waiting.append(iter(value))
                break
        else:
            waiting.pop()


def unfolded(printed: str) -> str:
    """The text of a tree as it was before the server broke it into lines.

    Raises `SqlRefused` where it was broken inside a word: it could be read in two ways."""
    for line in printed.split("\n"):
        if len(line) * 4 >= _LINE and " " not in line[1:] and len(line.encode()) >= _LINE:
            raise SqlRefused(
                "A name in the statement has so many special characters that the server's account of it cannot be read.",
                "Rename the column or the alias.",
            )
    return printed.replace("\n", " ")


def read_tree(text: str) -> list[Node]:
    """The nodes at the top of a tree.

    Raises `SqlRefused` where it is too large, or not as this knows it."""
    if len(text) > MAX_BYTES:
        raise too_large(len(text))
    top: list[Any] = []
    lists: list[list[Any]] = [top]
    nodes: list[Node] = []
    after_brace = False
    words: dict[str, str] = {}
    for match in _TOKEN.finditer(text):
        word = match.group()
        if after_brace:
            if word not in KNOWN:
                raise unreadable(f"a part called {word[:40]}")
            word = _OLD_NAMES.get(word, word)
            node = Node(words.setdefault(word, word))
            lists[-1].append(node)
            nodes.append(node)
            lists.append([])  # what stands before the first field
            after_brace = False
        elif word == "{":
            after_brace = True
        elif word == "}":
            if not nodes:
                raise unreadable("a closing brace too many")
            lists.pop()
            nodes.pop()
        elif word == "(":
            inner: list[Any] = []
            lists[-1].append(inner)
            lists.append(inner)
        elif word == ")":
            lists.pop()
            if not lists:
                raise unreadable("a closing parenthesis too many")
        elif nodes and _FIELD.match(word):
            lists[-1] = nodes[-1].fields.setdefault(words.setdefault(word, word)[1:], [])
        else:
            lists[-1].append(words.setdefault(word, word))
    if nodes or len(lists) != 1 or after_brace:
        raise unreadable("an end that is missing")
    return list(_flat(top))


def too_large(size: int) -> SqlRefused:
    """The refusal of a statement whose tree has that many bytes, or more."""
    return SqlRefused(
        f"The statement stands for more than {size // 1_000_000} MB of parts once its views and joins are written out; at most "
        f"{MAX_BYTES // 1_000_000} MB are judged.",
        "Name fewer views, or join fewer tables, in one statement.",
    )


def unreadable(what: str) -> SqlRefused:
    """The refusal where the server says something that this does not know."""
    return SqlRefused(
        f"The server describes the statement with {what}, which the guard does not know; what it cannot judge it does not run.",
        "Write the statement more plainly. If it is plain, this server's version is newer than the guard.",
    )


def text_of(const: Node) -> str | None:
    """The text that a CONST of type text holds; None where it holds none."""
    if const.label != "CONST" or const.word("consttype") != "25" or const.word("constisnull") != "false":
        return None
    raw = [int(word) for word in const.fields.get("constvalue", []) if isinstance(word, str) and _signed(word)]
    # The length, then the bytes (each as signed) in which the first four again say a length.
    if len(raw) < 5:
        return None
    return bytes(one % 256 for one in raw[5:]).decode(errors="replace")


def _signed(word: str) -> bool:
    return word.removeprefix("-").isdecimal()
