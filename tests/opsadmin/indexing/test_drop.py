"""drop_index and reindex_index against a real PostgreSQL."""

from __future__ import annotations

import psycopg
import pytest

from opsadmin.api import NotConfirmed, OperationError, OperationFailed, drop_index, reindex_index
from opsadmin.core.operation import Caller
from opsadmin.indexing import leftover, patience
from opsadmin.models import OperationRun
from opsadmin.perform import perform, preview
from tests.opsadmin.indexing.conftest import indexes_of

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)
ME = Caller("anna", "python")


@pytest.fixture
def indexed(shop):
    """The table with indexes that are for something, and some that are not."""
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        for statement in (
            "ALTER TABLE orders ADD PRIMARY KEY (id)",
            "CREATE UNIQUE INDEX orders_email ON orders (email)",
            "CREATE INDEX orders_customer ON orders (customer)",
            "CREATE INDEX orders_customer_placed ON orders (customer, placed DESC) WHERE (id > 5)",
            "CREATE TABLE lines (id int, orders_id int REFERENCES orders)",
            "CREATE INDEX lines_orders ON lines (orders_id)",
        ):
            connection.execute(statement)
    return shop


def test_what_an_index_is_for_is_said_first(indexed):
    shown = preview("drop_index", {"index": "orders_customer"}, ME)
    said = " ".join(shown.sentences)
    assert "public.orders_customer on public.orders has" in said
    assert "was read 0 times" in said
    assert "It is: CREATE INDEX orders_customer ON public.orders USING btree (customer)" in said
    assert "made again by: CREATE INDEX CONCURRENTLY orders_customer" in said
    assert (shown.sql, shown.refusal) == ("DROP INDEX CONCURRENTLY public.orders_customer;", "")
    assert "orders_customer" in indexes_of(indexed.dsn)
    with pytest.raises(NotConfirmed):
        drop_index(index="orders_customer")
    dropped = drop_index(index="public.orders_customer", confirmed=True)
    assert dropped.undo == "CREATE INDEX CONCURRENTLY orders_customer ON public.orders USING btree (customer);"
    assert "orders_customer" not in indexes_of(indexed.dsn)
    run = OperationRun.objects.get()
    assert (run.outcome, run.result["undo"]) == ("done", dropped.undo)
    assert run.progress["detail"]["undo"] == dropped.undo


@pytest.mark.parametrize(
    ("index", "why"),
    [
        ("orders_pkey", "belongs to the constraint orders_pkey and goes only with that"),
        ("orders_email", "It keeps values unique. With force it is dropped all the same."),
        ("lines_orders", "It alone serves a foreign key"),
        ("orders_custome", "Names like it are public.orders_customer"),
        ("public.nothing", "There is no index 'public.nothing'"),
        ("pg_class_oid_index", "There is no index|PostgreSQL's own"),
        ("pg_catalog.pg_class_oid_index", "PostgreSQL's own"),
    ],
)
def test_what_must_not_go_stays(indexed, index, why):
    before = indexes_of(indexed.dsn)
    with pytest.raises(OperationError, match=why) as caught:
        drop_index(index=index, confirmed=True)
    try:
        said = preview("drop_index", {"index": index}, ME).refusal
    except OperationError as error:
        said = error.message
    assert said == caught.value.message
    assert indexes_of(indexed.dsn) == before


def test_with_force_one_that_guards_something_goes_too(indexed):
    shown = preview("drop_index", {"index": "orders_email", "force": True}, ME)
    assert "Mind what it is for: It keeps values unique." in shown.sentences
    assert drop_index(index="orders_email", force=True, confirmed=True).undo.startswith(
        "CREATE UNIQUE INDEX CONCURRENTLY"
    )
    with pytest.raises(OperationFailed, match="belongs to the constraint"):
        drop_index(index="orders_pkey", force=True, confirmed=True)


def test_a_partitions_index_goes_only_with_its_parents(shop):
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE days (at int) PARTITION BY RANGE (at);"
            "CREATE TABLE days1 PARTITION OF days FOR VALUES FROM (0) TO (9); CREATE INDEX days_at ON days (at)"
        )
    with pytest.raises(OperationFailed, match="part of a partitioned index"):
        drop_index(index="days1_at_idx", force=True, confirmed=True)
    shown = preview("drop_index", {"index": "days_at"}, ME)
    assert shown.sql == "DROP INDEX public.days_at;"
    assert any("locked until it is done" in one for one in shown.sentences)
    drop_index(index="days_at", confirmed=True)
    assert indexes_of(shop.dsn, "days1") == {}


