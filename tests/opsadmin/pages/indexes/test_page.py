"""The page "Indexes": its lists, what helps, and one index."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import psycopg
import pytest
from django.db import connections
from psycopg.conninfo import make_conninfo

from opsadmin.models import CheckThreshold, FollowedIndex, IgnoredFinding, OperationRun, SeenAnswer
from opsadmin.pages import patient
from opsadmin.pages.actions import action_for
from opsadmin.pages.indexes_look import look
from opsadmin.pages.indexes_words import forbidding
from opsadmin.postgres import session as sessions
from opsadmin.postgres.capabilities import capabilities_of
from tests.opsadmin.faces.people import person
from tests.opsadmin.pages.counted import point_at
from tests.opsadmin.pages.indexed import BARE, indexed_database

# A question is asked in a thread of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)
PAGE = "/admin/ops/indexes/"
HALF_EMPTY = '"odd ""schema"""."half empty"'


@pytest.fixture(scope="module")
def indexed(superuser_dsn):
    with indexed_database(superuser_dsn) as dsn:
        yield dsn


@pytest.fixture
def shop(indexed, monkeypatch):
    point_at(monkeypatch, indexed)
    CheckThreshold.objects.create(name="index.unused.min_reads", value=0)
    CheckThreshold.objects.create(name="index.unused.min_age_seconds", value=0)
    with psycopg.connect(indexed, autocommit=True) as connection:
        yield connection


def look_at(client, status=200, **query):
    """As the person sees it who waits until PostgreSQL answered."""
    for _ in range(3):
        answer = client.get(PAGE, query if "index" in query else {"again": 1, **query})
        assert patient.join()
        if "is still being asked" not in answer.text:
            break
    assert answer.status_code == status
    return unescape(answer.text)


def rows(text):
    """The cells of the table as text, without what is only for readers of screens."""
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    return body.split("<tr>")[1:]


def test_unused_ones_can_go_and_idle_ones_say_why_not(shop, reader):
    unused = look_at(reader)
    listed = "".join(rows(unused))
    assert "public.orders_tags_gin" in listed
    assert "times in other ways" in listed
    assert "orders_number_once" not in listed
    assert 'formaction="/admin/ops/run/drop_index/"' in listed
    idle = {row.partition("<code>")[2].partition("</code>")[0]: row for row in rows(look_at(reader, list="idle"))}
    assert "unique constraint orders_number_once" in idle["public.orders_number_once"]
    assert "its expression has statistics" in idle["public.orders_lower_idx"]
    assert "part of a partitioned index" in idle["public.parts_1_key_idx"]
    assert "drop_index" not in "".join(idle.values())


def test_the_index_that_alone_serves_a_foreign_key_has_to_stay(shop, reader):
    shop.execute("CREATE TABLE visits (customer_id int REFERENCES customers)")
    shop.execute("INSERT INTO visits SELECT 1 FROM generate_series(1, 5000)")
    shop.execute("CREATE INDEX visits_customer ON visits (customer_id)")
    shop.execute("VACUUM ANALYZE visits")
    try:
        (row,) = [row for row in rows(look_at(reader, list="idle")) if "visits_customer" in row]
        assert "serves a foreign key alone" in row
        one = look_at(reader, index="public.visits_customer")
        assert "Keep it:" in one
        assert "It alone serves a foreign key" in one
    finally:
        shop.execute("DROP TABLE visits")


def test_duplicates_are_told_once_each(shop, reader):
    text = look_at(reader, list="duplicate")
    found = rows(text)
    assert len(found) == 2
    assert sum('orders_note_idx ""again"' in row.partition("</a>")[0] for row in found) == 1
    assert "does the same work as public.orders_note_idx" in "".join(found)
    assert "is the beginning of public.orders_note_number_idx" in "".join(found)
    assert "Duplicate <strong>2</strong>" in text


def test_an_invalid_one_is_rebuilt_or_dropped(shop, reader):
    (row,) = rows(look_at(reader, list="invalid"))
    assert "a CREATE INDEX CONCURRENTLY failed" in row
    assert row.count('name="index" value="public.orders_note_once"') == 2
    answer = reader.post(
        "/admin/ops/run/drop_index/",
        {"_step": "preview", "database": "store", "index": "public.orders_note_once"},
    )
    assert "DROP INDEX CONCURRENTLY public.orders_note_once;" in unescape(answer.text)


