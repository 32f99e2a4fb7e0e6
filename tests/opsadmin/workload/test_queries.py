"""get_top_queries against the statements that real sessions sent."""

from __future__ import annotations

import math
from datetime import datetime

import psycopg
import pytest
from django.db import connections
from psycopg.conninfo import make_conninfo

from opsadmin.api import OperationError, get_top_queries
from opsadmin.core.blocks import Code, Note, Table
from opsadmin.postgres.session import read_only
from opsadmin.workload.queries import ORDERS, UNSEEN, _question
from opsadmin.workload.recorder import recorder_of
from tests.opsadmin.workload.conftest import APP, BARE, ODD, alias_at, reset

EVERYTHING = "SELECT o.id, o.note FROM orders AS o"


def texts(found):
    return [one.sql for one in found]


def test_times_are_those_that_were_recorded(workload):
    for _ in range(3):
        workload.execute("SELECT pg_sleep(%s)", [0.1])
    workload.execute(EVERYTHING)
    slept = get_top_queries()[0]
    assert slept.sql == "SELECT pg_sleep($1)"
    assert (slept.calls, slept.rows, slept.entries, slept.toplevel) == (3, 3, 1, True)
    assert 300 <= slept.total_time < 30_000
    assert math.isclose(slept.mean_time, slept.total_time / 3)
    assert slept.min_time <= slept.mean_time <= slept.max_time
    assert 0.5 < slept.share <= 1
    assert slept.database.startswith("workload_")
    assert isinstance(slept.since, datetime)
    assert slept.as_dict()["queryid"] == str(slept.queryid)


def test_every_order_is_descending_and_limited(workload):
    for statement in (EVERYTHING, "SELECT 1", "SELECT 1", "UPDATE orders SET note = 'y'", "SELECT pg_sleep(0.02)"):
        workload.execute(statement)
    by = {
        "io": lambda one: (one.io_time, one.io_blks),
        "wal": lambda one: one.wal_bytes,
        "resources": lambda one: max(one.resources.values()),
    }
    for order in ORDERS:
        found = get_top_queries(sort_by=order, limit=50)
        values = [by.get(order, lambda one, order=order: getattr(one, order))(one) for one in found]
        assert values == sorted(values, reverse=True), order
        assert found, order
    assert get_top_queries(sort_by="wal")[0].sql == "UPDATE orders SET note = $1"
    assert get_top_queries(sort_by="rows")[0].rows == 1000
    assert get_top_queries(sort_by="calls")[0].sql == "SELECT $1"
    assert len(get_top_queries(limit=2)) == 2
    assert get_top_queries(limit=2).found > 2
    every = get_top_queries(limit=50, sort_by="calls")
    assert texts(get_top_queries(limit=2, offset=1, sort_by="calls")) == texts(every)[1:3]
    assert (
        texts(get_top_queries(limit=1, offset=1, sort_by="calls", text="SELECT"))
        == [sql for sql in texts(every) if "SELECT" in sql][1:2]
    )
    assert get_top_queries(limit=2, offset=10_000) == []


def test_resources_are_what_takes_a_twentieth_of_one(workload):
    workload.execute("SELECT pg_sleep(0.05)")
    workload.execute("UPDATE orders SET note = 'z'")
    for number in range(3):
        workload.execute(f"SELECT {number} AS cheap")
    found = {one.sql: one.resources for one in get_top_queries(sort_by="resources", limit=50)}
    assert found["SELECT pg_sleep($1)"]["time"] > 0.5
    assert found["UPDATE orders SET note = $1"]["wal"] > 0.9
    assert "SELECT $1 AS cheap" not in found


def test_own_traffic_is_left_out(workload):
    with read_only("store") as session, session.attempt():
        session.rows("SELECT 'ours' AS ours")
    get_top_queries()
    connections["store"].close()
    assert [
        sql for sql in texts(get_top_queries(limit=1000)) if not sql.startswith(("SELECT pg_stat_statements_", "SET "))
    ] == []


def test_one_statement_of_several_roles_and_callers_is_one(workload, workload_dsn):
    workload.execute("SET pg_stat_statements.track = 'all'")
    workload.execute("DO $$ BEGIN PERFORM count(*) FROM orders; END $$")
    workload.execute("SELECT count(*) FROM orders WHERE id > 500")
    with psycopg.connect(make_conninfo(workload_dsn, user=ODD), autocommit=True) as other:
        other.execute("SELECT count(*) FROM orders WHERE id > 10")
        other.execute("SELECT count(*) FROM orders WHERE id > 20")
    (one,) = get_top_queries(text="WHERE ID >")
    assert (one.calls, one.entries) == (3, 2)
    assert set(one.roles) == {"postgres", ODD}
    assert one.stddev_time >= 0
    assert [query.calls for query in get_top_queries(text="where id >", role=ODD)] == [2]
    (nested,) = get_top_queries(text="SELECT count(*) FROM orders", min_calls=1)[1:]
    assert not nested.toplevel
    assert sum(query.share for query in get_top_queries(limit=1000) if query.toplevel) == pytest.approx(1, abs=0.01)


