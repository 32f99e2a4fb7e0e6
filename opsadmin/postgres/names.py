"""Names as SQL writes them."""

from __future__ import annotations


def quoted(name: str) -> str:
    """The name in double quotes."""
    return '"' + name.replace('"', '""') + '"'
