"""Indexes that are not there, and indexes that are not seen: cost before and after, and nothing is left behind."""

from __future__ import annotations

import time

import psycopg
import pytest

from opsadmin.core.errors import OperationError, OperationFailed

ODD = '"Odd.Schema"."Odd ""Table"" ü"'


@pytest.fixture(autouse=True)
def _needs_hypopg(shop):
    if not shop.execute("SELECT FROM pg_extension WHERE extname = 'hypopg'").fetchall():
        pytest.skip("hypopg is not installed here")


@pytest.mark.parametrize(
    "index",
    [
        {"table": "orders", "columns": ["note"], "using": "btree"},
        {"table": "orders", "columns": ["note"]},
        {"table": "public.orders", "columns": "note"},
        {"table": "ORDERS", "columns": ["NOTE"], "schema": "public"},
        {"table": '"orders"', "columns": ['"note"', "id desc nulls last"]},
        {"table": "orders", "columns": ["note text_pattern_ops"], "include": ["amount"]},
        {"table": "orders", "columns": ["note"], "where": "(note IS NOT NULL)", "unique": True},
        "CREATE INDEX ON orders (note)",
        'create unique index concurrently if not exists "my i;x" on only public.orders using btree (note) ;',
        'CREATE INDEX x ON orders (note COLLATE "default" DESC, (amount * 2), abs(id)) WITH (fillfactor = 70)',
    ],
)
def test_an_index_makes_it_cheaper(plan_of, shop, index):
    plan = plan_of("SELECT * FROM orders WHERE note = $1", hypothetical_indexes=[index])
    (tried,) = plan.hypothetical_indexes
    assert tried.used
    assert tried.size_bytes > 100_000
    assert plan.before.total_cost > 10 * plan.after.total_cost
    assert plan.gain > 10
    assert plan.total_cost == plan.after.total_cost
    assert (plan.before.tree.node_type, plan.tree.node_type) in {
        ("Seq Scan", "Index Scan"),
        ("Seq Scan", "Bitmap Heap Scan"),
    }
    assert "btree" in plan.text
    assert shop.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'orders'").fetchone() == (2,)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM customer AS c JOIN orders AS o ON o.customer_id = c.id WHERE o.note = 'x'",
        "SELECT * FROM orders AS one JOIN orders AS other USING (id) WHERE one.note = 'x'",
        "SELECT * FROM (SELECT * FROM orders LIMIT 5) AS few WHERE note = 'x'",
    ],
)
@pytest.mark.parametrize(
    "index", ["CREATE INDEX ON orders (id) WHERE note = 'x'", "CREATE INDEX ON orders (lower(note))"]
)
def test_what_hypopg_would_take_for_an_index_of_another_table_is_not_tried(plan_of, sql, index):
    """Its issue 116: the server may crash."""
    with pytest.raises(OperationError, match="first table of a statement") as caught:
        plan_of(sql, hypothetical_indexes=[index])
    assert "Name its table first" in caught.value.hint
    assert plan_of(sql, hypothetical_indexes=["CREATE INDEX ON orders (note, id)"]).hypothetical_indexes


def test_a_partial_index_is_tried_on_the_first_table_of_a_join(plan_of):
    plan = plan_of(
        "SELECT * FROM orders AS o JOIN customer AS c ON o.customer_id = c.id WHERE o.note = 'x'",
        hypothetical_indexes=["CREATE INDEX ON orders (id) WHERE note = 'x'"],
    )
    assert plan.hypothetical_indexes[0].used


def test_names_that_need_quotes(plan_of):
    wanted = {"schema": "Odd.Schema", "table": 'Odd "Table" ü', "columns": ["Col.Umn", "select"]}
    for index in (
        wanted,
        {**wanted, "schema": None, "table": 'Odd.Schema.Odd "Table" ü'},
        f'CREATE INDEX ON {ODD} ("Col.Umn")',
    ):
        plan = plan_of(f'SELECT * FROM {ODD} WHERE "Col.Umn" = 5', hypothetical_indexes=[index])
        assert plan.hypothetical_indexes[0].used


def test_one_that_does_not_help(plan_of):
    plan = plan_of("SELECT * FROM orders", hypothetical_indexes=[{"table": "orders", "columns": ["note"]}])
    assert plan.gain == 1
    assert not plan.hypothetical_indexes[0].used
    assert any(getattr(block, "more", "") == "The plan is the same: it would not help." for block in plan.blocks())


