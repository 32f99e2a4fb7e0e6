"""What has no plan, what must not be planned or run, and what cannot be: each with its sentence, and nothing happens."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from opsadmin.console.errors import SqlRefused
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.plans.server import LIMITS


@pytest.mark.parametrize(
    "sql, said",
    [
        ("", "There is no statement."),
        (" ; ", "There is no statement."),
        ("SELECT 1; DELETE FROM orders", "There is more than one statement: the first ends at character 9."),
        ("SELECT 1; -- x\n COMMIT; DROP TABLE orders", "more than one statement"),
        ("EXPLAIN SELECT 1; SELECT 2", "more than one statement"),
        ("VACUUM orders", "VACUUM has no plan."),
        ("EXECUTE p (1)", "EXECUTE has no plan."),
        ("REFRESH MATERIALIZED VIEW per_customer", "REFRESH has no plan."),
        ("CREATE TABLE x (a integer)", "CREATE has no plan."),
        ("CREATE TABLE x AS EXECUTE p", "EXECUTE has no plan."),
        ("COPY orders TO STDOUT", "COPY has no plan."),
        ("DECLARE c CURSOR FOR", "There is no query after DECLARE."),
        ("EXPLAIN", "There is no query after EXPLAIN."),
        ("EXPLAIN EXPLAIN EXPLAIN EXPLAIN EXPLAIN EXPLAIN SELECT 1", "EXPLAIN has no plan."),
        ("(", "This has no plan."),
        ("CREATE FUNCTION two() RETURNS integer BEGIN ATOMIC SELECT 1; SELECT 2; END", "CREATE has no plan."),
        ("SELCT * FROM orders", "SELCT has no plan."),
        ("SELCT id FROM orders", "SELCT has no plan."),
        ("new.amount > $1", 'missing FROM-clause entry for table "new"'),
        ("SELECT 'x", "cannot be read from its character 8 on"),
        ("SELECT FROM WHERE", 'syntax error at or near "WHERE" (at character 13)'),
        ("SELECT * FROM orders WHERE nme = $1", 'column "nme" does not exist (at character 28)'),
        ("SELECT nothing_like($1, interval $2)", "function nothing_like(unknown, interval) does not exist"),
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist (at character 15)'),
        ("SELECT * FROM orders WHERE id = %s", "syntax error"),
        ("INSERT INTO orders (id) VALUES ('x')", "invalid input syntax for type integer"),
        ("SELECT $0", "There is no parameter $0"),
        ("SELECT $65536", "numbered from $1 to $65535"),
        ("SELECT $" + "9" * 5000, "There is no parameter $9"),
        (" EXCEPT ".join(f"SELECT {number}" for number in range(600)), "The statement is too large"),
        ("SELECT 1 / 0", "division by zero"),
        ("TABLE orders INTO x", "syntax error"),
    ],
)
def test_it_is_said_why_not(plan_of, sql, said):
    with pytest.raises(OperationError) as caught:
        plan_of(sql)
    assert said in caught.value.message
    assert caught.value.exit_code == 2


def test_a_search_for_types_that_is_ended_is_told(plan_of):
    cases = " AND ".join(f"id > CASE WHEN note IS NULL THEN ${n} ELSE ${n + 1} END" for n in range(1, 400, 2))
    with pytest.raises(OperationError) as caught:
        plan_of(f"SELECT * FROM orders WHERE {cases}")
    assert "were not found in the time" in caught.value.hint


def test_a_long_statement_is_read_in_time(plan_of):
    parts = [
        f"SELECT date_trunc($1, o.at) AS day, {n} AS n, $2 AS late FROM orders AS o GROUP BY date_trunc('day', o.at)"
        for n in range(300)
    ]
    begun = time.monotonic()
    with pytest.raises(OperationError):
        plan_of(f"SELECT nowhere FROM ({' UNION ALL '.join(parts)}) AS x WHERE NOT x.late GROUP BY x.n")
    assert time.monotonic() - begun < 10


def test_a_placeholder_of_a_driver_is_recognised(plan_of):
    with pytest.raises(OperationError) as caught:
        plan_of("SELECT * FROM orders WHERE id = %s")
    assert "Parameters are written $1, $2" in caught.value.hint


def test_a_function_that_planning_would_run_is_judged(plan_of):
    begun = time.monotonic()
    with pytest.raises(SqlRefused):
        plan_of("SELECT * FROM orders WHERE id = harmful(1)")
    assert time.monotonic() - begun < 5
    assert plan_of("SELECT * FROM orders WHERE id = twice(1)").total_cost


def test_a_volatile_function_is_not_run_by_planning(plan_of, shop):
    shop.execute("INSERT INTO fresh VALUES (-5, 'kept')")
    assert plan_of("SELECT changing(a) FROM fresh").total_cost
    with pytest.raises(SqlRefused):
        plan_of("SELECT changing(a) FROM fresh", analyze=True)


@pytest.mark.parametrize(
    "sql, said",
    [
        ("DELETE FROM orders", "DELETE changes something"),
        ("CREATE TABLE x AS SELECT 1", "CREATE changes something"),
        ("SELECT id INTO x FROM orders", "SELECT INTO changes something"),
        ("EXPLAIN ANALYZE UPDATE orders SET note = 'x'", "UPDATE changes something"),
        ("SELECT * FROM orders WHERE id = $1", "have no values"),
        ("WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x", "changes data"),
        ("SELECT * FROM orders FOR UPDATE", "lock rows"),
        ("SELECT pg_sleep(1)", "VOLATILE"),
        ("SELECT nextval('customer_id_seq')", "nextval"),
    ],
)
def test_analyze_runs_only_what_reads(plan_of, shop, sql, said):
    with pytest.raises(OperationError) as caught:
        plan_of(sql, analyze=True)
    assert said in caught.value.message
    assert shop.execute("SELECT count(*) FROM orders").fetchone() == (60000,)


def test_analyze_ends_in_time(plan_of, monkeypatch):
    monkeypatch.setattr("opsadmin.plans.explain.LIMITS", replace(LIMITS, statement_ms=700))
    begun = time.monotonic()
    with pytest.raises(OperationFailed) as caught:
        plan_of("SELECT count(*) FROM orders a, orders b, orders c", analyze=True)
    assert time.monotonic() - begun < 4
    assert "ran longer than a look may take" in caught.value.message


def test_analyze_and_tried_indexes_exclude_each_other(plan_of):
    for tried in ({"hypothetical_indexes": ["CREATE INDEX ON orders (note)"]}, {"hidden_indexes": ["orders_pkey"]}):
        with pytest.raises(OperationError, match="cannot be run"):
            plan_of("SELECT 1", analyze=True, **tried)


def test_who_holds_a_table_is_named(plan_of, shop_dsn):
    with psycopg.connect(shop_dsn, application_name="alter") as holder:
        holder.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        begun = time.monotonic()
        with pytest.raises(OperationFailed) as caught:
            plan_of("SELECT * FROM big_orders WHERE id = $1")
        assert time.monotonic() - begun < 4
        held = f"Process {holder.info.backend_pid} (alter) of postgres holds ACCESS EXCLUSIVE on public.orders since"
        assert held in caught.value.message
        assert plan_of("SELECT * FROM customer").total_cost
        holder.rollback()
    assert plan_of("SELECT * FROM big_orders").total_cost


def test_a_role_without_privileges_is_told(plan_of):
    with pytest.raises(OperationError) as caught:
        plan_of("SELECT * FROM orders", user="plans_bare")
    assert caught.value.message == "PostgreSQL cannot plan the statement: permission denied for table orders."
    assert "GRANT SELECT" in caught.value.hint
    assert plan_of("SELECT $1 + 1", user="plans_bare").generic


def test_many_ask_at_once_and_nothing_is_left(plan_of, shop):
    with ThreadPoolExecutor(4) as pool:
        plans = list(pool.map(plan_of, ["SELECT * FROM orders WHERE id = $1", "DELETE FROM ruled WHERE id = $1"] * 6))
    assert len(plans) == 12
    left = shop.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'opsadmin%'"
        " AND state <> 'idle'"
    ).fetchone()
    assert left == (0,)
