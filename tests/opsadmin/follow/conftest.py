"""A database whose statements are counted, with a table that needs an index."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.opsadmin.workload.conftest import pg_stat_statements, workload, workload_dsn  # noqa: F401

ROWS = 20_000


@pytest.fixture
def shop(db: None, workload: psycopg.Connection) -> Iterator[psycopg.Connection]:  # noqa: F811
    """A session of the superuser in that database; the table `sale` has no index."""
    workload.execute(
        f"""CREATE TABLE sale AS SELECT n AS id, n % 500 AS customer, repeat('x', 50) AS note
        FROM generate_series(1, {ROWS}) AS n"""
    )
    workload.execute("CREATE SCHEMA other")
    workload.execute("ANALYZE sale")
    yield workload
    workload.execute("DROP SCHEMA other CASCADE")
    workload.execute("DROP TABLE IF EXISTS sale CASCADE")
