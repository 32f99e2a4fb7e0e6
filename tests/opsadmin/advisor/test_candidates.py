"""The indexes that are tried: each can be made, none is there already, and the textbook's one is among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import psycopg
import pytest

from opsadmin.advisor.search import bits
from opsadmin.advisor.spec import IndexSpec
from tests.opsadmin.advisor.conftest import Shop
from tests.opsadmin.advisor.statements import STATEMENTS


@pytest.fixture(scope="module")
def candidates(shop: Shop) -> Mapping[str, list[IndexSpec]]:
    """Of each of the STATEMENTS, by its name."""
    with shop.bench(*STATEMENTS.values()) as bench:
        assert not bench.failed, bench.failed
        bench.propose()
        found = {
            name: [bench.indexes[index] for one in bench.statements if one.number == number for index in bits(one.own)]
            for number, name in enumerate(STATEMENTS)
        }
        assert not bench.planner.impossible
    return found


@pytest.fixture(scope="module")
def emptied(own_shop: Shop) -> Iterator[psycopg.Connection]:
    """Where the tables have no rows: an index takes no time there."""
    with psycopg.connect(own_shop.dsn) as connection:
        tables = connection.execute(
            "SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relkind = 'r' AND oid >= 16384 "
            "AND relnamespace::regnamespace::text <> ALL ('{pg_catalog,information_schema,pg_toast}')"
        ).fetchone()
        assert tables is not None
        connection.execute(f"TRUNCATE {tables[0]}")
        connection.commit()
        yield connection


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_candidate_can_be_made(
    candidates: Mapping[str, list[IndexSpec]], emptied: psycopg.Connection, name: str
) -> None:
    for spec in candidates[name]:
        with emptied.transaction(force_rollback=True):
            emptied.execute(spec.ddl("of the advisor"))


def test_statements_have_candidates(candidates: Mapping[str, list[IndexSpec]]) -> None:
    without = {name for name, found in candidates.items() if not found}
    assert without == {
        *(
            "array member",
            "case",
            "catalogue",
            "collate",
            "distinct from",
            "empty",
            "information schema",
            "not immutable",
        ),
        *(
            "count distinct",
            "set operations",
            "not in",
            "nothing",
            "operator of ours",
            "search by setting",
            "table",
            "upsert",
        ),
    }


def test_a_column_is_of_its_own_table_alone(shop: Shop) -> None:
    """`status` is of orders, `email` of customers, `id` of both."""
    statement = "SELECT o.id FROM orders o, customers c WHERE c.id = customer_id AND status = 'new' AND email = 'x' AND total > 5"
    with shop.bench(statement) as bench:
        bench.propose()
        held = {
            column
            for spec in bench.indexes
            for column in (*spec.columns, *spec.include)
            if column not in bench.tables[spec.relid].columns
        }
        tables = {(spec.table, column) for spec in bench.indexes for column in spec.columns}
    assert not held
    assert tables == {
        *(("public.orders", one) for one in ("customer_id", "status", "total")),
        *(("public.customers", one) for one in ("email", "id")),
    }


TEXTBOOK = {
    # The equal ones before the range, and what is sorted behind what is equal.
    "SELECT * FROM orders WHERE placed > '2026-01-15' AND customer_id = 7 AND total < 500": "orders USING btree (customer_id, placed)",
    "SELECT * FROM items WHERE shelf = 5 AND product_id BETWEEN 100 AND 120": "items USING btree (shelf, product_id)",
    "SELECT * FROM items WHERE shelf = $1 AND product_id > $2 ORDER BY product_id LIMIT 10": "items USING btree (shelf, product_id)",
    "SELECT * FROM orders WHERE status = 'done' ORDER BY total DESC LIMIT 10": "orders USING btree (status, total)",
    "SELECT * FROM orders WHERE status = $1 ORDER BY total DESC LIMIT 10": "orders USING btree (status, total)",
    "SELECT * FROM orders ORDER BY placed DESC, id DESC LIMIT 10": "orders USING btree (placed, id)",
    "SELECT * FROM orders ORDER BY placed DESC, customer_id LIMIT 10": "orders USING btree (placed, customer_id DESC)",
    # Without looking at the table.
    "SELECT sum(total) FROM orders WHERE customer_id = 7": "orders USING btree (customer_id) INCLUDE (total)",
    # Only the few rows that are meant.
    "SELECT * FROM orders WHERE urgent AND total > 3 ORDER BY placed LIMIT 5": "orders USING btree (placed) WHERE urgent",
    "SELECT * FROM open_orders WHERE total > 990": "orders USING btree (total) WHERE status <> 'done'::text",
    "SELECT * FROM customers WHERE deleted_at > '2026-01-02'": "customers USING btree (deleted_at) WHERE deleted_at IS NOT NULL",
    "SELECT * FROM orders WHERE remark = $1": "orders USING btree (remark) WHERE remark IS NOT NULL",
    # What no b-tree knows.
    """SELECT * FROM papers WHERE doc @> '{"user": 7}'""": "papers USING gin (doc jsonb_path_ops)",
    "SELECT * FROM papers WHERE doc @> $1": "papers USING gin (doc jsonb_path_ops)",
    "SELECT * FROM papers WHERE doc ? $1": "papers USING gin (doc)",
    "SELECT * FROM papers WHERE tags @> ARRAY[5]": "papers USING gin (tags)",
    "SELECT * FROM papers WHERE labels && $1": "papers USING gin (labels)",
    "SELECT * FROM papers WHERE words @@ to_tsquery('simple', 'w777')": "papers USING gin (words)",
    "SELECT * FROM papers WHERE words @@ plainto_tsquery('simple', $1)": "papers USING gin (words)",
    "SELECT * FROM papers WHERE to_tsvector('english', body) @@ to_tsquery('english', $1)": (
        "papers USING gin (to_tsvector('english'::regconfig, body))"
    ),
    "SELECT * FROM customers WHERE name LIKE '%mer 1777%'": "customers USING gin (name gin_trgm_ops)",
    "SELECT * FROM customers WHERE email ILIKE $1": "customers USING gin (email gin_trgm_ops)",
    "SELECT * FROM customers WHERE name LIKE 'Customer 1777%'": "customers USING btree (name text_pattern_ops)",
    "SELECT * FROM customers WHERE code LIKE 'c1777%'": "customers USING btree (code)",
    "SELECT * FROM customers WHERE span @> 55": "customers USING gist (span)",
    "SELECT * FROM papers WHERE place <@ box '((1,1),(2,2))'": "papers USING gist (place)",
    # Expressions, and types whose order is another's.
    "SELECT * FROM customers WHERE lower(email) = $1": "customers USING btree (lower(email))",
    "SELECT * FROM customers WHERE short = $1": "customers USING btree (short)",
    "SELECT * FROM customers WHERE net = $1": "customers USING btree (net)",
    # Partitions by way of their whole; the far table of a join; a table that nobody analysed yet.
    "SELECT * FROM events WHERE device = $1 AND at > $2": "events USING btree (device, at)",
    "SELECT * FROM items WHERE order_id = $1": "items USING btree (order_id)",
    "SELECT * FROM unknown_table WHERE a = 5": "unknown_table USING btree (a)",
    "DELETE FROM items WHERE order_id = 5": "items USING btree (order_id)",
    # Where HypoPG cannot be asked: expressions and predicates of a table that is not the statement's first.
    "SELECT * FROM customers c JOIN papers p ON p.id = c.id WHERE p.doc @> '{\"user\": 7}'": "papers USING gin (doc jsonb_path_ops)",
}


@pytest.mark.parametrize("statement", TEXTBOOK)
def test_the_advice_is_the_textbooks(shop: Shop, statement: str) -> None:
    assert shop.ddl(statement) == [TEXTBOOK[statement]]


def test_the_few_rows_where_little_room_is_left(shop: Shop) -> None:
    statement = "SELECT * FROM orders WHERE status = 'new' AND due > '2024-05-05' ORDER BY total LIMIT 5"
    assert shop.ddl(statement, size_bytes=200_000) == ["orders USING btree (total) WHERE status = 'new'::text"]


def test_block_ranges_where_little_room_is_left(shop: Shop) -> None:
    """A day of measurements that came in order: a summary of blocks takes the thousandth part of a b-tree."""
    statement = "SELECT * FROM measurements WHERE at >= '2026-01-03' AND at < '2026-01-04'"
    assert shop.ddl(statement, size_bytes=200_000) == ["measurements USING brin (at)"]
    assert shop.ddl(statement) == ["measurements USING btree (at)"]


def test_nothing_that_only_one_literal_wants(shop: Shop) -> None:
    """Each customer's name is his own: an index of one of them is no idea."""
    with shop.bench("SELECT * FROM customers WHERE name = 'Customer 5' AND points = 3") as bench:
        bench.propose()
        assert not [spec.predicate for spec in bench.indexes if spec.predicate]


def test_columns_of_a_row_make_a_predicate(shop: Shop) -> None:
    """No value stands in it, so it holds for every statement of its kind; and what it says need not be looked up."""
    statement = "SELECT sum(total) FROM orders WHERE due < local_placed AND total > 400"
    (made,) = shop.advise(statement).recommendations
    assert made.ddl.endswith("(total) WHERE (due < local_placed)")
    with psycopg.connect(shop.dsn) as connection:
        connection.execute(made.ddl.replace("CONCURRENTLY ", ""))
        connection.execute("SET enable_bitmapscan = off")
        plan = "\n".join(line for (line,) in connection.execute(f"EXPLAIN {statement}").fetchall())
        (size,) = connection.execute("SELECT pg_relation_size(%s)", [made.name]).fetchone()
        connection.rollback()
    assert f"Index Only Scan using {made.name}" in plan
    # The planner takes a third for granted; a sample of the rows knows better.
    assert made.size_bytes == pytest.approx(size, rel=0.1)
