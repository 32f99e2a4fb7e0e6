"""What a set of indexes saves in truth: built in a transaction that is rolled back, so that nobody else sees them and nothing
stays; sizes, run time and pages as the server counts them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from benchmarks.advisor.estimate import costs
from benchmarks.advisor.workload import Query

#: Seconds; a query that takes longer counts as if it took this long.
PATIENCE = 120
ROUNDS = 3
INDEXES = """
SELECT coalesce(sum(pg_relation_size(c.oid)), 0)::bigint
FROM pg_class AS c
WHERE c.relkind = 'i' AND c.relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True)
class Trial:
    """Times in ms and pages by query, the best of the rounds. `timeouts` are the queries without an end: their time is the
    limit, and their pages are missing."""

    size: int
    sizes: dict[str, int]
    build_seconds: float
    costs: dict[str, float]
    times: dict[str, float] = field(default_factory=dict)
    pages: dict[str, float] = field(default_factory=dict)
    timeouts: tuple[str, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)


def trial(dsn: str, queries: Sequence[Query], ddl: Sequence[str], *, rounds: int = ROUNDS, run: bool = True) -> Trial:
    """Build `ddl`, run the queries (planned only where not `run`), undo all."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        try:
            with connection.transaction(force_rollback=True):
                return _measured(connection, queries, ddl, rounds, run)
        finally:
            if run:
                _clean(connection, queries)


def _measured(
    connection: psycopg.Connection[Any], queries: Sequence[Query], ddl: Sequence[str], rounds: int, run: bool
) -> Trial:
    begun = time.perf_counter()
    sizes: dict[str, int] = {}
    refused: dict[str, str] = {}
    known = _indexes_size(connection)
    for statement in ddl:
        try:
            # A second transaction block is a savepoint: one statement that fails does not take the others along.
            with connection.transaction():
                # No index can be built CONCURRENTLY in a transaction, and nobody waits for this one.
                connection.execute(statement.replace(" CONCURRENTLY", "", 1))  # type: ignore[arg-type]
        except psycopg.Error as error:
            refused[statement] = error.diag.message_primary or str(error)
            continue
        now = _indexes_size(connection)
        sizes[statement], known = now - known, now
    # An index on an expression has statistics of its own, which autovacuum would gather soon.
    for (table,) in connection.execute(EXPRESSIONS).fetchall():
        connection.execute(f"ANALYZE {table}")  # type: ignore[arg-type]
    found = Trial(sum(sizes.values()), sizes, time.perf_counter() - begun, costs(connection, queries), refused=refused)
    if not run:
        return found
    connection.execute(f"SET LOCAL statement_timeout = '{PATIENCE}s'")  # type: ignore[arg-type]
    timeouts = []
    for query in queries:
        best = _best(connection, query, rounds)
        if best is None:
            timeouts.append(query.name)
            found.times[query.name] = PATIENCE * 1000.0
        else:
            found.times[query.name], found.pages[query.name] = best
    return Trial(**{**found.__dict__, "timeouts": tuple(timeouts)})


EXPRESSIONS = """
SELECT DISTINCT i.indrelid::regclass::text
FROM pg_index AS i
INNER JOIN pg_class AS c ON c.oid = i.indexrelid
WHERE i.indexprs IS NOT NULL AND c.relnamespace = 'public'::regnamespace
"""


def _indexes_size(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(INDEXES).fetchone()
    assert row is not None
    return int(row[0])


def _best(connection: psycopg.Connection[Any], query: Query, rounds: int) -> tuple[float, float] | None:
    """The fastest run's time (planning and execution) and pages touched; None where the patience ended."""
    runs = []
    for _ in range(rounds):
        try:
            # What a DML statement changes is undone at once: the next round must find the same rows.
            with connection.transaction(force_rollback=True):
                row = connection.execute(
                    f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {query.sql}"  # type: ignore[arg-type]
                ).fetchone()
        except psycopg.errors.QueryCanceled:
            return None
        assert row is not None
        explained = row[0][0]
        plan = explained["Plan"]
        pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        runs.append((explained["Planning Time"] + explained["Execution Time"], float(pages)))
    return min(runs)


def _clean(connection: psycopg.Connection[Any], queries: Sequence[Query]) -> None:
    """Undone DML leaves dead rows and pages that are no longer all-visible."""
    if any(query.writes for query in queries):
        connection.execute("VACUUM")
