"""Wherever a database starts, it ends in the same schema with every row as it was."""

from __future__ import annotations

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

from tests.schema.conftest import adopt_at, kept, look_at, rows, run, shape
from tests.schema.starting_points import DRIFT, SAFE, UNSAFE


@pytest.mark.parametrize("name", SAFE)
def test_every_safe_start_ends_alike_and_stays(name, empty_database, reference):
    run(empty_database, SAFE[name])
    before = rows(empty_database)
    report = adopt_at(empty_database)
    assert report.applied
    assert report.undecided == ()
    after = rows(empty_database)
    assert kept(before, after)
    found = shape(empty_database)
    found["json_store"]["indexes"].pop("json_store_kind_again", None)  # the one start with an index of its own
    assert found == reference
    assert adopt_at(empty_database).applied == ()
    assert rows(empty_database) == after


@pytest.mark.parametrize(
    "name", ["empty", "dashboard", "old dashboard", "only json_store", "json instead of jsonb", "another of ours"]
)
def test_plain_migrate_adopts(name, alias, command):
    run(alias, SAFE[name])
    before = rows(alias)
    call_command("migrate", database="store", verbosity=0)
    assert kept(before, rows(alias))
    assert command("--check")[0] == 0


@pytest.mark.parametrize("name", DRIFT)
def test_apply_mends_drift_after_migrate(name, alias, command):
    call_command("migrate", database="store", verbosity=0)
    run(alias, 'UPDATE json_store SET data = \'{"mode": "summer"}\'')
    reference = shape(alias)
    before = rows(alias)
    run(alias, DRIFT[name])
    connections["store"].close()
    code, text = command("--check")
    assert code == 3, text
    code, text = command("--apply", "--yes")
    assert code == 0, text
    assert command("--check")[0] == 0
    assert shape(alias) == reference
    if name in ("an index dropped", "a function changed", "migrations not recorded", "triggers disabled"):
        assert rows(alias) == before


@pytest.mark.parametrize("name", UNSAFE)
def test_what_could_lose_something_is_left_to_a_person(name, empty_database):
    script, what, kind, words = UNSAFE[name]
    run(empty_database, script)
    before = rows(empty_database)
    report = adopt_at(empty_database)
    left = {(item.object, item.kind): item for item in report.undecided}
    assert (what, kind) in left
    assert words in left[what, kind].why
    assert left[what, kind].sql is None
    assert kept(before, rows(empty_database))
    assert adopt_at(empty_database).applied == ()


def test_a_store_that_is_not_jsonb_gets_no_trigger(empty_database):
    run(empty_database, UNSAFE["one key twice in a json object"][0])
    adopt_at(empty_database)
    assert look_at(empty_database).tables["json_store"].triggers == ()
    run(empty_database, "UPDATE json_store SET data = '{}'")


def test_rows_added_by_adoption_invent_no_values(empty_database):
    run(empty_database, SAFE["history lacks columns, defaults, indexes"])
    adopt_at(empty_database)
    old = rows(empty_database)["state_history"][0]
    assert [old[name] for name in ("timestamp", "api_requests_today", "timezone", "metadata")] == [None] * 4


def test_numbering_goes_on_behind_the_highest(empty_database):
    run(empty_database, SAFE["history numbered by nobody"])
    adopt_at(empty_database)
    run(empty_database, "INSERT INTO state_history DEFAULT VALUES")
    assert max(row["id"] for row in rows(empty_database)["state_history"]) == 42


def test_first_revisions_are_the_adopted_values(empty_database):
    run(empty_database, SAFE["dashboard"])
    adopt_at(empty_database)
    found = rows(empty_database)
    assert {r["kind"]: (r["data"], r["reason"]) for r in found["json_store_revision"]} == {
        r["kind"]: (r["data"], "adopted") for r in found["json_store"]
    }


@pytest.mark.parametrize("schema", ['odd "name" $function$', "with.dot", "Käse", "select"])
def test_odd_schema_names(schema, empty_database):
    quoted = '"' + schema.replace('"', '""') + '"'
    run(empty_database, f"CREATE SCHEMA {quoted}; SET search_path = {quoted}; {SAFE['old dashboard']}")
    assert adopt_at(empty_database, schema).undecided == ()
    run(empty_database, f"UPDATE {quoted}.json_store SET data = '{{}}'")
    again = adopt_at(empty_database, schema)
    assert (again.applied, again.undecided) == ((), ())


def test_an_index_whose_build_broke_off_is_built_anew(empty_database, reference):
    adopt_at(empty_database)
    run(empty_database, "DROP INDEX idx_json_store_updated_at")
    with psycopg.connect(empty_database) as writer:
        writer.execute("UPDATE json_store SET data = data")  # the build waits for this transaction
        with psycopg.connect(empty_database, autocommit=True) as builder:
            builder.execute("SET statement_timeout = '200ms'")
            with pytest.raises(psycopg.errors.QueryCanceled):
                builder.execute("CREATE INDEX CONCURRENTLY idx_json_store_updated_at ON json_store (updated_at)")
    report = adopt_at(empty_database)
    assert [(item.object, item.found) for item in report.applied] == [("idx_json_store_updated_at", "invalid")]
    assert shape(empty_database) == reference