def test_the_spread_is_that_of_all_calls_together(workload):
    times = [[1.0, 3.0, 8.0], [2.0, 40.0]]
    parts = [(len(t), sum(t) / len(t), (sum(x * x for x in t) / len(t) - (sum(t) / len(t)) ** 2) ** 0.5) for t in times]
    everything = [x for part in times for x in part]
    mean = sum(everything) / 5
    expected = (sum(x * x for x in everything) / 5 - mean**2) ** 0.5
    workload.execute("CREATE SCHEMA stand_in")
    try:
        rows = ", ".join(f"({n}, {m}, {s})" for n, m, s in parts)
        workload.execute(
            f"""CREATE FUNCTION stand_in.pg_stat_statements(boolean) RETURNS TABLE (
                userid oid, dbid oid, toplevel bool, queryid int8, query text, plans int8, total_plan_time float8,
                calls int8, total_exec_time float8, min_exec_time float8, max_exec_time float8, mean_exec_time float8,
                stddev_exec_time float8, rows int8, shared_blks_hit int8, shared_blks_read int8,
                shared_blks_dirtied int8, shared_blks_written int8, local_blks_read int8, local_blks_written int8,
                temp_blks_read int8, temp_blks_written int8, shared_blk_read_time float8,
                shared_blk_write_time float8, local_blk_read_time float8, local_blk_write_time float8,
                temp_blk_read_time float8, temp_blk_write_time float8, wal_bytes numeric, stats_since timestamptz,
                minmax_stats_since timestamptz, parallel_workers_launched int8)
            LANGUAGE sql STABLE AS $$
                SELECT (10 + row_number() OVER ())::int::oid, d.oid, true, 7, 'SELECT', 0, 0, n, n * m, 1, 40, m, s,
                    1, 1, 2, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 5, '2026-01-02 03:04:05+00'::timestamptz, now(), 0
                FROM (VALUES {rows}) AS v (n, m, s), pg_database AS d WHERE d.datname = current_database() $$"""
        )
        workload.execute(
            """CREATE FUNCTION stand_in.pg_stat_statements_info(OUT dealloc int8, OUT stats_reset timestamptz)
            LANGUAGE sql AS $$ SELECT 3, '2025-01-01 00:00:00+00'::timestamptz $$"""
        )
        with _read_from(workload, "stand_in"):
            (one,) = found = get_top_queries()
    finally:
        workload.execute("DROP SCHEMA stand_in CASCADE")
    assert one.calls == 5
    assert one.mean_time == pytest.approx(mean)
    assert one.stddev_time == pytest.approx(expected)
    # The columns of versions 1.11 and 1.12, which PostgreSQL 17 and 18 have.
    assert one.io_time == 2 * 63
    assert (one.wal_bytes, one.shared_blks_read) == (10, 4)
    assert one.since.isoformat().startswith("2026-01-02T")
    assert "thrown out 3 times" in found.notes[0].text
    assert one.roles == ("role 11", "role 12")


class _read_from:
    """The extension stands in another schema, as far as the catalogue says."""

    def __init__(self, connection, schema):
        self.connection, self.schema = connection, schema

    def __enter__(self):
        self._move(self.schema)

    def __exit__(self, *error):
        self._move("public")

    def _move(self, schema):
        self.connection.execute(
            "UPDATE pg_extension SET extnamespace = %s::regnamespace WHERE extname = 'pg_stat_statements'", [schema]
        )


@pytest.mark.parametrize("version", ["1.8", "1.9", "1.10"])
def test_older_versions_of_the_extension(workload, version):
    known = "SELECT FROM pg_available_extension_versions WHERE name = 'pg_stat_statements' AND version = %s"
    if workload.execute(known, [version]).fetchone() is None:
        pytest.skip(f"PostgreSQL {workload.info.server_version // 10_000} has no version {version} of it.")
    workload.execute("DROP EXTENSION pg_stat_statements")
    workload.execute(f"CREATE EXTENSION pg_stat_statements VERSION '{version}'")
    try:
        workload.execute(EVERYTHING)
        (one,) = get_top_queries(text="orders AS o")
        assert (one.calls, one.rows, one.toplevel) == (1, 1000, True)
        assert one.io_time >= 0
        assert (one.since is None) == (version == "1.8")
    finally:
        workload.execute("DROP EXTENSION pg_stat_statements")
        workload.execute("CREATE EXTENSION pg_stat_statements")


