"""What is stored in the tables that a plan reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from opsadmin.plans.server import PlanSession

DIRECTORY = Path(__file__).parent / "sql"


@cache
def question(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (DIRECTORY / f"{name}.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Stored:
    """A table as VACUUM and ANALYZE last counted it. `identity`: its name as SQL takes it."""

    identity: str
    rows: float
    bytes: int
    never_analyzed: bool


def stored_in(plans: PlanSession, statements: list[dict[str, Any]]) -> dict[str, Stored]:
    """The tables of the plans, by schema.name as the plan's nodes say it.

    Raises psycopg's errors."""
    found = sorted({pair for one in statements for pair in _relations(one["Plan"])})
    if not found:
        return {}
    names = {"schemas": [schema for schema, _name in found], "names": [name for _schema, name in found]}
    with plans.catalogue():
        rows = plans.rows(question("relations"), names)
    return {
        row["name"]: Stored(row["identity"], float(row["rows"]), int(row["bytes"]), bool(row["never_analyzed"]))
        for row in rows
    }


def _relations(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    waiting = [plan]
    while waiting:
        node = waiting.pop()
        if "Relation Name" in node and "Schema" in node:
            yield node["Schema"], node["Relation Name"]
        waiting.extend(node.get("Plans", ()))
