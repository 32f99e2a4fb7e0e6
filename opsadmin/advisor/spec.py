"""An index that could be, as data: what it stands on, and the statement that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opsadmin.postgres.names import identifier


@dataclass(frozen=True, order=True)
class Key:
    """A key of an index: `text` is the quoted column, or the expression in parentheses. `column`: its plain name, empty
    for an expression. `opclass`: where it is not the type's default one."""

    text: str
    column: str = ""
    opclass: str = ""
    descending: bool = False
    nulls_first: bool = False

    @classmethod
    def of(cls, column: str, opclass: str = "", *, descending: bool = False, nulls_first: bool = False) -> Key:
        return cls(identifier(column), column, opclass, descending, nulls_first)

    @property
    def ddl(self) -> str:
        """As it stands in CREATE INDEX."""
        parts = [self.text]
        if self.opclass:
            parts.append(self.opclass)
        if self.descending:
            parts.append("DESC")
        if self.nulls_first != self.descending:
            parts.append("NULLS FIRST" if self.nulls_first else "NULLS LAST")
        return " ".join(parts)


@dataclass(frozen=True, order=True)
class IndexSpec:
    """`table`: quoted, with its schema; `relid`: its oid. `include`: plain column names, sorted. `predicate`: SQL of a
    partial index, empty for a full one. `options`: storage parameters, as they stand in WITH (...)."""

    relid: int
    table: str
    keys: tuple[Key, ...]
    include: tuple[str, ...] = ()
    predicate: str = ""
    using: str = "btree"
    options: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys as they are written, expressions included."""
        return tuple(key.column or key.text for key in self.keys)

    @property
    def held(self) -> frozenset[str]:
        """The columns whose values stand in it, for an index-only scan. Only a b-tree and a GiST give them back."""
        own = {key.column for key in self.keys if key.column}
        return frozenset(own | set(self.include)) if self.using == "btree" else frozenset()

    def ddl(self, name: str = "", *, concurrently: bool = False) -> str:
        """The CREATE INDEX. `name`: plain; left out, PostgreSQL makes one."""
        head = "CREATE INDEX" + (" CONCURRENTLY" if concurrently else "") + (f" {identifier(name)}" if name else "")
        text = f"{head} ON {self.table} USING {self.using} ({', '.join(key.ddl for key in self.keys)})"
        if self.include:
            text += f" INCLUDE ({', '.join(identifier(column) for column in self.include)})"
        if self.options:
            text += f" WITH ({self.options})"
        if self.predicate:
            text += f" WHERE {self.predicate}"
        return text

    def as_dict(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "columns": list(self.columns),
            "using": self.using,
            "predicate": self.predicate,
            "include": list(self.include),
            "ddl": self.ddl(concurrently=True),
        }
