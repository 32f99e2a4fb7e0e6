"""What a statement does with its tables, by PostgreSQL's own reading of it."""

from __future__ import annotations

import pytest

from opsadmin.advisor.candidates import named
from opsadmin.advisor.facts import Table
from opsadmin.advisor.usage import Condition, Kind, Place, TableUse
from tests.opsadmin.advisor.conftest import Shop
from tests.opsadmin.advisor.statements import ODD

CASES = {
    # --- where a condition comes from
    "SELECT * FROM orders WHERE customer_id = 7": ["orders: customer_id equal 7"],
    "SELECT * FROM orders WHERE 7 < customer_id": ["orders: customer_id range 7"],
    "SELECT * FROM orders WHERE customer_id = $1": ["orders: customer_id equal"],
    "SELECT * FROM orders WHERE id IN (1, 2) AND remark IS NULL": ["orders: id in, remark null"],
    "SELECT * FROM orders WHERE NOT (remark IS NULL) AND urgent IS TRUE": ["orders: remark not null, urgent true"],
    "SELECT * FROM orders WHERE NOT urgent": ["orders: urgent false"],
    "SELECT * FROM orders WHERE status <> 'done'": ["orders: status unequal 'done'::text"],
    "SELECT * FROM orders WHERE status <> $1": ["orders:"],
    "SELECT * FROM open_orders WHERE customer_id = 7": ["orders: customer_id equal 7, status unequal 'done'::text"],
    "SELECT * FROM (SELECT customer_id AS c FROM orders) s WHERE c = 7": ["orders: customer_id equal 7"],
    "WITH w AS (SELECT * FROM orders) SELECT * FROM w WHERE id = 3": ["orders: id equal 3"],
    "SELECT * FROM (SELECT count(*) AS n, id FROM orders GROUP BY id) s WHERE n = 5": ["orders: {id}"],
    "SELECT * FROM everything WHERE ref = 77": ["items: product_id equal 77", "orders: customer_id equal 77"],
    "SELECT * FROM orders WHERE customer_id = 5 OR id = 3": ["orders: | customer_id equal 5 | id equal 3"],
    "SELECT * FROM orders WHERE urgent AND (customer_id = 5 OR id = 3)": [
        "orders: urgent true | customer_id equal 5 | id equal 3"
    ],
    # --- joins
    "SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id": [
        "customers: id joins equal",
        "orders: customer_id joins equal",
    ],
    "SELECT * FROM orders JOIN items USING (id)": ["items: id joins equal", "orders: id joins equal"],
    "SELECT * FROM orders WHERE id IN (SELECT order_id FROM items)": [
        "items: order_id joins equal",
        "orders: id joins equal",
    ],
    "SELECT * FROM orders o WHERE EXISTS (SELECT FROM items i WHERE i.order_id = o.id)": [
        "items: order_id joins equal",
        "orders: id joins equal",
    ],
    # Columns of a row with each other: told one way around.
    "SELECT * FROM orders WHERE customer_id = id": ["orders: (customer_id = id) row"],
    "SELECT * FROM orders WHERE local_placed > due": ["orders: (due < local_placed) row"],
    "SELECT * FROM orders WHERE due > placed": ["orders:"],
    "SELECT * FROM orders AS o, orders AS p WHERE o.id >= p.customer_id AND o.id >= o.customer_id": [
        "orders: (customer_id <= id) row, id joins range",
        "orders: customer_id joins range",
    ],
    # --- places
    "SELECT * FROM customers WHERE lower(email) = 'x'": ["customers: lower(email) equal 'x'::text"],
    "SELECT * FROM customers WHERE login::text = 'X'": ["customers: ((login)::text) equal 'X'::text"],
    "SELECT * FROM orders WHERE date_trunc('day', placed) = '2026-01-05'": ["orders:"],
    "SELECT * FROM orders WHERE placed::date = '2026-01-05'": ["orders:"],
    "SELECT * FROM orders WHERE (placed AT TIME ZONE 'UTC')::date = '2026-01-05'": [
        "orders: ((timezone('UTC'::text, placed))::date) equal '2026-01-05'::date"
    ],
    "SELECT * FROM orders WHERE coalesce(remark, 'It''s') = 'x'": [
        "orders: (COALESCE(remark, 'It''s'::text)) equal 'x'::text"
    ],
    "SELECT * FROM customers WHERE points OPERATOR(extra.===) 5 AND extra.of_elsewhere(points) = 5": [
        "customers: extra.of_elsewhere(points) equal 5"
    ],
    "SELECT * FROM customers WHERE name = 'x' COLLATE \"C\"": ["customers:"],
    "SELECT * FROM customers WHERE name LIKE 'ab%' AND email LIKE '%b' AND code LIKE $1": [
        "customers: code other, email other '%b'::text, name prefix 'ab%'::text"
    ],
    # --- literals are what they were
    r"SELECT * FROM orders WHERE remark = E'It''s \\ ÜX'": [r"orders: remark equal E'It''s \\ ÜX'::text"],
    "SELECT * FROM customers WHERE mood = 'sad' AND padded = 'P5'": [
        "customers: mood equal 'sad'::public.mood, padded equal 'P5'::bpchar"
    ],
    "SELECT * FROM orders WHERE /* é */ due = '2024-05-05' AND total = 5.50": [
        "orders: due equal '2024-05-05'::date, total equal 5.50::numeric"
    ],
    "SELECT * FROM customers WHERE bits = B'00000101'": ["customers: bits equal B'00000101'::\"bit\""],
    "SELECT * FROM items WHERE shelf = '7'": ["items: shelf equal '7'::smallint"],
    # --- orders
    "SELECT * FROM orders ORDER BY placed DESC NULLS LAST, id LIMIT 3": ["orders: <placed desc, id>"],
    "SELECT * FROM orders o JOIN customers c ON TRUE ORDER BY o.placed, c.id": ["customers:", "orders: <placed>"],
    "SELECT DISTINCT ON (customer_id) * FROM orders ORDER BY customer_id, placed DESC": [
        "orders: <customer_id, placed desc> <customer_id>"
    ],
    "SELECT max(total) FROM orders GROUP BY customer_id, status": ["orders: <total> {customer_id, status}"],
    "SELECT rank() OVER (PARTITION BY customer_id ORDER BY placed) FROM orders": ["orders: <customer_id, placed>"],
    "SELECT * FROM orders WHERE (customer_id, id) > ($1, $2)": ["orders: customer_id range <customer_id, id>"],
    # --- changes, odd names, the server's own tables
    "UPDATE orders SET status = 'x' WHERE customer_id = 5": ["orders: customer_id equal 5 whole"],
    "DELETE FROM items WHERE order_id = $1": ["items: order_id equal whole"],
    "INSERT INTO items SELECT id FROM orders WHERE customer_id = 5": ["items: whole", "orders: customer_id equal 5"],
    "SELECT o FROM orders o WHERE id = 1": ["orders: id equal 1 whole"],
    f'SELECT 1 FROM {ODD} WHERE "it\'s" = $$O\'B$$ AND "select" = 5': [
        "Sélect Ünï.code \"x\": it's equal 'O''B'::text, select equal 5"
    ],
}