@pytest.mark.parametrize(
    "index, said, allowed",
    [
        ({"table": "orders", "columns": ["custmer_id"]}, "public.orders has no column 'custmer_id'", "customer_id"),
        ({"table": "order", "columns": ["id"]}, "There is no table 'order'", "orders"),
        ({"table": "orders", "columns": ["id"], "schema": "nope"}, "in the schema 'nope'", None),
        ({"table": "big_orders", "columns": ["id"]}, "is a view", None),
        ({"table": "orders", "columns": []}, "at least one column", None),
        ({"table": "orders"}, "at least one column", None),
        ({"columns": ["id"]}, "table of an index is None", None),
        ({"table": "orders", "columns": [5]}, "must be a list of texts", None),
        ({"table": "orders", "columns": ["id"], "colums": 1}, "An index has no 'colums'", "columns"),
        ({"table": "orders", "columns": ["id"], "using": "b tree"}, "must be the name of an access method", "btree"),
        ({"table": "orders", "columns": ["id"], "using": "nothing"}, "There can be no such index", None),
        (
            {"table": "orders", "columns": ["id"], "where": "amount > 0; DROP TABLE orders"},
            "is not one CREATE INDEX",
            None,
        ),
        ({"table": "orders", "columns": ["id"], "where": "amount > 0) x ("}, "is not one CREATE INDEX", None),
        ({"table": "orders", "columns": ["id"], "where": "amont > 0"}, "There can be no such index", None),
        ({"table": "orders", "columns": ["id"], "where": "amount > $1"}, "An index has no parameters", None),
        ({"table": "orders", "columns": ["note) x"]}, "has no column", "note"),
        ({"table": "orders", "columns": ["id"], "unique": "yes"}, "must be true or false", None),
        ("DROP TABLE orders", "is no CREATE INDEX", None),
        ("CREATE INDEX ON orders (id); DROP TABLE orders", "is not one CREATE INDEX", None),
        ("CREATE INDEX", "ON and a table are missing", None),
        ("CREATE INDEX ON orders", "A table and its columns are missing", None),
        ("CREATE INDEX ON orders (", "A parenthesis is not closed", None),
        ("CREATE INDEX ON orders (id,)", "A column is missing", None),
        ("CREATE INDEX ON nowhere (id)", "There can be no such index", None),
        ("CREATE INDEX ON orders (nme)", "There can be no such index", None),
        (5, "is no index", None),
    ],
)
def test_one_that_cannot_be(plan_of, shop, index, said, allowed):
    with pytest.raises(OperationError) as caught:
        plan_of("SELECT * FROM orders", hypothetical_indexes=[index])
    assert said in caught.value.message
    assert caught.value.exit_code == 2
    assert allowed is None or allowed in caught.value.allowed
    assert shop.execute("SELECT count(*) FROM orders").fetchone() == (60000,)


def test_what_an_index_computes_is_judged(plan_of):
    with pytest.raises(OperationError, match="pg_sleep"):
        plan_of("SELECT * FROM orders", hypothetical_indexes=["CREATE INDEX ON orders (id) WHERE harmful(1) = 1"])


def test_an_index_is_hidden_or_it_is_said_why_not(plan_of, shop):
    hides = shop.execute("SELECT FROM pg_proc WHERE proname = 'hypopg_hide_index'").fetchall()
    if not hides:
        with pytest.raises(OperationFailed) as caught:
            plan_of("SELECT * FROM orders WHERE id = 5", hidden_indexes=["orders_pkey"])
        assert "cannot hide indexes; 1.4 and later can." in caught.value.message
        assert "ALTER EXTENSION hypopg UPDATE;" in caught.value.hint
        return
    plan = plan_of("SELECT * FROM orders WHERE id = 5", hidden_indexes=["orders_pkey"])
    assert (plan.before.tree.node_type, plan.after.tree.node_type) == ("Index Scan", "Seq Scan")
    assert plan.hidden_indexes == ("public.orders_pkey",)
    with pytest.raises(OperationError) as wrong:
        plan_of("SELECT 1", hidden_indexes=["orders_pky"])
    assert wrong.value.allowed[0] == "orders_pkey"


def test_without_hypopg_the_steps_are_told(plan_of, shop):
    shop.execute("DROP EXTENSION hypopg")
    try:
        with pytest.raises(OperationFailed) as caught:
            plan_of("SELECT * FROM orders", hypothetical_indexes=["CREATE INDEX ON orders (note)"])
    finally:
        shop.execute('CREATE SCHEMA "hy po"; CREATE EXTENSION hypopg SCHEMA "hy po"')
    assert "What-if needs the extension hypopg" in caught.value.message
    assert "CREATE EXTENSION hypopg;" in caught.value.hint
    plan = plan_of("SELECT * FROM orders WHERE note = 'x'", hypothetical_indexes=["CREATE INDEX ON orders (note)"])
    assert plan.hypothetical_indexes[0].used
    shop.execute('DROP EXTENSION hypopg; DROP SCHEMA "hy po"; CREATE EXTENSION hypopg')


def test_a_pooled_session_is_left_as_it_was(shop_dsn):
    """The one session that a pooler hands on to the next one has no index and no statement of ours."""
    from opsadmin.console.session import ConsoleSession, Limits
    from opsadmin.plans.asked import asked_of
    from opsadmin.plans.server import PlanSession
    from opsadmin.plans.whatif import tried, wanted_of

    with psycopg.connect(shop_dsn, autocommit=True, prepare_threshold=None) as connection:
        session = ConsoleSession(connection, None, Limits(), time.monotonic() + 20)
        session.begin()
        plans = PlanSession(session, asked_of("SELECT * FROM orders WHERE note = $1 AND at > interval $2 + now()"))
        plans.read()
        wanted = wanted_of(plans, ["CREATE INDEX ON orders (note)"], [])
        with pytest.raises(psycopg.errors.UndefinedTable), tried(plans, wanted, []):
            assert "btree" in plans.explain().raw
            with plans.attempt():
                connection.execute("SELECT * FROM nowhere")
        connection.execute("ROLLBACK")
        assert connection.execute("SELECT count(*) FROM hypopg_list_indexes").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''").fetchone() == (0,)
