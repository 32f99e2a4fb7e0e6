"""What is stored in the tables that a plan reads."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from opsadmin.console.facts import Stored
from opsadmin.plans.server import PlanSession

DIRECTORY = Path(__file__).parent / "sql"


@cache
def question(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (DIRECTORY / f"{name}.sql").read_text(encoding="utf-8")


def stored_in(plans: PlanSession, statements: list[dict[str, Any]]) -> dict[str, Stored]:
    """The tables of the plans, by schema.name as the plan's nodes say it.

    Raises psycopg's errors."""
    wanted = sorted({pair for one in statements for pair in _relations(one["Plan"])})
    known = plans.catalog.stored  # the guard asked for the tables of the statement
    found = {name: known[name] for name in map(".".join, wanted) if name in known}
    wanted = [pair for pair in wanted if ".".join(pair) not in found]
    if not wanted:
        return found
    names = {"schemas": [schema for schema, _name in wanted], "names": [name for _schema, name in wanted]}
    with plans.catalogue():
        rows = plans.rows(question("relations"), names)
    for row in rows:
        found[row["name"]] = Stored(row["identity"], row["rows"], row["bytes"], row["never_analyzed"])
    return found


def _relations(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    waiting = [plan]
    while waiting:
        node = waiting.pop()
        if "Relation Name" in node and "Schema" in node:
            yield node["Schema"], node["Relation Name"]
        waiting.extend(node.get("Plans", ()))
