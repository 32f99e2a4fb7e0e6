"""What HypoPG's plans cost once put right, against the planner once the index is there."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from opsadmin.advisor.corrected import Pages, correction
from opsadmin.advisor.formulas import SETTINGS_QUESTION, Settings

#: (statement, index, how far the corrected cost may be off, how far HypoPG's own is at least), as parts of the real one.
CASES = {
    "searches of a join": (
        "SELECT sum(i.price) FROM measured AS o, measured AS i WHERE o.big < 40 AND i.big = o.twenty",
        "big",
        0.06,
        0.02,
    ),
    "what stops at the first": (
        """SELECT count(*) FROM measured AS o
        WHERE o.small = 3 AND o.hundred < 40
            AND NOT EXISTS (SELECT FROM measured AS i WHERE i.parent = o.id AND i.price > 5)""",
        "parent",
        0.06,
        0.02,
    ),
    "the whole index": ("SELECT count(DISTINCT day) FROM measured", "day", 0.05, 0.05),
    "a part of it": ("SELECT count(*) FROM measured WHERE hundred < 30", "hundred", 0.05, 0.1),
    "a few rows": ("SELECT * FROM measured WHERE big = 7", "big", 0.05, 0.01),
    "some of them": (
        "SELECT sum(price) FROM measured WHERE id IN (SELECT parent FROM measured WHERE big < 40 LIMIT 50)",
        "id",
        0.06,
        0.0,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_corrected_costs_are_the_planners(measured: Any, case: str) -> None:
    statement, column, near, was_off = CASES[case]
    try:
        measured.connection.execute("CREATE EXTENSION IF NOT EXISTS hypopg")
    except psycopg.Error:
        pytest.skip("This PostgreSQL has no HypoPG.")
    settings = Settings.of(measured.ask(SETTINGS_QUESTION)[0])
    measured.connection.execute("SET max_parallel_workers_per_gather = 0")
    index = f"CREATE INDEX measured_corrected ON measured ({column})"
    with measured.connection.transaction(force_rollback=True):
        measured.connection.execute(index)
        (size,) = measured.ask("SELECT pg_relation_size('measured_corrected') AS bytes")
        real = measured.plan(statement)["Total Cost"]
    rows = measured.table("measured").rows
    (made,) = measured.ask("SELECT indexrelid, indexname FROM hypopg_create_index(%(ddl)s)", {"ddl": index})
    (pretended,) = measured.ask("SELECT hypopg_relation_size(%(oid)s) AS bytes", {"oid": made["indexrelid"]})
    pages = Pages(rows, pretended["bytes"] / 8192, size["bytes"] / 8192)
    plan = measured.plan(statement)
    measured.ask("SELECT hypopg_reset()")
    found = plan["Total Cost"] + correction(plan, lambda name: pages if name == made["indexname"] else None, settings)
    assert made["indexname"] in str(plan)
    assert abs(plan["Total Cost"] / real - 1) >= was_off
    assert abs(found / real - 1) <= near


def test_heights_that_are_reckoned_with_are_not_counted_again() -> None:
    settings = Settings()
    node = {
        "Node Type": "Index Scan",
        "Index Name": "i",
        "Startup Cost": 0.43,
        "Total Cost": 8.45,
        "Plan Rows": 1,
        "Index Cond": "(id = 7)",
    }
    pages = Pages(1_000_000, 2700, 2700)
    assert correction(node, lambda _name: pages, settings) == 0
    assert correction({**node, "Startup Cost": 0.06}, lambda _name: pages, settings) == pytest.approx(0.375, abs=0.02)
    assert correction(node, lambda _name: None, settings) == 0
