"""A table of many shapes, to set what the advisor reckons against real indexes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from opsadmin.advisor.facts import Table, tables_of

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def measured_dsn(superuser_dsn: str) -> Iterator[str]:
    """The address, as superuser, of a database with the tables of measured.sql."""
    name = f"measured_{os.getpid()}"
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    dsn = make_conninfo(superuser_dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = on")  # else VACUUM cannot tell yet that the rows are committed
        connection.execute((HERE / "measured.sql").read_text(encoding="utf-8"))
        connection.execute("VACUUM measured, papers")  # index-only scans look at the visibility map
    yield dsn
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Measured:
    """The session, the facts of its tables, and real figures to compare with."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self.connection = connection

    def ask(self, sql: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        return self.connection.execute(sql, values).fetchall()

    def table(self, name: str) -> Table:
        oid = self.ask("SELECT %(name)s::regclass::oid::bigint AS oid", {"name": name})[0]["oid"]
        return tables_of(self.ask, [oid])[oid]

    def plan(self, sql: str) -> dict[str, Any]:
        return self.ask(f"EXPLAIN (FORMAT JSON, VERBOSE) {sql}")[0]["QUERY PLAN"][0]["Plan"]


@pytest.fixture
def measured(measured_dsn: str) -> Iterator[Measured]:
    with psycopg.connect(measured_dsn, autocommit=True, row_factory=dict_row) as connection:
        yield Measured(connection)
