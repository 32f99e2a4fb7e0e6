"""What the guard wants to know of the catalogue, and who answers. The judging itself needs no database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Function:
    """A function behind an OID. `volatility`: i, s or v. `body`: its text where people wrote it; `parsed_body`, `defaults`:
    trees. `stands_for`: the harmless function of the server whose code it shares. `types`: of its arguments and result."""

    oid: int
    name: str
    spelled: str
    kind: str
    volatility: str
    language: str
    extension: str | None
    body: str
    parsed_body: str | None
    defaults: str | None
    settings: tuple[str, ...]
    types: tuple[int, ...]
    stands_for: str | None


@dataclass(frozen=True)
class Stored:
    """A table as VACUUM and ANALYZE last counted it. `identity`: its name as SQL takes it."""

    identity: str
    rows: float
    bytes: int
    never_analyzed: bool


@dataclass(frozen=True)
class Relation:
    """A relation. `columns`: the names by number, for the server's own. `trees`: what is planned or run along with it."""

    oid: int
    schema: str
    name: str
    kind: str
    columns: Mapping[int, str]
    trees: tuple[str, ...]

    @property
    def spelled(self) -> str:
        return self.name if self.schema == "pg_catalog" else f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Setting:
    """A setting that holds a secret, and the texts that must not be shown."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class CheckedType:
    """A type that runs code when a text is read as one of it. `name`: by which a statement comes to it; `trees`: its checks."""

    type: int
    name: str
    trees: tuple[str, ...]


class Catalog(Protocol):
    """Who answers. Every call is one statement."""

    def ahead(self, functions: Collection[int], operators: Collection[int], relations: Collection[int]) -> None:
        """`functions` and `relations` are called with these next: both may be asked for at once."""

    def functions(self, functions: Collection[int], operators: Collection[int]) -> list[Function]:
        """The functions behind the OIDs, plainly harmless ones left out."""

    def types(self, types: Collection[int]) -> tuple[list[int], list[str]]:
        """What the types run: functions, and the trees of checks."""

    def relations(self, oids: Collection[int]) -> list[Relation]:
        """The relations and what stands below them."""

    def named(self, names: Collection[str], operators: Collection[str]) -> list[tuple[str, int]]:
        """What names and operators may mean: (function, relation, type or operator; OID)."""

    def checked_types(self, names: Collection[str] | None) -> list[CheckedType]:
        """The types that run code when a text is read as one of them: those that the names lead to; None: all."""

    def holds(self, probe: str) -> bool:
        """Whether there is a secret at this moment (`secret_columns`)."""

    def secret_settings(self) -> list[Setting]:
        """The settings that hold secrets and that this role may see."""
