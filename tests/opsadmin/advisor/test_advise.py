"""Advice as a whole: within its limits, the same each time, and harmless to the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import psycopg
import pytest

from opsadmin.advisor.advice import Advice
from opsadmin.advisor.advise import Limit, Wanted, advise
from opsadmin.core.errors import OperationFailed
from tests.fixtures.postgres import flush_statistics
from tests.opsadmin.advisor.conftest import Shop
from tests.opsadmin.advisor.statements import REFUSED, STATEMENTS

FEW = (
    "SELECT * FROM orders WHERE customer_id = 7",
    "SELECT * FROM orders WHERE status = 'paid' ORDER BY total DESC LIMIT 10",
    "SELECT * FROM items WHERE order_id = $1",
    "SELECT sum(quantity) FROM items WHERE product_id = 5",
    """SELECT * FROM papers WHERE doc @> '{"user": 7}'""",
    "SELECT * FROM customers WHERE vip AND lower(email) LIKE 'user7%'",
    "SELECT * FROM open_named WHERE email = $1",
)


def told(advice: Advice) -> dict[str, Any]:
    """All but how long it took."""
    found = advice.as_dict()
    return {name: value for name, value in found.items() if name != "elapsed_ms"}


@pytest.mark.parametrize("size", [0, 50_000, 700_000, 3_000_000])
@pytest.mark.parametrize("indexes", [None, 1, 2])
def test_limits_bind(shop: Shop, size: int, indexes: int | None) -> None:
    advice = shop.advise(*FEW, size_bytes=size, indexes=indexes)
    assert advice.size_bytes == sum(one.size_bytes for one in advice.recommendations) <= size
    assert indexes is None or len(advice.recommendations) <= indexes
    assert advice.cost_after <= advice.cost_before
    assert advice.complete
    assert bool(advice.recommendations) == (size > 0)


def test_figures_agree(shop: Shop) -> None:
    advice = shop.advise(*FEW)
    assert sum(one.gain for one in advice.recommendations) == pytest.approx(advice.gain)
    assert advice.lower_bound <= advice.cost_after * 1.01
    assert sum(one.weight * one.cost_before for one in advice.queries) == pytest.approx(advice.cost_before)
    assert sum(one.weight * one.cost_after for one in advice.queries) == pytest.approx(advice.cost_after)
    costs = [one.cost for one in advice.frontier]
    assert costs == sorted(costs, reverse=True)
    assert [one.is_chosen for one in advice.frontier].count(True) == 1
    json.dumps(advice.as_dict())
    assert len(advice.blocks()) > 3


def test_weights_decide(shop: Shop) -> None:
    """Room for one index: that of the statement which counts more."""
    statements = ("SELECT * FROM orders WHERE customer_id = 7", "SELECT * FROM items WHERE order_id = 5")
    tables = []
    for weights in ((1.0, 100.0), (100.0, 1.0)):
        wanted = [Wanted(sql, weight) for sql, weight in zip(statements, weights, strict=True)]
        tables.append([one.table for one in shop.advise(*wanted, indexes=1).recommendations])
    assert tables == [["public.items"], ["public.orders"]]


def test_measured_time_decides(shop: Shop) -> None:
    statements = ("SELECT * FROM orders WHERE customer_id = 7", "SELECT * FROM items WHERE order_id = 5")
    wanted = [Wanted(sql, None, calls=10, total_ms=ms) for sql, ms in zip(statements, (1.0, 999.0), strict=True)]
    advice = shop.advise(*wanted)
    assert [one.share for one in advice.queries] == pytest.approx([0.001, 0.999])
    assert advice.recommendations[0].table == "public.items"


RUN = """
import json, sys
from django.conf import settings
settings.configure(USE_I18N=False)
import django
django.setup()
from opsadmin.advisor.advise import Limit, Wanted, advise
from psycopg.conninfo import conninfo_to_dict
from tests.fixtures.memory import peak_kilobytes
dsn, *statements = json.load(sys.stdin)
found = advise(conninfo_to_dict(dsn), [Wanted(one) for one in statements], Limit(seconds=120)).as_dict()
found.pop("elapsed_ms")
print(json.dumps({"advice": found, "kilobytes": peak_kilobytes()}))
"""


def in_a_new_process(shop: Shop, statements: list[str], seed: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps([shop.dsn, *statements]),
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_same_in_every_process(shop: Shop) -> None:
    statements = [*FEW, *(one for name, one in STATEMENTS.items() if name.startswith(("part", "jsonb", "or", "se")))]
    first, second, third = (in_a_new_process(shop, statements, seed)["advice"] for seed in (1, 2, 3))
    assert first == second == third
    assert first["recommendations"]


def test_five_hundred_statements(shop: Shop) -> None:
    statements = [f"SELECT * FROM orders WHERE customer_id = {n} AND total > {n}" for n in range(500)]
    found = in_a_new_process(shop, statements, 1)
    assert len(found["advice"]["queries"]) == 500
    assert found["advice"]["recommendations"][0]["columns"] == ["customer_id", "total"]
    assert found["kilobytes"] < 300_000


def test_time_is_kept(shop: Shop) -> None:
    """Everything at once in two seconds: the best until then, and who got no turn is named."""
    before = time.monotonic()
    advice = shop.advise(*STATEMENTS.values(), seconds=2)
    assert time.monotonic() - before < 2 + 5
    assert advice.recommendations
    assert len(advice.queries) + len(advice.not_analyzed) == len(STATEMENTS)
    assert {one.why for one in advice.not_analyzed} <= {"There was no time left for it."}


def test_what_cannot_be_analysed_is_listed(shop: Shop) -> None:
    refused = [statement for statement, _why in REFUSED.values()]
    advice = shop.advise(*refused, FEW[0])
    assert [one.query for one in advice.not_analyzed] == refused
    assert len(advice.recommendations) == 1
    nothing = shop.advise(*refused)
    assert (nothing.recommendations, nothing.drops, nothing.cost_before, nothing.gain) == ((), (), 0, 0)


def test_nothing_to_gain(shop: Shop) -> None:
    advice = shop.advise(
        "SELECT 1", "TABLE orders", "SELECT * FROM orders WHERE id = 7", "SELECT relname FROM pg_class"
    )
    assert advice.recommendations == ()
    assert advice.not_analyzed == ()
    assert advice.cost_after == advice.cost_before > 0


def test_what_helps_only_together_shares_its_gain(shop: Shop) -> None:
    advice = shop.advise("SELECT * FROM orders WHERE customer_id = 7 OR id BETWEEN 90 AND 95 OR total = 12.5")
    gains = [one.gain for one in advice.recommendations]
    assert len(gains) > 1
    assert gains == pytest.approx([advice.gain / len(gains)] * len(gains))
    costs = [cost for one in advice.recommendations for cost in (one.cost_before, one.cost_after)]
    assert costs[1:-1:2] == pytest.approx(costs[2::2])
    assert costs[-1] == pytest.approx(advice.cost_after)


def test_nothing_is_run(shop: Shop) -> None:
    """No row of a user's table is changed, and none read but those of a few samples."""
    counters = "SELECT relname, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_user_tables ORDER BY relid"
    read = "SELECT sum(seq_scan)::int FROM pg_stat_user_tables"
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        flush_statistics(connection)
        before = connection.execute(counters).fetchall()
        (scans,) = connection.execute(read).fetchone()
        shop.advise(*FEW, *(STATEMENTS[name] for name in ("changing cte", "merge", "update") if name in STATEMENTS))
        connection.execute("SELECT pg_stat_clear_snapshot()")
        assert connection.execute(counters).fetchall() == before
        assert connection.execute(read).fetchone()[0] - scans <= 12
        indexes = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relkind = 'i' AND relname ~ 'hypo|<'"
        ).fetchone()
    assert indexes == (0,)