def test_a_bloated_one_is_measured_on_request(shop, reader):
    found = rows(look_at(reader, list="bloated"))
    (row,) = [row for row in found if "half empty" in row]
    assert "% empty" in row
    shop.execute("CREATE EXTENSION IF NOT EXISTS pgstattuple")
    answer = reader.post(
        "/admin/ops/run/measure_index/", {"_step": "preview", "database": "store", "index": HALF_EMPTY}
    )
    assert "rebuilding it frees about" in answer.text


def test_all_of_them_filtered_sorted_and_paged(shop, reader, monkeypatch):
    everything = look_at(reader, list="all")
    assert "1–14 of 14" in everything
    assert "<b>évil</b> & co" in everything  # unescaped here
    by_name = [
        row.partition("<code>")[2].partition("</code>")[0] for row in rows(look_at(reader, list="all", sort="name"))
    ]
    assert by_name == sorted(by_name)
    for text, count in (("CUSTOMER_ID", 1), ("public.customers", 1), ("%", 0), ("col umn", 1), ("'; --", 0)):
        assert len(rows(look_at(reader, list="all", text=text))) == count, text
    monkeypatch.setattr("opsadmin.pages.indexes_read.PAGE", 5)
    monkeypatch.setattr("opsadmin.pages.indexes_view.PAGE", 5)
    last = look_at(reader, list="all", page=3, sort="name")
    assert "11–14 of 14" in last
    assert "page=2" in last
    assert "There are not that many" in look_at(reader, list="all", page=9)
    assert look_at(reader, list="nothing", sort="x", page="-3", database="default")


def test_one_index_with_all_that_is_said_of_it(shop, reader):
    look_at(reader)
    one = look_at(reader, index='public."orders_note_idx ""again"')
    assert "CREATE INDEX" in one
    assert "does the same work as public.orders_note_idx" in one
    assert "No constraint and no foreign key needs it." in one
    for operation in ("drop_index", "reindex_index", "measure_index", "follow_index"):
        assert f'formaction="/admin/ops/run/{operation}/"' in one
    key = look_at(reader, index="public.orders_pkey")
    assert "It is the primary key." in key
    assert "/admin/ops/run/drop_index/" not in key
    odd = look_at(reader, index='"odd ""schema"""."<b>évil</b> & co"')
    assert '"col umn"' in odd
    for missing in ("public.nowhere", "nowhere", 'half"', "a.b.c", "\0"):
        assert "There is no index" in look_at(reader, 404, index=missing)


def test_the_definition_is_left_out_while_somebody_holds_the_table(shop, indexed, reader):
    with psycopg.connect(indexed) as other:
        other.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        for name in ("unused", "duplicate", "all"):
            assert "orders_note_idx" in look_at(reader, list=name)
        one = look_at(reader, index="public.orders_note_idx")
    assert "the definition is left out" in one
    assert "200 kB" in one


def test_a_viewer_is_offered_nothing_that_changes(shop, client):
    client.force_login(person("viewer", "opsadmin.view_database"))
    for query in ({}, {"list": "invalid"}, {"list": "bloated"}, {"index": "public.orders_note_idx"}):
        text = look_at(client, **query)
        assert "/admin/ops/run/drop_index/" not in text
        assert "/admin/ops/run/reindex_index/" not in text
        assert "create_index" not in text
    client.force_login(person("stranger"))
    assert client.get(PAGE).status_code == 403


def test_a_role_that_may_read_nothing_is_told_what_it_misses(shop, indexed, reader, monkeypatch):
    point_at(monkeypatch, make_conninfo(indexed, user=BARE))
    text = look_at(reader, list="bloated")
    assert f"The role {BARE} may not read" in text
    assert f"GRANT pg_read_all_data TO {BARE};" in text


def test_ignored_ones_are_left_out_and_counted(shop, reader):
    IgnoredFinding.objects.create(check_id="index.redundant", object="public.orders_*", reason="known")
    text = look_at(reader, list="duplicate")
    assert len(rows(text)) == 1
    assert "is ignored" in text


