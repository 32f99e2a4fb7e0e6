"""Sizes and counts beside the findings."""

import time

import psycopg
import pytest

from opsadmin.pages.facts import facts_of

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)
PLANT = """
DROP TABLE IF EXISTS measured, "odd ""name", waits, fresh;
CREATE TABLE measured (at int, note text) PARTITION BY RANGE (at);
CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM (0) TO (5000) PARTITION BY RANGE (at);
CREATE TABLE measured_1a PARTITION OF measured_1 FOR VALUES FROM (0) TO (5000);
CREATE TABLE measured_2 PARTITION OF measured FOR VALUES FROM (5000) TO (10000);
CREATE INDEX ON measured (at);
INSERT INTO measured SELECT n, repeat('x', 300) FROM generate_series(0, 9999) AS n;
CREATE TABLE "odd ""name" AS SELECT n FROM generate_series(1, 10000) AS n;
CREATE TABLE waits AS SELECT n FROM generate_series(1, 1000) AS n;
ANALYZE;
CREATE TABLE fresh WITH (autovacuum_enabled = off) AS SELECT n FROM generate_series(1, 20000) AS n;
"""


@pytest.fixture
def planted(store_db):
    with psycopg.connect(store_db, autocommit=True) as connection:
        connection.execute(PLANT)
        yield store_db
        connection.execute('DROP TABLE measured, "odd ""name", waits, fresh')


def test_the_largest_tables_behind_a_locked_one(planted):
    with psycopg.connect(planted) as holder:
        holder.execute("LOCK TABLE waits, measured IN ACCESS EXCLUSIVE MODE")
        begun = time.monotonic()
        facts = facts_of("store")
        assert time.monotonic() - begun < 2
    first, fresh, second, *_ = facts["tables"]
    assert (first["schema"], first["name"], first["estimated_rows"]) == ("public", "measured", 10_000)
    # No VACUUM has counted it: it is measured, as on the page Tables.
    assert fresh["name"] == "fresh"
    assert fresh["bytes"] > 500_000
    assert second["name"] == 'odd "name'
    assert "waits" in [table["name"] for table in facts["tables"]]
    with psycopg.connect(planted) as connection:
        (size,) = connection.execute(
            "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('measured') WHERE isleaf"
        ).fetchone()
    assert 0.9 * int(size) < first["bytes"] <= int(size)
    assert facts["connections"] >= 1
    assert facts["size_bytes"] > first["bytes"]


def test_nothing_where_nobody_answers(planted, settings, monkeypatch):
    from django.db import connections

    from stores.engine import breaker

    connections["store"].close()
    monkeypatch.setitem(connections["store"].settings_dict, "HOST", "/nonexistent")
    assert facts_of("store") == {}
    breaker.forget()
