"""Whatever PostgreSQL can plan is explained, with `$1` wherever pg_stat_statements puts it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from opsadmin.core.errors import OperationError
from opsadmin.plans.asked import asked_of

ODD = (Path(__file__).parent / "odd_statements.sql").read_text(encoding="utf-8").splitlines()

#: With constants, in places where normalising makes something that the grammar does not take.
WORKLOAD = """
SELECT * FROM orders WHERE at > now() - interval '1 day' AND id = 5
SELECT * FROM orders WHERE at > now() - interval '1' day AND note LIKE 'x%'
SELECT date_trunc('day', at), count(*) FROM orders WHERE amount > 5 GROUP BY date_trunc('day', at) ORDER BY date_trunc('day', at)
SELECT extract(hour from at), sum(amount) * 2 FROM orders GROUP BY extract(hour from at)
SELECT extract(epoch from at - '2024-01-01'::timestamptz) / 3600 FROM orders LIMIT 5
SELECT date '2024-01-01' + 5, timestamp with time zone '2024-01-01 00:00+00', time(3) '12:00', numeric(5, 2) '1.5'
SELECT 1 + 2, 'a' || 'b', 1 = 2, abs(-5), -7 % 3
SELECT sum(x) FROM (VALUES (1), (2)) v (x)
SELECT * FROM generate_series(1, 10) g WHERE g % 2 = 0
SELECT count(*) FROM generate_series('2024-01-01'::timestamptz, '2024-02-01', '1 day') g
SELECT * FROM orders WHERE id IN (1, 2, 3) OR code = ANY ('{1,2}')
SELECT coalesce(note, 'none') || '!', count(*) FROM orders GROUP BY coalesce(note, 'none') || '!' HAVING count(*) > 1
SELECT CASE WHEN amount > 10 THEN 1 ELSE 0 END + 5 FROM orders LIMIT 1 OFFSET 2
SELECT extra -> 'n', extra ->> 'n', extra @> '{"n": 1}' FROM customer WHERE (extra ->> 'n')::int > 5 LIMIT 3
SELECT customer_id, rank() OVER (ORDER BY amount), lag(amount, 1, 0) OVER (ORDER BY at) FROM orders LIMIT 1
SELECT * FROM orders TABLESAMPLE SYSTEM (1) REPEATABLE (5)
SELECT 'x' IS NULL, NULL, true, ARRAY[1, 2], ROW(1, 'a'), (1, 2) = (3, 4)
SELECT DISTINCT lower(note) || 'x' FROM orders ORDER BY lower(note) || 'x' LIMIT 2
SELECT substring(note from 1 for 2), overlay(note placing 'x' from 1), trim(both 'x' from note) FROM orders LIMIT 1
SELECT at AT TIME ZONE 'UTC', U&'\\0061' UESCAPE '\\', E'a\\n', X'1F', B'101', 1.5e3 FROM orders LIMIT 1
SELECT DISTINCT ON (id % 10) id, 'x' FROM orders ORDER BY id % 10, at
SELECT round(amount / 3, 2), width_bucket(amount, 0, 100, 10), power(2, 3) FROM orders LIMIT 1
SELECT current_date - 5, now() + 2 * interval '1 hour', age('2024-01-01'::timestamptz)
SELECT * FROM reading WHERE at BETWEEN '2024-01-01' AND '2024-02-01' AND device = 3
SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3
SELECT format('%s %s', 1, 'a'), concat(1, 'b'), json_build_object('a', 1), greatest(1, 2) + 1, to_char(5, '99'), pg_typeof(1)
SELECT array_length(ARRAY[1, 2], 1), unnest('{1,2}'::int[]), array_position('{a,b}'::text[], 'a'), string_to_array('a,b', ',')
WITH RECURSIVE t (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT sum(n) FROM t
INSERT INTO fresh VALUES (1, 'a'), (2, 'b')
UPDATE fresh SET a = a + 1, b = 'c' WHERE a = 2
DELETE FROM fresh WHERE a > 500
PREPARE one (int) AS SELECT * FROM orders WHERE id = $1 AND amount > 5
EXECUTE one (5)
""".strip().splitlines()


def test_there_are_many():
    assert len(set(ODD)) == len(ODD) >= 120


@pytest.mark.parametrize("sql", ODD)
def test_it_is_explained(plan_of, shop, sql):
    if sql.startswith("MERGE") and shop.info.server_version < 150_000:
        pytest.skip("PostgreSQL has MERGE from 15 on.")
    plan = plan_of(sql)
    assert plan.text
    assert plan.generic == any("for any value" in note for note in plan.notes)
    if "ruled" not in sql:
        assert plan.total_cost > 0
        assert plan.tree.node_type != "Rules"


def has_a_plan(text):
    with contextlib.suppress(OperationError):
        return bool(asked_of(text))
    return False


def test_every_text_of_pg_stat_statements_is_explained(plan_of, shop):
    if not shop.execute("SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'").fetchall():
        pytest.skip("pg_stat_statements is not installed here")
    shop.execute("BEGIN")
    for sql in WORKLOAD:
        with shop.cursor() as cursor:
            cursor.execute(sql)
    shop.execute("ROLLBACK")
    texts = [
        text
        for (text,) in shop.execute(
            "SELECT DISTINCT query FROM pg_stat_statements"
            " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND query !~ 'opsadmin'"
        )
    ]
    explained, failed = 0, []
    for text in filter(has_a_plan, texts):
        try:
            plan_of(text)
            explained += 1
        except OperationError as error:
            failed.append((text, error.message))
    assert failed == []
    assert explained >= len(WORKLOAD) - 1


def test_types_that_nothing_says_are_told(plan_of):
    plan = plan_of("SELECT $1 + $2, $3 IS NULL FROM orders WHERE id = $4")
    assert plan.assumed_types == {"$2": "integer", "$3": "text"}
    assert "Nothing in the statement says the type of $3: planned as text." in plan.notes


def test_a_generic_plan_keeps_its_partitions(plan_of):
    plan = plan_of("SELECT * FROM reading WHERE at = $1")
    assert {node.relation for node in plan.tree.walk()} > {"public.reading_2023", "public.reading_2024"}
    constant = plan_of("SELECT * FROM reading WHERE at = '2024-01-05' AND device = $1")
    assert "public.reading_2023" not in {node.relation for node in constant.tree.walk()}


def test_a_cursor_is_planned_as_one(plan_of):
    plain = plan_of("SELECT * FROM orders ORDER BY amount, at")
    cursor = plan_of("DECLARE c CURSOR FOR SELECT * FROM orders ORDER BY amount, at")
    assert plain.total_cost == cursor.total_cost
    one = plan_of("SELECT * FROM orders WHERE customer_id = 5 ORDER BY at")
    cursor = plan_of("DECLARE c CURSOR FOR SELECT * FROM orders WHERE customer_id < 500 ORDER BY at")
    assert (one.tree.node_type, cursor.tree.node_type) == ("Sort", "Index Scan")


def test_rules_make_several_plans_or_none(plan_of):
    assert plan_of("INSERT INTO ruled VALUES (1)").tree.title == "2 statements made by rules"
    assert plan_of("DELETE FROM ruled").tree.children == ()


def test_the_settings_that_are_not_ours_are_told(plan_of, shop):
    name = shop.info.dbname
    shop.execute(f"ALTER DATABASE {name} SET random_page_cost = 1.5")
    try:
        assert plan_of("SELECT * FROM orders WHERE id = $1").settings["random_page_cost"] == "1.5"
        assert "plan_cache_mode" not in plan_of("SELECT * FROM orders WHERE id = $1").settings
    finally:
        shop.execute(f"ALTER DATABASE {name} RESET random_page_cost")