def test_a_role_without_privileges_is_told_what_it_misses(workload, workload_dsn):
    workload.execute(EVERYTHING)
    with alias_at(make_conninfo(workload_dsn, user=BARE)):
        found = get_top_queries(limit=50)
        searched = get_top_queries(text="nothing has this")
    (hidden,) = [one for one in found if one.hidden]
    assert (hidden.sql, hidden.queryid, hidden.roles) == (UNSEEN, None, ("postgres",))
    assert hidden.note.endswith(f'GRANT pg_read_all_stats TO "{BARE}";')
    assert "orders" not in str([one.as_dict() for one in found])
    assert [one.hidden for one in searched] == [True], "nobody knows whether it holds the text"
    (note,) = [block for block in found.blocks() if isinstance(block, Note) and block.command]
    assert note.command == f'GRANT pg_read_all_stats TO "{BARE}";'
    workload.execute(f"GRANT pg_read_all_stats TO {BARE}")
    try:
        with alias_at(make_conninfo(workload_dsn, user=BARE)):
            assert EVERYTHING in texts(get_top_queries(limit=50))
    finally:
        workload.execute(f"REVOKE pg_read_all_stats FROM {BARE}")


def test_secrets_are_masked_and_cannot_be_searched_for(workload, workload_dsn):
    workload.execute(f"ALTER ROLE {APP} PASSWORD 'hunter2'")
    workload.execute(f"ALTER ROLE {APP} PASSWORD $$hunter2$$ VALID UNTIL 'infinity'")
    workload.execute("CREATE FOREIGN DATA WRAPPER nothing")
    workload.execute("CREATE SERVER away FOREIGN DATA WRAPPER nothing OPTIONS (host 'h')")
    workload.execute(f"CREATE USER MAPPING FOR {APP} SERVER away OPTIONS (user 'u', password 'hunter2')")
    workload.execute(
        "CREATE SUBSCRIPTION s CONNECTION 'host=h password=hunter2' PUBLICATION p WITH (connect = false, slot_name = NONE)"
    )
    workload.execute("DROP SUBSCRIPTION s")
    workload.execute("DROP FOREIGN DATA WRAPPER nothing CASCADE")
    found = get_top_queries(limit=1000)
    assert "hunter2" not in str([one.as_dict() for one in found]) + str(found.blocks())
    assert f"ALTER ROLE {APP} PASSWORD '***'" in texts(found)
    assert [sql for sql in texts(found) if sql.startswith("CREATE SUBSCRIPTION s CONNECTION '***'")]
    assert not get_top_queries(text="hunter")
    assert get_top_queries(text="alter role")


def test_one_statement_with_its_whole_text(workload):
    long = "SELECT " + ", ".join(f"o.id AS column_{n}" for n in range(1500)) + " FROM orders AS o"
    workload.execute(long)
    (cut,) = get_top_queries(text="column_3 ") or get_top_queries(text="column_3,")
    assert cut.is_cut
    found = get_top_queries(queryid=str(cut.queryid))
    assert (found[0].sql, found[0].is_cut) == (long, False)
    assert [type(block) for block in found.blocks()] == [Note, Code, Table]


def test_nothing_is_added_up_once_for_each_statement(workload):
    """With 5000 statements that took 22 s; without, 0.1 s."""
    with read_only("store") as session:
        question = _question("statements", recorder_of(session))
    values = {"limit": 10, "offset": 0, "sort_by": "io", "min_calls": 1, "characters": 100, "resources_share": 0.05}
    values |= dict.fromkeys(("text", "role", "queryid"))
    ((plan,),) = psycopg.ClientCursor(workload).execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {question}", values).fetchone()
    waiting, scans = [plan["Plan"]], []
    while waiting:
        node = waiting.pop()
        waiting.extend(node.get("Plans", ()))
        if node.get("CTE Name") == "recorded" or node["Node Type"] == "Function Scan":
            scans.append(node["Actual Loops"])
    # The statements twice, the function that reads them, and (not inlined by every version) since when it counts.
    assert scans in ([1, 1, 1, 1], [1, 1, 1])


def test_wrong_parameters(workload):
    for wrong, word in (
        ({"sort_by": "beauty"}, "total_time"),
        ({"limit": 0}, "at least 1"),
        ({"queryid": "abc"}, "whole number"),
        ({"queryid": "9" * 30}, "whole number"),
        ({"queryid": "1"}, "any more"),
        ({"role": "workload_ap"}, "There is no role 'workload_ap'"),
    ):
        with pytest.raises(OperationError, match=word):
            get_top_queries(**wrong)
    assert get_top_queries(role=BARE) == []


def test_nothing_recorded_since_a_reset(workload):
    reset(workload)
    workload.execute("SET pg_stat_statements.track = 'none'")
    with read_only("store") as session:
        session.rows("SELECT 1")
    found = get_top_queries(text="orders")
    assert found == []
    assert [block.empty for block in found.blocks() if isinstance(block, Table)]
