"""What is odd about a document, and how a value is shown in such a sentence: short, printable, whatever it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Code = Literal["type", "range", "choice", "format", "relation", "unknown"]

_LONGEST = 60


@dataclass(frozen=True)
class Remark:
    """One thing that breaks a rule: `path` as `winter.min_temp` or `time_windows[0].start`, `message` a sentence.
    Code `unknown` is a note: the key is not the dashboard's, and is kept untouched."""

    path: str
    message: str
    code: Code

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def shown(value: Any) -> str:
    """`value` for a sentence: its JSON text where it is short, else what it is. Never fails, never recurses."""
    if isinstance(value, dict):
        return f"an object with {len(value)} keys"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if value.bit_length() < 200 else f"a number of {value.bit_length()} bits"
    if isinstance(value, float | Decimal):
        return str(value)[:_LONGEST]
    if isinstance(value, str):
        # An address may hold a key (IFTTT's do) and stand in the wrong place: no sentence repeats it.
        if "://" in value or "/with/key/" in value:
            return "an address"
        text = value if len(value) <= _LONGEST else value[:_LONGEST] + "…"
        # Escaped where a terminal, a page or a log could not take it.
        return json.dumps(text, ensure_ascii=not text.isprintable())
    return f"a {type(value).__name__}"


def key_path(base: str, key: object) -> str:
    """The path of `key` inside `base`; a key that is not a plain word stands in brackets: `["a.b"]`."""
    if isinstance(key, int) and not isinstance(key, bool):
        return f"{base}[{key}]"
    if isinstance(key, str) and key.replace("-", "_").isidentifier() and key.isascii() and len(key) <= _LONGEST:
        return f"{base}.{key}" if base else key
    return f"{base}[{shown(key)}]"
