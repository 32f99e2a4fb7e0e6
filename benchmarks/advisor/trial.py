"""What a set of indexes saves in truth: built in a transaction that is rolled back, so that nobody else sees them and nothing
stays; sizes, run time and pages as the server counts them."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
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


CREATE_INDEX = re.compile(r"(\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s)(?:\s*CONCURRENTLY\s)?", re.IGNORECASE)
#: Trials of one database go one after another: each takes locks that the other's DML waits for.
ONE_AT_A_TIME = 5_106_301


@dataclass(frozen=True)
class Runs:
    """Of one set of queries: costs, times in ms and pages by query, the best of the rounds. `timeouts` are the queries
    without an end: their time is the limit, and their pages are missing."""

    costs: dict[str, float]
    times: dict[str, float] = field(default_factory=dict)
    pages: dict[str, float] = field(default_factory=dict)
    timeouts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Trial:
    """`sizes` in bytes by statement; `refused` says why a statement failed; `runs` by the name of the set of queries."""

    sizes: dict[str, int]
    refused: dict[str, str]
    build_seconds: float
    runs: dict[str, Runs]

    @property
    def size(self) -> int:
        return sum(self.sizes.values())


def trial(
    dsn: str, queries: Mapping[str, Sequence[Query]], ddl: Sequence[str], *, rounds: int = ROUNDS, run: bool = True
) -> Trial:
    """Build `ddl`, run each set of queries (planned only where not `run`), undo all."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        try:
            with connection.transaction(force_rollback=True):
                begun = time.perf_counter()
                sizes, refused = _build(connection, ddl)
                seconds = time.perf_counter() - begun
                runs = {name: _runs(connection, some, rounds if run else 0) for name, some in queries.items()}
                return Trial(sizes, refused, seconds, runs)
        finally:
            # Undone DML leaves dead rows and pages that are no longer all-visible.
            if run and any(query.writes for some in queries.values() for query in some):
                connection.execute("VACUUM")


def _build(connection: psycopg.Connection[Any], ddl: Sequence[str]) -> tuple[dict[str, int], dict[str, str]]:
    sizes: dict[str, int] = {}
    refused: dict[str, str] = {}
    known = _indexes_size(connection)
    for statement in ddl:
        if not CREATE_INDEX.match(statement):
            refused[statement] = "it is not CREATE INDEX"
            continue
        try:
            # A second transaction block is a savepoint: one statement that fails does not take the others along.
            with connection.transaction():
                # No index can be built CONCURRENTLY in a transaction, and nobody waits for this one. Prepared: what
                # the server prepares is one statement, so nothing behind it ends the transaction.
                connection.execute(CREATE_INDEX.sub(r"\1", statement), prepare=True)  # type: ignore[arg-type]
        except psycopg.Error as error:
            refused[statement] = error.diag.message_primary or str(error)
            continue
        now = _indexes_size(connection)
        sizes[statement], known = now - known, now
    # An index on an expression has statistics of its own, which autovacuum would gather soon.
    for (table,) in connection.execute(EXPRESSIONS).fetchall():
        connection.execute(f"ANALYZE {table}")  # type: ignore[arg-type]
    return sizes, refused


def _runs(connection: psycopg.Connection[Any], queries: Sequence[Query], rounds: int) -> Runs:
    found = Runs(costs(connection, queries))
    connection.execute(f"SET LOCAL statement_timeout = '{PATIENCE}s'")  # type: ignore[arg-type]
    for query in queries if rounds else ():
        best = _best(connection, query, rounds)
        if best is None:
            found.timeouts.append(query.name)
            found.times[query.name] = PATIENCE * 1000.0
        else:
            found.times[query.name], found.pages[query.name] = best
    connection.execute("SET LOCAL statement_timeout = 0")
    return found


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
