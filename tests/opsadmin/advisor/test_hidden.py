"""Indexes that seem superfluous, with the planner's word on it: hidden, where HypoPG can (1.4 and newer)."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from opsadmin.advisor.advise import Limit, Wanted, advise, hypo_of
from opsadmin.advisor.drops import Drop
from opsadmin.advisor.planner import Planner
from opsadmin.console.session import Limits, console_session
from opsadmin.plans.asked import asked_of
from opsadmin.plans.server import PlanSession
from tests.opsadmin.advisor.conftest import drop_database, made_database

TABLES = """
CREATE TABLE goods (id int PRIMARY KEY, shop int, kind int, day date, note text);
INSERT INTO goods SELECT n, n % 500, n % 40, date '2026-01-01' + n % 1000, repeat(md5(n::text), 6)
    FROM generate_series(1, 60000) AS n;
-- Looks superfluous beside the other, which is twenty times as wide.
CREATE INDEX kind ON goods (kind);
CREATE INDEX kind_note ON goods (kind, note);
-- As good as the one that begins with it.
CREATE INDEX day ON goods (day);
CREATE INDEX day_kind ON goods (day, kind);
CREATE TABLE sales (id int PRIMARY KEY, shop int, day date, price numeric);
INSERT INTO sales SELECT n, n % 300, date '2026-01-01' + n % 1000, n FROM generate_series(1, 60000) AS n;
CREATE INDEX shop ON sales (shop);
"""
COUNT = "SELECT count(*) FROM goods WHERE kind BETWEEN 3 AND 20"
DAY = "SELECT note FROM goods WHERE day = '2026-03-03'"
#: No plan needs `shop` any more once (shop, day) is there, but that is not its beginning: it begins with day.
SALES = "SELECT sum(price) FROM sales WHERE shop = 7 AND day = '2026-02-03'"


@pytest.fixture(scope="module")
def goods(superuser_dsn: str) -> Iterator[str]:
    dsn = made_database(superuser_dsn, "hidden_goods")
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS hypopg")
            connection.execute(TABLES)
            connection.execute("VACUUM ANALYZE")
        yield dsn
    finally:
        drop_database(superuser_dsn, "hidden_goods")


@pytest.fixture
def hides(goods: str) -> str:
    with psycopg.connect(goods) as connection:
        if connection.execute("SELECT FROM pg_proc WHERE proname = 'hypopg_hide_index'").fetchone() is None:
            pytest.skip("This HypoPG cannot hide indexes; 1.4 and newer can.")
    return goods


def advised(dsn: str, *statements: str, calls: int = 0, window: float = 0.0) -> tuple[dict[str, Drop], str]:
    wanted = [Wanted(one, 1e9, calls=calls) for one in statements]
    advice = advise(conninfo_to_dict(dsn), wanted, Limit(), window_seconds=window)
    return {one.index.removeprefix("public."): one for one in advice.drops}, " ".join(advice.notes)


def test_an_index_that_would_be_missed_stays(hides: str) -> None:
    drops, notes = advised(hides, COUNT, DAY)
    assert "kind" not in drops
    assert "public.kind stays" in notes
    assert drops["day"].why == "redundant"
    assert drops["day"].cost_without == pytest.approx(0, abs=0.01)
    assert "Tried with it hidden: the 2 statements on its table cost" in drops["day"].reason


def test_nobody_looked_who_needs_it(hides: str) -> None:
    """What no statement on its table uses is not missed."""
    drops, _notes = advised(hides, DAY)
    assert drops["kind"].cost_without == 0
    assert "the 1 statement on its table costs no more" in drops["kind"].reason


def test_an_index_that_lost_its_readers(hides: str) -> None:
    """Only where all its use is by the statements that were looked at."""
    with psycopg.connect(hides, autocommit=True) as connection:
        connection.execute("SET enable_seqscan = off")
        for _ in range(3):
            connection.execute(SALES)
    drops, _notes = advised(hides, SALES, calls=10**9, window=86400)
    assert drops["shop"].why in ("superseded", "replaced")
    assert drops["shop"].cost_without == 0
    assert drops["shop"].undo == "CREATE INDEX CONCURRENTLY shop ON public.sales USING btree (shop);"
    for calls, window in ((1, 86400), (0, 0)):
        drops, _notes = advised(hides, SALES, calls=calls, window=window)
        assert not drops or drops["shop"].why == "replaced"


def test_nothing_stays_hidden(hides: str) -> None:
    """Also for the next who gets the server's session from a pooler: the planner's own session is used again here."""
    limits = Limits(seconds=60, statement_ms=20_000, resolve_ms=5000, line_bytes=500_000_000, lock_ms=500)
    with console_session(conninfo_to_dict(hides), limits) as session:
        plans = PlanSession(session, asked_of("SELECT 1"))
        hypo, can, _lacks = hypo_of(plans)
        planner = Planner(session, hypo, hides=can)
        statement = planner.read("SELECT note FROM goods WHERE day = $1")
        planner.settle()
        oids = {
            row["name"]: row["oid"]
            for row in plans.rows("SELECT relname AS name, oid::int AS oid FROM pg_class WHERE relname ~ '^day'", {})
        }
        # Both are as good: which one is taken is the planner's affair.
        (first,) = planner.cost(statement, (), ()).existing
        (other,) = {"day", "day_kind"} - {first}
        assert planner.cost(statement, (), (), [oids[first]]).existing == {other}
        assert planner.cost(statement, (), (), oids.values()).existing == set()
        assert planner.cost(statement, (), (), [oids[other]]).existing == {first}
        planner.forget()
        assert plans.rows(f"SELECT count(*) AS n FROM {hypo}.hypopg_hidden_indexes", {})[0]["n"] == 0


def test_without_hiding(goods: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As before: by the definitions."""
    monkeypatch.setattr("opsadmin.advisor.advise.hypo_of", lambda plans: (hypo_of(plans)[0], False, ""))
    drops, notes = advised(goods, COUNT, DAY)
    assert set(drops) == {"day", "kind"}
    assert {one.cost_without for one in drops.values()} == {None}
    assert not notes