def test_at_most_eight_statements(shop, reader, monkeypatch):
    counts = []
    original = sessions.Session.rows
    tuples = sessions.Session.tuples
    monkeypatch.setattr(sessions.Session, "rows", lambda *given: counts.append(1) or original(*given))
    monkeypatch.setattr(sessions.Session, "tuples", lambda *given: counts.append(1) or tuples(*given))
    for query in ({}, {"list": "all"}, {"index": "public.orders_note_idx"}):
        counts.clear()
        look_at(reader, **query)
        assert 0 < len(counts) + 1 <= 8, query  # and BEGIN


def test_runs_that_go_on_and_followed_ones_are_there(shop, reader):
    run = OperationRun.objects.create(operation="reindex_index", effect="writes", caller="reader", door="page")
    FollowedIndex.objects.create(database="store", schema="public", name="orders_note_idx")
    text = look_at(reader)
    assert f"/admin/ops/progress/?run={run.pk}" in text
    assert "Followed <strong>1</strong>" in text
    one = look_at(reader, index="public.orders_note_idx")
    assert re.search(r'name="stop" value="true"[^>]*>Follow no longer', one)
    assert "Follow no longer" not in look_at(reader, index="public.orders_note_once")
    ideas = unescape(reader.get("/admin/ops/ideas/").text)
    assert "Duplicate <strong>2</strong>" in ideas


def test_without_anything(shop, reader, superuser_dsn, monkeypatch):
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE indexes_none")
    try:
        point_at(monkeypatch, make_conninfo(superuser_dsn, dbname="indexes_none"))
        assert "No index is known to be unused." in look_at(reader)
        assert "There is no index." in look_at(reader, list="all")
        connections["store"].close()
    finally:
        with psycopg.connect(superuser_dsn, autocommit=True) as connection:
            connection.execute("DROP DATABASE indexes_none WITH (FORCE)")


def test_what_was_seen_last_is_shown_while_postgresql_is_away(shop, indexed, reader, monkeypatch):
    for name in ("unused", "all"):
        look_at(reader, list=name)
    SeenAnswer.objects.update(taken_at="2026-01-01T00:00Z")
    point_at(monkeypatch, make_conninfo(indexed, host="/nowhere"))
    for name in ("unused", "idle", "duplicate", "invalid", "bloated", "all"):
        text = look_at(reader, list=name)
        assert "What is below was seen last" in text, name
        assert rows(text), name
    assert len(rows(look_at(reader, list="all", text="customer"))) == 2
    one = look_at(reader, index="public.orders_note_idx")
    assert "200 kB" in one
    assert "is the beginning of" in one
    assert "PostgreSQL does not answer" in look_at(reader, index="public.never_seen")
    SeenAnswer.objects.all().delete()
    assert "there is nothing to show" in look_at(reader)


def test_a_standby_does_not_know_what_its_primary_reads(shop, monkeypatch):
    on_standby = lambda session: replace(capabilities_of(session), in_recovery=True)  # noqa: E731
    monkeypatch.setattr("opsadmin.pages.indexes_look.capabilities_of", on_standby)
    looked = look("store")
    assert looked.counts["counts"]["unused"] is None
    assert "standby" in looked.lists["unused"]["lacks"][0]["reason"]
    assert looked.counts["counts"]["idle"] == 0


def test_a_finding_leads_to_its_index():
    finding = {"check": "index.unused", "object": "public.orders_note_idx", "area": "index"}
    assert action_for(finding, "store").url == f"{PAGE}?index=public.orders_note_idx"
    assert action_for({**finding, "object": "3 indexes"}, "store") is None


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"is_primary": True}, "primary key"),
        ({"constraint_name": "no_overlap", "is_exclusion": True}, "exclusion constraint no_overlap"),
        ({"is_unique": True, "is_valid": True}, "keeps values unique"),
        ({"is_unique": True, "is_valid": False}, ""),
        ({"is_replica_identity": True}, "replica identity"),
        ({"because": "clustered"}, "the table was clustered by it"),
        ({}, ""),
    ],
)
def test_what_speaks_against_dropping(row, words):
    assert forbidding(row) == words
