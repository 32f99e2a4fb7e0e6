"""How much of an index is empty, measured."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from opsadmin.api import OperationError, OperationFailed, call
from opsadmin.core.finding import Status
from tests.opsadmin.pages.counted import point_at
from tests.opsadmin.pages.indexed import indexed_database

pytestmark = pytest.mark.django_db(databases=["default", "store"])
EMPTY = 'odd "schema".half empty'


@pytest.fixture(scope="module")
def indexed(superuser_dsn):
    with indexed_database(superuser_dsn) as dsn:
        yield dsn


@pytest.fixture
def pointed(indexed, monkeypatch):
    point_at(monkeypatch, indexed)
    with psycopg.connect(indexed, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pgstattuple")
        yield connection


def test_an_empty_one_and_a_full_one(pointed):
    empty = call("measure_index", index='"odd ""schema"""."half empty"')
    assert empty.empty_percent > 80
    assert 0 < empty.freed_bytes < empty.size_bytes
    note, figures, code = empty.blocks()
    assert note.status is Status.WARNING
    assert code.text == 'REINDEX INDEX CONCURRENTLY "odd ""schema"""."half empty";'
    pointed.execute('REINDEX INDEX "odd ""schema"""."half empty"')
    full = call("measure_index", index=EMPTY)
    assert full.empty_percent < 20
    assert full.size_bytes < empty.size_bytes / 4
    assert full.blocks()[0].status is Status.OK


def test_an_index_of_an_empty_table(pointed):
    pointed.execute("CREATE TABLE nothing (id int CONSTRAINT nothing_key PRIMARY KEY)")
    found = call("measure_index", index="nothing_key")
    assert (found.empty_percent, found.fragmented_percent) == (0, None)
    assert found.blocks()
    pointed.execute("DROP TABLE nothing")


@pytest.mark.parametrize(
    ("index", "words"),
    [("orders_tags_gin", "it is gin"), ("parts_key_idx", "measure those"), ("nowhere", "no index")],
)
def test_what_cannot_be_measured(pointed, index, words):
    with pytest.raises(OperationError, match=words):
        call("measure_index", index=index)


def test_without_the_extension_or_the_role_it_says_what_lets_it(pointed, indexed, monkeypatch):
    pointed.execute("DROP EXTENSION pgstattuple")
    with pytest.raises(OperationFailed, match="pgstattuple is not installed") as failure:
        call("measure_index", index="orders_note_idx")
    assert "CREATE EXTENSION pgstattuple;" in failure.value.hint
    pointed.execute("CREATE EXTENSION pgstattuple")
    point_at(monkeypatch, make_conninfo(indexed, user="indexes_bare"))
    with pytest.raises(OperationFailed, match="pg_stat_scan_tables") as failure:
        call("measure_index", index="orders_note_idx")
    assert 'GRANT pg_stat_scan_tables TO "indexes_bare";' in failure.value.hint


def test_one_at_a_time_and_never_behind_a_lock(pointed, indexed):
    with psycopg.connect(indexed) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('opsadmin.measure_index', 0))")
        with pytest.raises(OperationFailed, match="one at a time"):
            call("measure_index", index="orders_note_idx")
        other.rollback()
        other.execute("REINDEX INDEX orders_note_idx")
        with pytest.raises(OperationFailed, match="nobody else can read it"):
            call("measure_index", index="orders_note_idx")