def test_a_drop_that_waits_too_long_is_given_up_and_told(indexed):
    writer = indexed.connect("import")
    writer.execute("INSERT INTO orders (id, email) VALUES (0, 'new')")
    with pytest.raises(OperationFailed, match="did not end within 1 s: session .*import") as caught:
        drop_index(index="orders_customer", wait_seconds=1, confirmed=True)
    assert "marked invalid by now" in caught.value.message
    assert indexes_of(indexed.dsn)["orders_customer"] is False
    writer.commit()
    assert (
        "left over from an attempt that failed" in preview("drop_index", {"index": "orders_customer"}, ME).sentences[0]
    )
    drop_index(index="orders_customer", confirmed=True)
    assert "orders_customer" not in indexes_of(indexed.dsn)


def test_an_index_is_built_anew_and_small(indexed):
    with psycopg.connect(indexed.dsn, autocommit=True) as connection:
        connection.execute("UPDATE orders SET email = email || 'x'; UPDATE orders SET email = email || 'x'")
    assert "takes its place" in " ".join(preview("reindex_index", {"index": "orders_email"}, ME).sentences)
    found = reindex_index(index="orders_email")
    assert found.ddl == "REINDEX INDEX CONCURRENTLY public.orders_email;"
    assert found.bytes_after < found.bytes_before
    assert indexes_of(indexed.dsn)["orders_email"] is True


def test_a_rebuild_that_is_given_up_leaves_the_old_one_alone(indexed):
    reader = indexed.connect("dump")
    reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    reader.execute("SELECT 1 FROM pg_class")
    seen, before = [], indexes_of(indexed.dsn)
    with pytest.raises(OperationFailed, match="dump") as caught:
        perform("reindex_index", {"index": "orders_email", "wait_seconds": 1}, ME, report=seen.append)
    assert "The old one is as it was. Nothing is left of it." in caught.value.message
    assert indexes_of(indexed.dsn) == before
    assert any("waiting for transactions" in one.message for one in seen)


def test_leftovers_of_a_rebuild_that_cannot_be_removed_are_named(indexed, monkeypatch):
    monkeypatch.setattr(leftover, "CLEAN_SECONDS", 1)
    writer = indexed.connect("import")
    writer.execute("INSERT INTO orders (id, email) VALUES (0, 'new')")
    with pytest.raises(OperationFailed, match="drop it with drop_index later: public.orders_email_ccnew"):
        reindex_index(index="orders_email", wait_seconds=1)
    assert indexes_of(indexed.dsn)["orders_email_ccnew"] is False
    writer.commit()
    drop_index(index="orders_email_ccnew", confirmed=True)
    assert "orders_email_ccnew" not in indexes_of(indexed.dsn)


def test_an_invalid_index_is_made_valid(indexed):
    with psycopg.connect(indexed.dsn, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY doubled ON orders (customer)")
        connection.execute("DELETE FROM lines; DELETE FROM orders WHERE id > 50")
    assert indexes_of(indexed.dsn)["doubled"] is False
    reindex_index(index="doubled")
    assert indexes_of(indexed.dsn)["doubled"] is True


def test_a_lock_is_waited_for_a_few_times(indexed, monkeypatch):
    monkeypatch.setattr(patience, "TRIES", 2)
    monkeypatch.setattr(patience, "PAUSE_SECONDS", 0.1)
    holder = indexed.connect("report")
    holder.execute("LOCK TABLE orders IN SHARE MODE")
    before = indexes_of(indexed.dsn)
    for ask in (reindex_index, lambda **given: drop_index(confirmed=True, **given)):
        with pytest.raises(OperationFailed, match="public.orders is locked by session .*report"):
            ask(index="orders_customer", lock_seconds=0.3)
    assert indexes_of(indexed.dsn) == before


def test_strangers_and_odd_names(indexed, as_stranger):
    for ask in (reindex_index, lambda **given: drop_index(confirmed=True, **given)):
        with pytest.raises(OperationFailed, match="does not own public.orders_customer: its owner indexing_owner"):
            ask(index="orders_customer")
