"""Names that are known: one list a file, one name a line, in `names/`."""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parent / "names"


def names(title: str) -> frozenset[str]:
    """The names in `names/<title>.txt`; a line that begins with # says what they are."""
    lines = (DIRECTORY / f"{title}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
