"""What every workload of the bench is: tables, data, and weighted queries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

#: In a file of queries, the line before each one.
TITLE = re.compile(r"^-- name: (\S+)\s*$", re.MULTILINE)
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Query:
    """One statement, constants and all. `weight` says how often it counts."""

    name: str
    sql: str
    weight: float = 1.0

    @property
    def writes(self) -> bool:
        return self.sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Workload:
    """`load` makes and fills the tables in an empty database at a scale; `queries` gives the statements for a set of
    constants (`constants` names the sets; the first is the one to tune on)."""

    name: str
    says: str
    load: Callable[[psycopg.Connection[Any], float], None]
    queries: Callable[[str], Sequence[Query]]
    scale: float = 1.0
    constants: tuple[str, ...] = ("tune",)
    extensions: tuple[str, ...] = ("pg_trgm",)

    def database(self, scale: float) -> str:
        """The name of its database at a scale: `tpch_1`, `tpch_0_1`."""
        return f"{self.name}_{scale:g}".replace(".", "_")


def read_queries(path: Path) -> list[Query]:
    """The queries of a file in which each stands below a line `-- name: NAME`."""
    parts = TITLE.split(path.read_text(encoding="utf-8"))
    return [Query(name, sql.strip().rstrip(";").rstrip()) for name, sql in zip(parts[1::2], parts[2::2], strict=True)]


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with each `%(name)s` replaced, as it stands: constants belong into the statement, where the planner
    sees them. Raises KeyError where a value is missing."""
    return PLACEHOLDER.sub(lambda match: str(values[match[1]]), text)
