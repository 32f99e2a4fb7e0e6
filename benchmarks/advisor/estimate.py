"""What the planner says a set of indexes would save: EXPLAIN with HypoPG's hypothetical indexes, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from benchmarks.advisor.workload import Query

HEAP = """
SELECT coalesce(sum(pg_relation_size(c.oid)), 0)::bigint
FROM pg_class AS c
WHERE c.relkind IN ('r', 'm') AND c.relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True)
class Estimate:
    """Costs by query. `refused` are the statements that HypoPG cannot imagine, with its reason; they count nothing."""

    costs: dict[str, float]
    size: int
    refused: dict[str, str]


def heap_size(connection: psycopg.Connection[Any]) -> int:
    """Bytes of all tables without their indexes: what budgets are relative to."""
    row = connection.execute(HEAP).fetchone()
    assert row is not None
    return int(row[0])


def cost(connection: psycopg.Connection[Any], query: Query) -> float:
    row = connection.execute(f"EXPLAIN (FORMAT JSON) {query.sql}").fetchone()  # type: ignore[arg-type]
    assert row is not None
    return float(row[0][0]["Plan"]["Total Cost"])


def costs(connection: psycopg.Connection[Any], queries: Sequence[Query]) -> dict[str, float]:
    return {query.name: cost(connection, query) for query in queries}


def estimate(connection: psycopg.Connection[Any], queries: Sequence[Query], ddl: Sequence[str]) -> Estimate:
    refused: dict[str, str] = {}
    connection.execute("SELECT hypopg_reset()")
    try:
        for statement in ddl:
            try:
                connection.execute("SELECT hypopg_create_index(%s)", [statement])
            except psycopg.Error as error:
                refused[statement] = error.diag.message_primary or str(error)
        row = connection.execute(
            "SELECT coalesce(sum(hypopg_relation_size(indexrelid)), 0)::bigint FROM hypopg()"
        ).fetchone()
        assert row is not None
        return Estimate(costs(connection, queries), int(row[0]), refused)
    finally:
        connection.execute("SELECT hypopg_reset()")


def ratio_of_sums(queries: Sequence[Query], before: dict[str, float], after: dict[str, float]) -> float:
    """The main figure: all that the workload costs afterwards against before. A query missing on one side (it ran out
    of time) is left out on both."""
    counted = [query for query in queries if query.name in before and query.name in after]
    total = sum(query.weight * before[query.name] for query in counted)
    return sum(query.weight * after[query.name] for query in counted) / total if total else 1.0


def mean_of_ratios(queries: Sequence[Query], before: dict[str, float], after: dict[str, float]) -> float:
    """Beside it: each query's own gain, so that one heavy query cannot hide the others."""
    counted = [query for query in queries if before.get(query.name) and query.name in after]
    weights = sum(query.weight for query in counted)
    return sum(query.weight * after[query.name] / before[query.name] for query in counted) / weights if weights else 1.0
