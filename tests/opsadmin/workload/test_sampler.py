"""Samples of a real PostgreSQL: what is counted once, whatever happens between two looks."""

from __future__ import annotations

import psycopg
import pytest

from opsadmin.models import Sample, SampledStatement
from opsadmin.workload.cells import cells_of
from opsadmin.workload.sampler import Outcome, sample
from opsadmin.workload.sums import StatementSums

pytestmark = pytest.mark.django_db(databases=["default", "store"])


def figures(level: str = "day") -> dict[str, float]:
    """The sums of all samples of that width, by name."""
    found: dict[str, float] = {}
    for row in Sample.objects.filter(kind="metrics", level=level):
        for name, cell in cells_of(row.data).items():
            found[name] = found.get(name, 0.0) + cell.sum
    return found


def statements(level: str = "day") -> dict[str, float]:
    """Calls of each statement by its text."""
    found: dict[str, float] = {}
    texts = dict(SampledStatement.objects.values_list("queryid", "text"))
    for row in Sample.objects.filter(kind="statements", level=level):
        for (queryid, _role), sums in StatementSums.of_data(row.data).by.items():
            found[texts[queryid]] = found.get(texts[queryid], 0.0) + sums.calls
    return found


def flush(session: psycopg.Connection) -> None:
    """What the session did is counted in pg_stat_database now; the question itself is marked as ours."""
    session.execute("SELECT pg_stat_force_next_flush() /* opsadmin */")


def test_counts_what_came_between_two_looks(workload: psycopg.Connection) -> None:
    workload.execute("SELECT count(*) FROM orders")
    first = sample("store")
    assert first.outcome is Outcome.FIRST
    for _ in range(7):
        workload.execute("SELECT count(*) FROM orders")
    workload.execute("UPDATE orders SET note = 'secret'")
    flush(workload)
    second = sample("store")
    assert second.outcome is Outcome.LOOKED, second
    assert second.calls == 8
    assert second.statements_sent <= 9  # with BEGIN, the settings, a savepoint and COMMIT
    for level in ("minutes", "hour", "day"):
        assert statements(level) == {"SELECT count(*) FROM orders": 7, "UPDATE orders SET note = $1": 1}
        assert figures(level)["up"] == 2
    found = figures()
    assert found["rows_written"] == 1000
    assert found["size_bytes"] > 2e6
    assert found["wal_bytes"] > 0
    assert found["p95_ms"] > 0
    assert found["connections_share"] > 0
    third = sample("store")
    assert third.calls == 0
    assert statements() == {"SELECT count(*) FROM orders": 7, "UPDATE orders SET note = $1": 1}
