"""The questions to the catalogue, one .sql file each."""

from __future__ import annotations

from functools import cache
from pathlib import Path

DIRECTORY = Path(__file__).parent / "sql"


@cache
def question(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (DIRECTORY / f"{name}.sql").read_text(encoding="utf-8")
