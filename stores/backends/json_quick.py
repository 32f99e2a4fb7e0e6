"""Compact JSON text by the standard library's C encoder, for documents in which it cannot go wrong.

The walk before it costs a tenth of writing the text in Python. Whatever is not plainly harmless (a key that is not
text, a float that is written with an exponent, an integer beyond 64 bits, a type JSON does not have, very much of
anything) is left to `json_text`, which knows what to say about it."""

from __future__ import annotations

import json
from typing import Any

from stores.backends.json_rules import MAX_DEPTH

#: A list that holds one other list many times over can stand for far more text than fits in memory.
_MOST_VALUES = 100_000
_MOST_CHARACTERS = 4_000_000
_LARGEST_INTEGER = 2**63
#: Between these repr() writes a float without an exponent; zero may be negative.
_SMALLEST_PLAIN, _LARGEST_PLAIN = 1e-4, 1e16

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def quick_text(document: Any) -> str | None:
    """The text of `document`, or None where it has to be looked at closely. May hold `\\u0000` and lone surrogates."""
    if type(document) is not dict or not _is_harmless(document):
        return None
    try:
        return _encode(document)
    except RecursionError:  # the caller's stack is nearly used up; the careful way needs none
        return None


def _is_harmless(document: dict[Any, Any]) -> bool:
    layer: list[Any] = [document]
    values = characters = 0
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for container in layer:
            values += len(container)
            if values > _MOST_VALUES:
                return False
            if type(container) is dict:
                for key in container:
                    if type(key) is not str:
                        return False
                    characters += len(key)
                members: Any = container.values()
            else:
                members = container
            for value in members:
                kind = type(value)
                if kind is str:
                    characters += len(value)
                elif kind is dict or kind is list:
                    inner.append(value)
                elif kind is float:
                    if not _SMALLEST_PLAIN <= abs(value) < _LARGEST_PLAIN:
                        return False
                elif kind is int:
                    if not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
                        return False
                elif value is not None and kind is not bool:
                    return False
        if characters > _MOST_CHARACTERS:
            return False
        if not inner:
            return True
        layer = inner
    return False
