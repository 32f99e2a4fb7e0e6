"""The planner asked about indexes that are not there, HypoPG or not."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest

from opsadmin.advisor.search import bits
from opsadmin.advisor.workbench import Workbench
from tests.opsadmin.advisor.conftest import Shop
from tests.opsadmin.advisor.statements import REFUSED, STATEMENTS


def number_of(bench: Workbench, ddl: str) -> int:
    """The candidate that is made so, from ON on."""
    (found,) = [one for one, spec in enumerate(bench.indexes) if spec.ddl().split(" ON ", 1)[1] == f"public.{ddl}"]
    return found


@pytest.mark.parametrize(
    ("statement", "ddl"),
    [
        ("SELECT * FROM orders WHERE customer_id = 7", "orders USING btree (customer_id)"),
        ("SELECT * FROM orders WHERE customer_id = $1", "orders USING btree (customer_id)"),
        ("SELECT * FROM orders WHERE status = 'new' ORDER BY total LIMIT 5", "orders USING btree (status, total)"),
        ("SELECT * FROM customers WHERE vip AND mood = 'sad'", "customers USING btree (mood) WHERE vip"),
        ("SELECT * FROM events WHERE device = $1 AND at > $2", "events USING btree (device, at)"),
        ("SELECT * FROM papers WHERE doc @> '{\"user\": 7}'", "papers USING gin (doc jsonb_path_ops)"),
        ("SELECT * FROM papers WHERE tags && '{5,77}'", "papers USING gin (tags)"),
        ("SELECT * FROM papers WHERE doc @> $1", "papers USING gin (doc jsonb_path_ops)"),
        ("SELECT * FROM customers WHERE name LIKE '%mer 1777%'", "customers USING gin (name public.gin_trgm_ops)"),
    ],
)
def test_the_cost_is_that_of_the_real_index(own_shop: Shop, statement: str, ddl: str) -> None:
    with own_shop.bench(statement) as bench:
        bench.propose()
        index = number_of(bench, ddl)
        told, used = bench.cost(0, 1 << index)
        text = bench.indexes[index].ddl()
        before = bench.statements[0].base
    assert list(bits(used)) == [index]
    with closing(psycopg.connect(own_shop.dsn)) as connection:  # closed without COMMIT
        connection.execute(text)
        connection.execute("SET plan_cache_mode = force_generic_plan; SET enable_partition_pruning = off")
        names = [one for one in ("$1", "$2") if one in statement]
        if names:
            connection.execute(f"PREPARE it ({', '.join('unknown' for _ in names)}) AS {statement}")
            statement = f"EXECUTE it ({', '.join('NULL' for _ in names)})"
        (((plan,),),) = connection.execute(f"EXPLAIN (FORMAT JSON) {statement}").fetchall()
    real = plan["Plan"]["Total Cost"]
    assert real / 1.5 - 10 <= told <= 1.5 * real + 10
    assert told < before


def test_costs_depend_on_the_set_alone(shop: Shop) -> None:
    """Whatever was pretended before."""
    statements = [one for name, one in STATEMENTS.items() if name.startswith(("part", "jsonb", "or", "self"))]
    with shop.bench(*statements) as bench:
        bench.propose()
        masks = bench.relevant()
        first = [bench.cost(place, mask)[0] for place, mask in enumerate(masks)]
        single = [bench.cost(place, 1 << index) for place, mask in enumerate(masks) for index in bits(mask)]
        assert [bench.cost(place, 0) for place in range(len(masks))] == [(one.base, 0) for one in bench.statements]
        again = [
            bench.cost(place, 1 << index) for place, mask in reversed(list(enumerate(masks))) for index in bits(mask)
        ]
        assert sorted(single) == sorted(again)
        assert first == [bench.cost(place, mask)[0] for place, mask in enumerate(masks)]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_planned_is_named(shop: Shop, name: str) -> None:
    statement, why = REFUSED[name]
    with shop.bench("SELECT * FROM orders WHERE customer_id = 7", statement) as bench:
        assert [(number, why in reason) for number, reason in bench.failed] == [(1, True)]
        assert [one.number for one in bench.statements] == [0]


def test_a_locked_table_costs_its_statements_alone(shop: Shop) -> None:
    with psycopg.connect(shop.dsn) as holder:
        holder.execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        with shop.bench(
            "SELECT * FROM orders WHERE customer_id = 7", "SELECT * FROM items WHERE order_id = 5"
        ) as bench:
            ((number, why),) = bench.failed
        holder.rollback()
    assert number == 1
    assert "locked" in why


def test_the_line_that_breaks_is_said(shop: Shop) -> None:
    with pytest.raises(psycopg.OperationalError):
        with shop.bench("SELECT * FROM orders WHERE customer_id = 7") as bench:
            bench.propose()
            with psycopg.connect(shop.dsn, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [bench.planner._connection.info.backend_pid])
            bench.cost(0, 1)


def test_what_is_there_is_no_candidate(own_shop: Shop) -> None:
    with psycopg.connect(own_shop.dsn, autocommit=True) as connection:
        connection.execute(
            """
            CREATE INDEX ON orders (customer_id, placed) INCLUDE (total);
            CREATE INDEX ON customers (lower(email), (points % 7));
            CREATE INDEX ON orders (placed) WHERE remark IS NOT NULL;
            CREATE INDEX ON orders (total) WHERE status <> 'done';
            CREATE INDEX ON customers (id) WHERE vip;
            CREATE INDEX ON papers USING gin (doc jsonb_path_ops);
            CREATE INDEX ON customers (name text_pattern_ops);
            """
        )
    statements = (
        "SELECT customer_id, placed, total FROM orders WHERE customer_id = 7 ORDER BY placed DESC LIMIT 3",
        "SELECT * FROM customers WHERE lower(email) = 'x'",
        "SELECT * FROM customers WHERE lower(email) = 'x' AND points % 7 = 3",
        "SELECT * FROM orders WHERE remark IS NOT NULL ORDER BY placed LIMIT 3",
        "SELECT * FROM orders WHERE status <> 'done' AND total > 5",
        "SELECT * FROM customers WHERE vip",
        "SELECT * FROM papers WHERE doc @> $1",
        "SELECT * FROM customers WHERE name LIKE 'ab%'",
        "SELECT * FROM customers WHERE id = 5",
    )
    with own_shop.bench(*statements) as bench:
        bench.propose()
        found = {spec.ddl().split(" ON ", 1)[1] for spec in bench.indexes}
    for there in (
        "public.orders USING btree (customer_id)",
        "public.orders USING btree (customer_id, placed)",
        "public.orders USING btree (customer_id) INCLUDE (placed, total)",
        "public.orders USING btree (placed) WHERE remark IS NOT NULL",
        "public.orders USING btree (total) WHERE status <> 'done'::text",
        "public.customers USING btree (lower(email))",
        "public.customers USING btree (lower(email), ((points % 7)))",
        "public.customers USING btree (id) WHERE vip",
        "public.customers USING btree (id)",
        "public.papers USING gin (doc jsonb_path_ops)",
        "public.customers USING btree (name text_pattern_ops)",
    ):
        assert there not in found
    assert "public.orders USING btree (total)" in found


def test_a_partial_index_that_can_go_can_come_back(own_shop: Shop) -> None:
    with psycopg.connect(own_shop.dsn, autocommit=True) as connection:
        for name in ("twin_one", "twin_two"):
            connection.execute(f"CREATE INDEX {name} ON orders (lower(remark)) WHERE urgent")
        (drop,) = own_shop.advise("SELECT id FROM orders WHERE urgent AND lower(remark) = 'x'").drops
        connection.execute(drop.ddl)
        connection.execute(drop.undo)
        rows = connection.execute(
            "SELECT count(DISTINCT pg_get_expr(indpred, indrelid)), count(*) FROM pg_index WHERE indexrelid = ANY (ARRAY['twin_one'::regclass, 'twin_two'])"
        )
        assert rows.fetchone() == (1, 2)
        connection.execute("DROP INDEX twin_one, twin_two")
