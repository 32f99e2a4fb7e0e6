"""How many entries a GIN index is searched for by a condition: each is a descent into the entry tree, which is what the
planner counts."""

from __future__ import annotations

import json
import re
from typing import Any

_WORD = re.compile(r"[^\W_]+")
_LEXEME = re.compile(r"'(?:[^']|'')*'")


def entries_searched(opclass: str, constant: str) -> int:
    """The entries of the constant that the indexed key is compared with, given as text without its quotes: a LIKE pattern or
    a word for gin_trgm_ops, a document for jsonb, a query for text search, an array literal. At least 1."""
    match opclass:
        case "gin_trgm_ops":
            found = trigrams_of_pattern(constant)
        case "jsonb_path_ops" | "jsonb_ops":
            found = _of_document(constant, keys=opclass == "jsonb_ops")
        case "tsvector_ops":
            found = len(set(_LEXEME.findall(constant)) or set(_WORD.findall(constant)))
        case _:
            found = len({part.strip() for part in constant.strip("{}").split(",") if part.strip()})
    return max(1, found)


def trigrams_of_pattern(pattern: str) -> int:
    """The different trigrams that every match of the LIKE pattern has: those of whole words, padded, and of what is left of
    words that a wildcard cuts."""
    # A backslash makes the next character plain; both wildcards cut.
    text = re.sub(r"\\(.)|[%_]", lambda cut: cut[1] if cut[1] else "\0", pattern.lower(), flags=re.S)
    found: set[str] = set()
    for word in _WORD.finditer(text):
        before, after = text[max(0, word.start() - 1) : word.start()], text[word.end() : word.end() + 1]
        padded = ("" if before == "\0" else "  ") + word[0] + ("" if after == "\0" else " ")
        found.update(padded[place : place + 3] for place in range(len(padded) - 2))
    return len(found)


def _of_document(constant: str, *, keys: bool) -> int:
    try:
        document = json.loads(constant)
    except ValueError:
        return 1  # a key, with the operator ?
    found: set[tuple[Any, ...]] = set()
    waiting: list[tuple[tuple[str, ...], Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(((*path, key), below) for key, below in value.items())
            if keys:
                found.update(("key", key) for key in value)
        elif isinstance(value, list):
            waiting.extend((path, below) for below in value)
        else:
            found.add(("value", () if keys else path, str(value)))
    return len(found)