def test_a_role_without_privileges(shop: Shop) -> None:
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        connection.execute(
            "DO $$ BEGIN CREATE ROLE advised_bare LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
            "DO $$ BEGIN CREATE ROLE advised_app LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
            "GRANT SELECT ON orders, secured TO advised_app; GRANT SELECT ON items TO advised_bare"
        )
    bare = advise({**shop.address, "user": "advised_bare"}, [Wanted(one) for one in FEW])
    assert [one.query for one in bare.not_analyzed] == [one for one in FEW if "items" not in one]
    assert all("permission denied" in one.why for one in bare.not_analyzed)
    # Nor may it use HypoPG.
    assert {one.basis for one in bare.recommendations} == {"model"}
    assert "may not use HypoPG" in bare.notes[0]
    app = advise(shop.address, [Wanted("SELECT filler FROM secured WHERE id > 3")], role="advised_app")
    assert [one.columns[0] for one in app.recommendations] == ["tenant"]  # by its policy


def test_a_locked_table(shop: Shop) -> None:
    with psycopg.connect(shop.dsn) as holder:
        holder.execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        advice = shop.advise(*FEW)
        holder.rollback()
    assert [one.query for one in advice.not_analyzed] == [one for one in FEW if "items" in one]
    assert all("locked" in one.why for one in advice.not_analyzed)
    assert advice.recommendations


