"""The corpus: statements in files, one after the other, each under a line `-- @ name`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Case:
    """`reader`: whether a role without superuser's rights may do it as well."""

    name: str
    sql: str
    reader: bool = True


def cases(title: str) -> list[Case]:
    """The statements of `corpus/<title>.sql`."""
    found = []
    for part in ("\n" + (DIRECTORY / f"{title}.sql").read_text(encoding="utf-8")).split("\n-- @ ")[1:]:
        name, sql = part.split("\n", 1)
        reader = not sql.startswith("-- reader: no\n")
        found.append(Case(name.strip(), sql.removeprefix("-- reader: no\n").strip("\n"), reader))
    return found
