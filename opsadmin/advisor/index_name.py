"""What a new index is called: as PostgreSQL would name it, or shorter where Django demands it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from django.db.backends.utils import names_digest

from opsadmin.advisor.spec import IndexSpec
from opsadmin.console.errors import SqlRefused
from opsadmin.console.text import Token, tokens_of

#: PostgreSQL cuts a name after that many bytes (NAMEDATALEN), Django refuses one in Meta.indexes that has more characters.
MOST_BYTES = 63
MOST_CHARACTERS = 30

_PART = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')
#: The parts of a name that Django shortens: table, column, digest, and what is behind.
_TABLE, _COLUMN, _DIGEST = 11, 7, 6
_SUFFIXES = {"btree": "idx"}


def name_parts(quoted: str) -> tuple[str, ...]:
    """The plain names in `schema."Table"`."""
    return tuple(match[1].replace('""', '"') if match[1] else match[2].lower() for match in _PART.finditer(quoted))


def index_name(spec: IndexSpec, taken: Collection[str] = (), *, for_model: bool = False) -> str:
    """A name for the index that is none of `taken` (the relations of its schema). `for_model`: one that Meta.indexes takes,
    at most 30 characters and beginning with a letter. The same index always gets the same name."""
    table = name_parts(spec.table)[-1]
    columns = _unlike([*(key.column or _called(key.text) for key in spec.keys), *spec.include])
    if not for_model:
        return _free(lambda label: _joined(table, "_".join(columns), label), taken)
    plain = _joined(table, "_".join(columns), "idx")
    if len(plain) <= MOST_CHARACTERS and re.fullmatch(r"[^\W\d_]\w*", plain) and plain not in taken:
        return plain
    suffix = _SUFFIXES.get(spec.using, spec.using)
    digest = names_digest(table, spec.ddl(), suffix, length=_DIGEST)
    return _free(lambda label: _short(table, columns[0], digest, label.replace("idx", suffix, 1)), taken)


def _free(named: Callable[[str], str], taken: Collection[str]) -> str:
    """The first name that is not taken; PostgreSQL counts up the label too."""
    number = 0
    while (name := named(f"idx{number or ''}")) in taken:
        number += 1
    return name


def _joined(table: str, columns: str, label: str) -> str:
    """As PostgreSQL's makeObjectName: of what is too long, the longer one is cut."""
    most = MOST_BYTES - len(label) - 2
    one, other = len(table.encode()), min(len(columns.encode()), MOST_BYTES)
    while one + other > most:
        if one > other:
            one -= 1
        else:
            other -= 1
    return f"{_cut(table, one)}_{_cut(columns, other)}_{label}"


def _short(table: str, column: str, digest: str, label: str) -> str:
    """As Django names an index that has no name."""
    behind = f"{digest}_{label}"
    room = MOST_CHARACTERS - len(behind) - 2
    head = f"{table[: min(_TABLE, room - _COLUMN)]}_{column[:_COLUMN]}"
    name = re.sub(r"\W", "_", f"{head}_{behind}")
    name = name if name[0].isalpha() else f"D{name[1:]}"
    return name if len(name.encode()) <= MOST_BYTES else f"index_{behind}"


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def _unlike(names: Sequence[str]) -> list[str]:
    """Each name once: PostgreSQL numbers those that an index has twice."""
    found: list[str] = []
    for name in names:
        unlike, number = name, 0
        while unlike in found:
            number += 1
            unlike = f"{_cut(name, MOST_BYTES - len(str(number)))}{number}"
        found.append(unlike)
    return found


def _called(expression: str) -> str:
    """What PostgreSQL calls a key that is an expression: by its function, or by the column that is cast, else `expr`."""
    try:
        tokens = tokens_of(expression)
    except SqlRefused:
        return "expr"
    return _figured(tokens) or "expr"


def _figured(tokens: Sequence[Token]) -> str:
    while tokens and tokens[0].text == "(" and _close(tokens, 0) == len(tokens) - 1:
        tokens = tokens[1:-1]
    casts = [place for place, token in enumerate(tokens) if token.text == "::" and _depth(tokens, place) == 0]
    if casts and not any(token.kind == "operator" for place, token in enumerate(tokens) if _depth(tokens, place) == 0):
        return _figured(tokens[: casts[-1]]) or tokens[casts[-1] + 1].text
    if len(tokens) == 1 and tokens[0].is_name:
        return tokens[0].text
    for place, token in enumerate(tokens):
        if token.text == "(" and token.kind == "mark":
            named = place > 0 and _close(tokens, place) == len(tokens) - 1
            return tokens[place - 1].text if named and tokens[place - 1].is_name else ""
        if not token.is_name and token.text != ".":
            break
    return ""


def _close(tokens: Sequence[Token], place: int) -> int:
    depth = 0
    for at in range(place, len(tokens)):
        depth += _step(tokens[at])
        if depth == 0:
            return at
    return -1


def _depth(tokens: Sequence[Token], place: int) -> int:
    return sum(_step(token) for token in tokens[:place])


def _step(token: Token) -> int:
    return (token.text in ("(", "[")) - (token.text in (")", "]")) if token.kind == "mark" else 0
