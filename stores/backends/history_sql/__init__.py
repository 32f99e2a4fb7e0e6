"""The SQL of the history, one file for each question."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import LiteralString


@cache
def sql(name: str) -> LiteralString:
    """The text of `name`.sql, comments left out (a `%` in one would be taken for a placeholder)."""
    text = (files(__name__) / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
