"""What the catalogue says of the tables that a verification is about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from opsadmin.advisor.facts import Ask

_HERE = Path(__file__).parent / "sql"


@cache
def question(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Column:
    """`collation`: quoted, empty for the type's own. `storage`: its letter where it is not the type's own. `target`: of
    statistics, None for the usual one. `is_binary`: its values can be sent as they are stored."""

    name: str
    type: str
    collation: str
    not_null: bool
    storage: str
    target: int | None
    is_binary: bool


@dataclass(frozen=True)
class Index:
    """`name`: plain."""

    name: str
    ddl: str
    is_primary: bool


@dataclass(frozen=True)
class Relation:
    """`identity`: quoted, with its schema. `bytes`: rows and their long values; `index_bytes`: of its indexes. `indexes`:
    the valid ones; `statistics`: definitions of the extended ones."""

    oid: int
    schema: str
    name: str
    identity: str
    kind: str
    has_policies: bool
    is_temporary: bool
    has_children: bool
    is_owner: bool
    may_create: bool
    may_read: bool
    owner: str
    role: str
    bytes: int
    index_bytes: int
    fillfactor: str
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...]
    statistics: tuple[str, ...]

    @property
    def is_table(self) -> bool:
        """Whether it has rows of its own on disk."""
        return self.kind in ("r", "m")


def relations_of(ask: Ask, oids: Collection[int]) -> dict[int, Relation]:
    """Those that are not PostgreSQL's own."""
    found = {}
    for row in ask(question("relations"), {"relations": list(oids)}):
        columns = tuple(
            Column(
                name=one["name"],
                type=one["type"],
                collation=one["collation"] or "",
                not_null=one["not_null"],
                storage=one["storage"] or "",
                target=None if one["target"] is None else int(one["target"]),
                is_binary=one["is_binary"],
            )
            for one in row.pop("columns")
        )
        indexes = tuple(Index(**one) for one in row.pop("indexes"))
        found[row["oid"]] = Relation(
            **{**row, "statistics": tuple(row["statistics"])}, columns=columns, indexes=indexes
        )
    return found


def server_of(ask: Ask) -> dict[str, Any]:
    """What this server, and our role on it, lets us do."""
    return ask(question("server"), {})[0]