@pytest.mark.parametrize("when", ["reading the statements", "looking for candidates", "asking for plans", "searching"])
def test_a_server_that_goes_away(shop: Shop, when: str) -> None:
    def end(says: str, share: float) -> None:
        if says == when:
            with psycopg.connect(shop.dsn, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'opsadmin console' AND datname = current_database()"
                )

    with pytest.raises(OperationFailed, match="PostgreSQL does not answer"):
        advise(shop.address, [Wanted(one) for one in FEW], Limit(), progress=end)


def test_no_server_at_all(shop: Shop) -> None:
    with pytest.raises(OperationFailed, match="PostgreSQL does not answer"):
        advise({**shop.address, "port": "1"}, [Wanted("SELECT 1")])


def test_a_server_that_takes_no_writes(own_shop: Shop) -> None:
    with psycopg.connect(own_shop.dsn, autocommit=True) as connection:
        name = own_shop.address["dbname"]
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            advice = own_shop.advise(*FEW)
        finally:
            connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    assert len(advice.recommendations) >= 4


def test_without_hypopg(own_shop: Shop) -> None:
    """The model's advice is the planner's in plain cases, and says whose it is."""
    with psycopg.connect(own_shop.dsn, autocommit=True) as connection:
        connection.execute("DROP EXTENSION hypopg")
        try:
            advice = own_shop.advise(*FEW)
        finally:
            connection.execute("CREATE EXTENSION hypopg SCHEMA extra")
    assert {one.basis for one in advice.recommendations} == {"model"}
    assert "HypoPG is not in the database." in advice.notes[0]
    planned = {(one.table, one.columns[0]) for one in own_shop.advise(*FEW).recommendations}
    modelled = {(one.table, one.columns[0]) for one in advice.recommendations}
    assert len(planned & modelled) >= 0.7 * len(planned)


def test_an_index_is_made_longer_instead_of_another_added(own_shop: Shop) -> None:
    statement = "SELECT * FROM orders WHERE status = 'paid' ORDER BY total DESC LIMIT 10"
    with psycopg.connect(own_shop.dsn, autocommit=True) as connection:
        connection.execute("CREATE INDEX old_one ON orders (status)")
        advice = own_shop.advise(statement)
        connection.execute("DROP INDEX old_one")
    assert [one.columns for one in advice.recommendations] == [("status", "total")]
    assert [one.index for one in advice.drops] == ["public.old_one"]


def test_writes_weigh_against_an_index(own_shop: Shop) -> None:
    """A statement sent ten times for each hundred thousand rows that come in."""
    with psycopg.connect(own_shop.dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_reset()")
        connection.execute(
            "INSERT INTO items SELECT * FROM items; INSERT INTO items SELECT * FROM items; ANALYZE items"
        )
        flush_statistics(connection)
        age = connection.execute(
            "SELECT extract(EPOCH FROM now() - stats_reset)::float8 FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert age is not None
    seldom = Wanted("SELECT * FROM items WHERE order_id = 5", None, calls=10, total_ms=100)
    often = Wanted("SELECT * FROM items WHERE order_id = 5", None, calls=10_000, total_ms=100_000)
    assert own_shop.advise(seldom, window_seconds=age[0] + 1).recommendations == ()
    assert len(own_shop.advise(often, window_seconds=age[0] + 1).recommendations) == 1
    assert len(own_shop.advise(seldom).recommendations) == 1


def test_what_is_too_wide_for_a_page_is_not_advised(own_shop: Shop) -> None:
    with psycopg.connect(own_shop.dsn, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE letters AS SELECT i AS id, (SELECT string_agg(md5(random()::text || i || j), '')"
            " FROM generate_series(1, 150) AS j) AS letter FROM generate_series(1, 500) AS i"
        )
        connection.execute("ANALYZE letters")
        assert own_shop.ddl("SELECT * FROM letters WHERE letter = 'x'") == []
        connection.execute("DROP TABLE letters")


def test_names_are_found_by_the_search_path(own_shop: Shop) -> None:
    with psycopg.connect(own_shop.dsn, autocommit=True) as connection:
        name = own_shop.address["dbname"]
        connection.execute(f"""ALTER DATABASE {name} SET search_path = 'Odd "Sch.ma', public""")
        found = own_shop.advise('SELECT * FROM "Sélect Ünï.code ""x""" WHERE "select" = 5').recommendations
        connection.execute(f"ALTER DATABASE {name} RESET search_path")
    assert [one.columns for one in found] == [("select",)]