def said(shop: Shop, statement: str) -> list[str]:
    with shop.bench(statement) as bench:
        assert not bench.failed, bench.failed
        (one,) = bench.statements
        return sorted(_use(use, bench.tables[use.relid]) for use in one.uses if use.relid in bench.tables)


def _use(use: TableUse, table: Table) -> str:
    arms = [", ".join(sorted(_condition(one, table) for one in group)) for group in use.groups]
    orders = [
        "<" + ", ".join(_place(one.place, table) + " desc" * one.descending for one in order) + ">"
        for order in use.orders
    ]
    sets = ["{" + ", ".join(_place(Place(one), table) for one in numbers) + "}" for numbers in use.sets]
    words = [" | ".join(arms).strip(), *orders, *sets, "whole" if use.whole else ""]
    return f"{table.name}: {' '.join(word for word in words if word)}".rstrip()


def _condition(one: Condition, table: Table) -> str:
    where = named(one.clause, table) if one.kind is Kind.ROW else _place(one.place, table)
    words = [where, "joins" if one.joins else "", one.kind.value, one.value]
    return " ".join(word for word in words if word)


def _place(place: Place, table: Table) -> str:
    if place.column:
        column = table.column(place.column)
        assert column is not None
        return column.name
    text = place.text
    for column in table.columns.values():
        text = text.replace(f"\x00{column.number}\x00", column.name)
    return text


@pytest.mark.parametrize("statement", CASES)
def test_reading(shop: Shop, statement: str) -> None:
    assert said(shop, statement) == CASES[statement]
