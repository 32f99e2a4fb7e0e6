"""Tables with their figures, the room in number ranges, and a few rows."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connections
from psycopg.conninfo import make_conninfo

from opsadmin.api import OperationError, list_sequences, list_tables, sample_rows
from opsadmin.catalogue.tables import ORDERS
from opsadmin.catalogue.tables import list_tables as listed
from opsadmin.postgres.session import read_only


def names(**parameters):
    return [f"{one.schema}.{one.name}" for one in list_tables(**parameters)]


def test_figures(catalogue):
    found = {f"{one.schema}.{one.name}": one for one in list_tables()}
    customer = found["sales.customer"]
    assert (customer.kind, customer.rows, customer.partitions) == ("table", 200, None)
    assert customer.total_bytes == customer.heap_bytes + customer.toast_bytes + customer.index_bytes > 0
    assert customer.indexes == 3
    assert customer.vacuumed_at is not None
    assert customer.autovacuumed_at is None
    reading = found["sales.reading"]
    assert (reading.kind, reading.partitions, reading.rows) == ("partitioned_table", 3, 400)
    assert reading.index_bytes > 0
    assert not any(name.startswith("sales.reading_") for name in found), "partitions stand within their table"
    assert not any(name.startswith(("pg_catalog.", "information_schema.")) for name in found)
    assert found["sales.per_customer"].kind == "materialized_view"
    told = list_tables().blocks()[0]
    assert "Dead rows" in told.columns


def test_orders_filters_and_pages(catalogue):
    for order in ORDERS:
        found = list_tables(sort_by=order)
        assert len({(one.schema, one.name) for one in found}) == len(found) == found.found, order
    sizes = [one.total_bytes or 0 for one in list_tables()]
    assert sizes == sorted(sizes, reverse=True)
    assert list_tables().largest_bytes == sizes[0]
    assert names(sort_by="name") == sorted(names(sort_by="name"), key=lambda name: name.split(".", 1))
    assert names(search="CUST") == names(search="cust", schema="sales")
    assert names(schema="pg_catalog", search="pg_class") == ["pg_catalog.pg_class"]
    everything = names(sort_by="name")
    assert names(sort_by="name", limit=2, offset=2) == everything[2:4]
    behind = list_tables(offset=1000)
    assert behind == []
    assert behind.found is None
    assert set(list_tables(search="nothing like it").schemas) >= {"sales", "public", 'Odd.Schema "x"'}
    with pytest.raises(OperationError, match="There is no schema 'sale'") as caught:
        list_tables(schema="sale")
    assert caught.value.allowed == ("sales",)


def test_new_tables_are_measured_unless_locked(catalogue):
    with psycopg.connect(catalogue) as one, psycopg.connect(catalogue) as other:
        with one.transaction(force_rollback=True), other.transaction(force_rollback=True):
            pass
        one.execute("CREATE TABLE sales.fresh AS SELECT g FROM generate_series(1, 1000) AS g")
        one.commit()
        try:
            (fresh,) = list_tables(search="fresh")
            assert fresh.total_bytes == fresh.heap_bytes >= 32 * 1024
            other.execute("LOCK TABLE sales.fresh, sales.customer IN ACCESS EXCLUSIVE MODE")
            with read_only("store") as look:
                found = {one.name: one for one in listed(look)}
                assert look.statements <= 8
            assert found["fresh"].total_bytes is None
            assert found["customer"].total_bytes > 0
        finally:
            other.rollback()
            one.execute("DROP TABLE sales.fresh")
            one.commit()


def test_ranges(catalogue):
    with psycopg.connect(catalogue, autocommit=True) as one:
        one.execute("CREATE TABLE sales.narrow (id smallserial, far int)")
        one.execute("SELECT setval('sales.narrow_id_seq', 30000)")
        one.execute("INSERT INTO sales.narrow SELECT 30001, 2000000000 + g FROM generate_series(1, 100) AS g")
        one.execute("ANALYZE sales.narrow")
        try:
            found = list_sequences()
            by_name = {one.object: one for one in found}
            narrow = by_name["sales.narrow_id_seq"]
            assert (narrow.kind, narrow.at, narrow.end, narrow.feeds) == (
                "sequence",
                30000,
                32767,
                "sales.narrow.id",
            )
            assert 91 < narrow.used_percent < 92
            assert narrow.remaining == 2767
            far = by_name["sales.narrow.far"]
            assert (far.kind, far.type, far.at) == ("column", "integer", 2000000100)
            assert found[0].used_percent == max(one.used_percent for one in found)
            assert by_name["sales.ticket"].cycles
            assert by_name["sales.untouched"].at is None
            assert "sales.narrow.id" not in by_name, "the sequence that feeds it stands for it"
            assert found.missing == ""
        finally:
            one.execute("DROP TABLE sales.narrow")


def test_without_a_grant(catalogue_as_bare):
    assert list_tables(search="customer")[0].rows == 200
    found = list_sequences()
    assert found.hidden == found.sequences > 0
    assert "GRANT pg_read_all_data TO" in found.grant
    assert [block.command for block in found.blocks() if hasattr(block, "command")] == [found.grant]


def test_a_few_rows(catalogue):
    found = sample_rows(schema="sales", name="customer", limit=3)
    assert len(found.rows.rows) == 3
    assert [column.name for column in found.rows.columns][:2] == ["id", "email"]
    mood = next(one for one in found.common if one.column == "mood")
    assert mood.values == (("o'k", 1.0),)
    assert any(block.title == "What stands in it most often" for block in found.blocks())
    assert sample_rows(schema='Odd.Schema "x"', name='My "Table".é').rows.columns
    with pytest.raises(OperationError, match="There is no table 'custome'") as caught:
        sample_rows(schema="sales", name="custome")
    assert "customer" in caught.value.allowed


def test_secrets_are_masked(catalogue):
    with psycopg.connect(catalogue, autocommit=True) as one:
        one.execute(
            "CREATE TABLE sales.login AS SELECT 'hunter2' AS password, 'token=abcdef' AS note FROM generate_series(1, 9)"
        )
        one.execute("ANALYZE sales.login")
        try:
            said = str(sample_rows(schema="sales", name="login").as_dict())
            assert "hunter2" not in said
            assert "abcdef" not in said
        finally:
            one.execute("DROP TABLE sales.login")


def test_rows_of_a_locked_table_are_not_waited_for(catalogue):
    with psycopg.connect(make_conninfo(catalogue)) as one:
        one.execute("LOCK TABLE sales.customer IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(OperationError):
            sample_rows(schema="sales", name="customer")
    connections["store"].close()
