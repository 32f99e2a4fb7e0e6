"""What writes count: those that are the table's habit, not a load in one go."""

from __future__ import annotations

import time

import psycopg
import pytest
from psycopg.rows import dict_row

from opsadmin.advisor import facts
from opsadmin.advisor.facts import Table, tables_of
from opsadmin.advisor.upkeep import written_rows
from tests.opsadmin.advisor.conftest import drop_database, made_database


def table_of(dsn: str) -> Table:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        oid = connection.execute("SELECT 'loaded'::regclass::oid AS oid").fetchone()["oid"]
        return tables_of(lambda text, values: connection.execute(text, values).fetchall(), [oid])[oid]


def test_a_load_is_no_habit(superuser_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dsn = made_database(superuser_dsn, "upkeep_loaded")
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("CREATE TABLE loaded (id int)")
            connection.execute("INSERT INTO loaded SELECT generate_series(1, 50000)")
        never = table_of(dsn)
        assert never.inserts_a_second is None
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("VACUUM loaded")
        assert table_of(dsn).inserts_a_second is None, "that was only a moment ago"
        monkeypatch.setattr(facts, "SETTLED", 0.0)
        until = time.monotonic() + 20
        while (settled := table_of(dsn)).inserts_a_second != 0 and time.monotonic() < until:
            time.sleep(0.05)  # counters reach others late on PostgreSQL 14
        assert settled.inserts_a_second == 0
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("INSERT INTO loaded SELECT generate_series(1, 5)")
        while not (since := table_of(dsn)).inserts_a_second and time.monotonic() < until:
            time.sleep(0.05)
        assert 0 < written_rows(since, 60) < written_rows(never, 60)
        assert written_rows(settled, 60) == 0
    finally:
        drop_database(superuser_dsn, "upkeep_loaded")


def test_updates_count_whatever_was_loaded() -> None:
    one = Table(
        oid=1, schema="public", name="t", identity="public.t", kind="r", rows=100, pages=1, block=8192,
        inserts=1000, updates=300, hot=100, since_seconds=100.0, inserts_a_second=1.0,
    )  # fmt: skip
    assert written_rows(one, 10) == 30
