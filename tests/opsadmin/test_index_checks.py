"""What the checks of indexes go by that a bed of plants cannot show: the age of the counters, who may read, who locks."""

import threading
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from django.db import connections
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from opsadmin.core.finding import Status
from opsadmin.health.catalog import checks
from opsadmin.health.limits import Limits, limits
from opsadmin.health.run import examine
from opsadmin.models import Mark
from opsadmin.postgres.capabilities import QUESTION
from opsadmin.workload.marks import note_mark
from tests.fixtures.postgres import flush_statistics

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


def look(*names, **thresholds):
    wanted = [one for one in checks() if one.id in names]
    assert len(wanted) == len(names)
    return examine("store", wanted, Limits({name.replace("__", "."): value for name, value in thresholds.items()}))


@pytest.fixture
def shelf(store_db, superuser_dsn):
    """A superuser's connection, and a schema that is dropped again."""
    here = make_conninfo(superuser_dsn, dbname=conninfo_to_dict(store_db)["dbname"])
    with psycopg.connect(here, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA shelf")
        connection.execute("SET search_path = shelf")
        yield connection
        connection.execute("DROP SCHEMA shelf CASCADE")


def books(shelf, reads):
    shelf.execute("CREATE TABLE books (id int PRIMARY KEY, year int)")
    shelf.execute("INSERT INTO books SELECT g, g FROM generate_series(1, 4000) AS g")
    shelf.execute("CREATE INDEX books_year ON books (year)")
    for _ in range(reads):
        shelf.execute("SELECT FROM books WHERE id = 7")
    flush_statistics(shelf)


def unused(**thresholds):
    return {one.object for one in look("index.unused", **thresholds).results["index.unused"].findings}


def test_counters_that_were_just_reset_prove_nothing(shelf):
    shelf.execute("SELECT pg_stat_reset()")
    books(shelf, reads=50)
    found = look("index.unused").results["index.unused"]
    assert "shelf.books_year" not in {one.object for one in found.findings}
    assert "0 whole days" in found.examined


def test_old_counters_prove_it(shelf):
    shelf.execute("SELECT pg_stat_reset()")
    books(shelf, reads=0)
    assert "shelf.books_year" in unused(index__unused__min_age_seconds=0)


def test_a_standby_is_named_as_a_reason_to_look_twice(shelf):
    books(shelf, reads=0)
    shelf.execute("SELECT pg_create_physical_replication_slot('shelf')")
    try:
        results = look("index.unused", index__unused__min_age_seconds=0).results["index.unused"]
        (finding,) = [one for one in results.findings if one.object == "shelf.books_year"]
        assert "standby" in finding.hint
    finally:
        shelf.execute("SELECT pg_drop_replication_slot('shelf')")


def test_who_reads_no_table_is_told_that_statistics_are_missing(shelf):
    shelf.execute("CREATE TABLE read_by_some (id int)")
    shelf.execute("CREATE ROLE blind")
    try:
        with shelf.transaction():
            shelf.execute("SET LOCAL ROLE blind")
            row = shelf.cursor(row_factory=dict_row).execute(QUESTION).fetchone()
        assert row["reads_tables"] is False
    finally:
        shelf.execute("DROP ROLE blind")
    capabilities = look("index.mostly_null").capabilities
    assert capabilities.lacks("statistics") is None
    lack = replace(capabilities, reads_tables=False).lacks("statistics")
    assert lack.fix.startswith("GRANT pg_read_all_data TO")


def test_every_table_may_be_locked(shelf):
    shelf.execute("CREATE TABLE a (id int PRIMARY KEY, n int); CREATE INDEX a_1 ON a (n); CREATE INDEX a_2 ON a (n)")
    shelf.execute("CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)")
    ids = [one.id for one in checks() if one.id.startswith("index.")]
    with psycopg.connect(shelf.info.dsn) as locker:
        locker.execute("LOCK TABLE shelf.a, shelf.b IN ACCESS EXCLUSIVE MODE")
        seen = []

        def ask():
            seen.append(look(*ids))
            connections.close_all()

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(20)
        assert seen, "it waits for the lock"
    results = seen[0].results
    assert "shelf.a_2" in {one.object for one in results["index.duplicate"].findings}
    assert "shelf.b.b_a_fkey" in {one.object for one in results["index.foreign_key"].findings}
    assert all(one.status is not Status.UNKNOWN for one in results.values())


def test_nulls_that_are_not_distinct_guard_more(shelf):
    if shelf.info.server_version < 150000:
        pytest.skip("from PostgreSQL 15 on")
    shelf.execute("CREATE TABLE c (id int PRIMARY KEY, n int)")
    shelf.execute("CREATE UNIQUE INDEX c_1 ON c (n)")
    shelf.execute("CREATE UNIQUE INDEX c_2 ON c (n) NULLS NOT DISTINCT")
    found = look("index.duplicate").results["index.duplicate"].findings
    # The stricter one may not go; the other one may, if it is not the older.
    assert "shelf.c_2" not in {one.object for one in found}


def test_a_key_that_is_referred_to_has_no_fix_that_would_fail(shelf):
    shelf.execute("CREATE TABLE d (id int PRIMARY KEY, n int)")
    shelf.execute("CREATE UNIQUE INDEX d_1 ON d (n)")
    shelf.execute("CREATE TABLE e (id int PRIMARY KEY, n int REFERENCES d (n))")
    shelf.execute("CREATE INDEX ON e (n)")
    shelf.execute("ALTER TABLE d ADD UNIQUE (n)")
    found = look("index.duplicate").results["index.duplicate"].findings
    # The constraint is kept; what the foreign key refers to has to be told of it first.
    (finding,) = [one for one in found if one.object.startswith("shelf.d")]
    assert finding.object == "shelf.d_1"
    assert finding.fix_sql == ""
    assert "A foreign key refers to shelf.d_1" in finding.hint


def test_an_index_of_many_bytes_is_judged_without_statistics_by_its_type(shelf):
    shelf.execute("CREATE TABLE f (id int PRIMARY KEY)")
    shelf.execute("INSERT INTO f SELECT generate_series(1, 30000)")
    shelf.execute("DELETE FROM f WHERE id % 20 <> 0")
    shelf.execute("VACUUM f")
    found = look("index.bloat").results["index.bloat"].findings
    assert "shelf.f_pkey" in {one.object for one in found}


BLIND = {
    "index.brin_uncorrelated": "CREATE INDEX ON dark USING brin (n)",
    "index.few_values": "CREATE INDEX ON dark (side)",
    "index.mostly_null": "CREATE INDEX ON dark (gone)",
    "index.bloat": "CREATE INDEX ON dark (t)",
}


@pytest.mark.parametrize("check", BLIND)
def test_who_may_not_read_the_statistics_is_not_told_that_all_is_well(shelf, check):
    shelf.execute("CREATE TABLE dark (n int, side int, gone int, t text)")
    shelf.execute(
        "INSERT INTO dark SELECT hashint4(g), g % 2, CASE WHEN g % 20 = 0 THEN g END, md5(g::text)"
        " FROM generate_series(1, 12000) AS g"
    )
    shelf.execute(BLIND[check])
    if check == "index.bloat":
        shelf.execute("DELETE FROM dark WHERE n % 20 <> 0")
    shelf.execute("VACUUM ANALYZE dark")
    examined = look(check)
    assert not [one for one in examined.results[check].findings if "shelf.dark" in one.object]
    told = [
        one for one in examined.not_looked_at if one.reason.startswith("The role store may not read the tables of 1")
    ]
    assert told, examined.not_looked_at
    if examined.results[check].unavailable is not None:
        assert examined.results[check].unavailable.fix == "GRANT pg_read_all_data TO store;"

    shelf.execute("GRANT USAGE ON SCHEMA shelf TO store; GRANT SELECT ON dark TO store")
    examined = look(check)
    assert [one.object for one in examined.results[check].findings if "shelf.dark" in one.object]
    assert examined.not_looked_at == []


def test_who_may_read_no_statistics_at_all_has_no_answer(shelf):
    shelf.execute("CREATE TABLE dark (n int)")
    shelf.execute("INSERT INTO dark SELECT hashint4(g) FROM generate_series(1, 12000) AS g")
    shelf.execute("CREATE INDEX ON dark USING brin (n)")
    shelf.execute("VACUUM ANALYZE dark")
    result = look("index.brin_uncorrelated").results["index.brin_uncorrelated"]
    assert result.status is Status.UNKNOWN
    assert "of 1 of the 1 BRIN indexes" in result.unavailable.reason


@pytest.mark.django_db
def test_an_index_made_from_here_lately_is_not_called_unused():
    note_mark("store", Mark.Kind.INDEX_CREATED, "public.new_idx (public.orders)")
    note_mark("store", Mark.Kind.INDEX_CREATED, "public.old_idx (public.orders)", at=timezone.now() - timedelta(days=8))
    known = limits()
    assert known.ignores("index.unused", "public.new_idx")
    assert not known.ignores("index.unused", "public.old_idx")
    assert not known.ignores("index.invalid", "public.new_idx")
