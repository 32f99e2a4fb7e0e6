"""What a plan that ran says in words: where the time went, which estimates were off, what went to disk."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from opsadmin.plans.tree import tree_of
from opsadmin.plans.warnings import warnings_of


@pytest.fixture
def with_settings(shop):
    """Settings of the database, for connections that are made after."""

    @contextmanager
    def use(**settings):
        name = shop.info.dbname
        for key, value in settings.items():
            shop.execute(f"ALTER DATABASE {name} SET {key} = '{value}'")
        try:
            yield
        finally:
            for key in settings:
                shop.execute(f"ALTER DATABASE {name} RESET {key}")

    return use


def ids(plan):
    return {one.id for one in plan.warnings}


def test_self_times_add_up(plan_of):
    plan = plan_of("SELECT customer_id, sum(amount) FROM orders GROUP BY 1 ORDER BY 2 DESC", analyze=True)
    nodes = list(plan.tree.walk())
    assert plan.analyzed
    assert plan.execution_ms >= plan.tree.actual.ms
    assert sum(node.actual.self_ms for node in nodes) == pytest.approx(plan.tree.actual.ms, rel=0.05, abs=0.1)
    assert nodes[-1].actual.rows == 60000


def test_a_cte_is_paid_for_by_its_first_reader(plan_of):
    plan = plan_of(
        "WITH x AS MATERIALIZED (SELECT * FROM orders ORDER BY amount) SELECT count(*) FROM x a JOIN x b USING (id)",
        analyze=True,
    )
    nodes = list(plan.tree.walk())
    assert sum(node.actual.self_ms for node in nodes) == pytest.approx(plan.tree.actual.ms, rel=0.1, abs=0.5)


def test_parallel_workers_share_the_clock(plan_of, with_settings):
    cheap = {"parallel_setup_cost": 0, "parallel_tuple_cost": 0, "min_parallel_table_scan_size": 0}
    with with_settings(**cheap, max_parallel_workers_per_gather=2):
        plan = plan_of("SELECT count(*) FROM orders WHERE amount > 10", analyze=True)
    assert "Gather" in plan.text
    assert sum(node.actual.self_ms for node in plan.tree.walk()) <= plan.tree.actual.ms * 1.3 + 1


def test_an_estimate_that_is_far_off(plan_of, shop):
    plan = plan_of("SELECT * FROM orders WHERE code = '5' AND id % 100 = 5 AND id % 50 = 5", analyze=True)
    (warning,) = [one for one in plan.warnings if one.id == "plan.estimate"]
    assert warning.message.endswith("too few.")
    assert warning.sql == "ANALYZE public.orders;"


def test_a_sort_on_disk(plan_of, with_settings):
    with with_settings(work_mem="64kB"):
        plan = plan_of("SELECT * FROM orders ORDER BY note", analyze=True)
        hashed = plan_of("SELECT count(*) FROM orders a JOIN orders b ON a.note = b.note", analyze=True)
        lossy = plan_of("SELECT count(*) FROM orders WHERE at < '2024-02-05' OR at > '2024-02-08'", analyze=True)
        grouped = plan_of("SELECT note, count(*) FROM orders GROUP BY note", analyze=True)
    (warning,) = [one for one in plan.warnings if one.id == "plan.spill"]
    assert "sorted on disk (external merge)" in warning.message
    assert "work_mem is 64kB" in warning.hint
    assert any("batches on disk" in one.message for one in hashed.warnings)
    assert "plan.spill" in ids(grouped)
    assert "plan.lossy_bitmap" in ids(lossy) or "Bitmap" not in lossy.text


def test_a_whole_table_for_a_few_rows(plan_of):
    assert ids(plan_of("SELECT * FROM orders WHERE note = 'note 5'")) == {"plan.full_scan"}
    (ran,) = plan_of("SELECT * FROM orders WHERE note = 'note 5'", analyze=True).warnings
    assert "read 60 000 rows to keep 1." in ran.message
    assert ids(plan_of("SELECT * FROM orders WHERE amount >= 0")) == set()
    assert ids(plan_of("SELECT * FROM customer WHERE name = 'x'")) == set()
    assert ids(plan_of("SELECT * FROM orders WHERE amount = 5 LIMIT 1")) == set()


def test_a_loop_that_goes_round_often(plan_of, with_settings):
    with with_settings(enable_hashjoin="off", enable_mergejoin="off", enable_memoize="off", enable_material="off"):
        plan = plan_of("SELECT count(*) FROM orders a JOIN orders b ON a.id = b.id + 0", analyze=True)
    assert "plan.nested_loop" in ids(plan)


def test_an_index_only_scan_that_is_not(plan_of, shop, with_settings):
    with with_settings(enable_seqscan="off", enable_bitmapscan="off"):
        plan = plan_of("SELECT count(id) FROM orders WHERE id < 30000", analyze=True)
    assert "plan.heap_fetches" in ids(plan)
    assert "VACUUM public.orders;" in [one.sql for one in plan.warnings]


def test_a_table_that_nobody_analyzed(plan_of):
    (warning,) = plan_of("SELECT * FROM fresh").warnings
    assert (warning.id, warning.sql) == ("plan.no_statistics", "ANALYZE public.fresh;")


def test_what_this_server_does_not_show_at_will():
    """JIT, triggers and missing workers, as the server writes them."""
    gather = {
        "Node Type": "Gather",
        "Startup Cost": 0,
        "Total Cost": 9,
        "Plan Rows": 1,
        "Plan Width": 4,
        "Actual Rows": 1,
        "Actual Loops": 1,
        "Actual Startup Time": 0.1,
        "Actual Total Time": 90,
        "Workers Planned": 4,
        "Workers Launched": 1,
    }
    statement = {
        "Plan": gather,
        "Triggers": [{"Constraint Name": "by_customer", "Relation": "orders", "Time": 50.0, "Calls": 7}],
        "JIT": {"Timing": {"Total": 80.5}},
        "Execution Time": 100.0,
    }
    said = {one.id: one.message for one in warnings_of(tree_of([statement]), [statement], {}, work_mem="4MB")}
    assert said == {
        "plan.workers": "Node 1 (Gather) planned 4 parallel workers and got 1.",
        "plan.jit": "Compiling (JIT) took 80.50 of 100 ms.",
        "plan.trigger": "The trigger by_customer on orders took 50 ms in 7 calls.",
    }
