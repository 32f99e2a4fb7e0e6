"""While somebody holds a table, the catalogue still answers, and says who holds it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from opsadmin.api import get_object_details, list_objects, list_schemas


@pytest.fixture
def lock(catalogue) -> Iterator[psycopg.Connection]:
    """Another session, in a transaction, named alter."""
    with psycopg.connect(catalogue, application_name="alter") as connection:
        yield connection
        connection.rollback()


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < 3


def held_by(connection, relation="sales.orders"):
    return f"Process {connection.info.backend_pid} (alter) of postgres holds ACCESS EXCLUSIVE on {relation} since "


def test_lists_wait_for_nobody(lock):
    lock.execute("LOCK TABLE sales.orders, sales.customer, sales.big_orders, sales.reading IN ACCESS EXCLUSIVE MODE")
    assert list_schemas()
    for object_type in ("table", "view", "materialized_view", "index", "sequence", "function", "type"):
        for sort_by in ("name", "size") if object_type in ("table", "index") else ("name",):
            assert list_objects(schema="sales", object_type=object_type, sort_by=sort_by).total


def test_a_locked_table_has_all_that_needs_no_lock(lock):
    lock.execute("LOCK TABLE sales.orders IN ACCESS EXCLUSIVE MODE")
    orders = get_object_details(schema="sales", name="orders")
    (note,) = orders.notes
    assert note.startswith("Missing: definitions, expressions and real sizes of sales.orders. " + held_by(lock))
    assert [one.default for one in orders.columns][0] == "nextval('sales.orders_id_seq'::regclass)"
    assert [(one.name, one.columns) for one in orders.indexes] == [
        ("orders_pkey", ("id",)),
        ("one_at_a_time", ("during",)),
    ]
    definitions = {one.name: one.definition for one in orders.constraints}
    assert definitions["by_customer"].startswith("FOREIGN KEY")
    assert definitions["positive"] is None
    assert {one.name: one.definition is None for one in orders.triggers} == {"touched": False, "touched_when": True}
    assert orders.policies[0].name == "own_rows"
    assert orders.privileges
    assert orders.used_by
    assert (orders.sizes.is_estimated, orders.indexes[0].size_is_estimated) == (True, True)


def test_a_locked_partition_hides_nothing_of_its_parent(lock):
    lock.execute("LOCK TABLE ONLY sales.reading_2025 IN ACCESS EXCLUSIVE MODE")
    reading = get_object_details(schema="sales", name="reading")
    assert (reading.notes, reading.partitioning.key) == ((), "RANGE (at)")
    assert reading.children[0].bound.startswith("FOR VALUES")


def test_a_view_whose_table_is_locked_misses_its_text_only(lock):
    lock.execute("LOCK TABLE sales.orders IN ACCESS EXCLUSIVE MODE")
    view = get_object_details(schema="sales", name="big_orders", object_type="view")
    assert view.definition is None
    assert view.notes[0].startswith("Missing: what reads it")
    assert held_by(lock) in view.notes[0]
    assert [one.name for one in view.columns] == ["id", "email"]


def test_one_index_being_rebuilt_costs_its_own_size_only(lock):
    lock.execute("REINDEX INDEX sales.customer_name")
    customer = get_object_details(schema="sales", name="customer")
    assert held_by(lock, "sales.customer_name") in customer.notes[0]
    estimated = {one.name: one.size_is_estimated for one in customer.indexes}
    assert estimated == {"customer_pkey": False, "customer_email": False, "customer_name": True}
    assert all(one.definition for one in customer.indexes)


def test_indexes_sequences_and_functions_of_a_locked_table(lock):
    lock.execute("LOCK TABLE sales.orders IN ACCESS EXCLUSIVE MODE")
    index = get_object_details(schema="sales", name="one_at_a_time", object_type="index")
    assert (index.definition, index.keys[0].name) == (None, "during")
    assert held_by(lock) in index.notes[0]
    function = get_object_details(schema="sales", name="counted", object_type="function")
    assert function.definition is None
    assert held_by(lock) in function.notes[0]
    assert get_object_details(schema="sales", name="orders_id_seq", object_type="sequence").notes == ()


def test_a_role_that_may_not_see_since_when_is_told_who(catalogue_as_bare, catalogue_dsn):
    with psycopg.connect(catalogue_dsn, application_name="alter") as holder:
        holder.execute("LOCK TABLE sales.orders IN ACCESS EXCLUSIVE MODE")
        orders = get_object_details(schema="sales", name="orders")
        holder.rollback()
        pid = holder.info.backend_pid
    assert f"Process {pid} (alter) of postgres holds ACCESS EXCLUSIVE on sales.orders. Ask again" in orders.notes[0]
    assert len(orders.notes) == 2


def test_who_waits_for_the_lock_is_named_too(catalogue, lock):
    """A reader lets nobody take the lock; who waits for it makes everybody behind wait."""
    lock.execute("SELECT FROM sales.orders")
    with psycopg.connect(catalogue, application_name="migrate") as waiting, ThreadPoolExecutor(1) as pool:
        pid = waiting.info.backend_pid
        asked = pool.submit(waiting.execute, "LOCK TABLE sales.orders IN ACCESS EXCLUSIVE MODE")
        _until_waiting(catalogue, pid)
        orders = get_object_details(schema="sales", name="orders")
        lock.rollback()
        asked.result()
    assert f"Process {pid} (migrate) of postgres waits for ACCESS EXCLUSIVE" in orders.notes[0]


def _until_waiting(dsn: str, pid: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for _ in range(200):
            if connection.execute("SELECT FROM pg_locks WHERE pid = %s AND NOT granted", [pid]).fetchone() is not None:
                return
            connection.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("It never waited.")
