"""Running on a real server: values, parameters, limits, what is left behind, what happens when the server does not play."""

from __future__ import annotations

import datetime
import socket
import threading
import time
from decimal import Decimal

import psycopg
import pytest

from opsadmin.console.errors import SqlFailed, SqlRefused, SqlWrong
from opsadmin.console.run import run
from opsadmin.console.session import APPLICATION_NAME, Limits
from switchbot_site.local.cluster import SUPERUSER
from tests.opsadmin.console.conftest import READER


def test_columns_have_names_and_types_and_values_are_python_s(shop):
    rows = run(
        shop.parameters(READER),
        "SELECT 1 AS n, 1.50::numeric(10, 2) AS d, now()::date AS today, ARRAY['a', NULL] AS a, '{\"x\": [1]}'::jsonb AS j, NULL AS nothing,"
        " 'a'::varchar(5) AS v, true AS b, '\\x00'::bytea AS bytes",
    )
    assert [(column.name, column.type) for column in rows.columns] == [
        ("n", "integer"),
        ("d", "numeric(10,2)"),
        ("today", "date"),
        ("a", "text[]"),
        ("j", "jsonb"),
        ("nothing", "text"),
        ("v", "character varying(5)"),
        ("b", "boolean"),
        ("bytes", "bytea"),
    ]
    (row,) = rows.rows
    assert row == (1, Decimal("1.50"), row[2], ["a", None], {"x": [1]}, None, "a", True, b"\x00")
    assert isinstance(row[2], datetime.date)
    assert not rows.truncated


def test_an_interval_keeps_its_months(shop):
    rows = run(shop.parameters(READER), "SELECT interval '1 month 2 days', ARRAY[interval '1 year']")
    assert rows.rows == (("1 mon 2 days", '{"1 year"}'),)


def test_what_python_does_not_know_stays_text(shop):
    rows = run(
        shop.parameters(READER),
        "SELECT date '0044-03-15 BC', 'infinity'::timestamptz, (repeat('[', 90) || repeat(']', 90))::json",
    )
    assert rows.rows == (("0044-03-15 BC", "infinity", "[" * 90 + "]" * 90),)


def test_more_rows_than_the_limit_are_said_to_be_more(shop):
    rows = run(shop.parameters(READER), "SELECT id FROM customer ORDER BY id", limit=3)
    assert (rows.rows, rows.truncated) == (((1,), (2,), (3,)), True)
    assert not run(shop.parameters(READER), "SELECT 1", limit=1).truncated


def test_parameters_are_never_part_of_the_text(shop):
    evil = "x'; DELETE FROM canary; --"
    assert run(shop.parameters(READER), "SELECT $1::text, $2 + 1", [evil, 41]).rows == ((evil, 42),)
    assert run(shop.parameters(READER), "SELECT %(a)s::text", {"a": evil}).rows == ((evil,),)
    assert run(shop.parameters(READER), "SELECT $1 ->> 'k'", [{"k": "v"}]).rows == (("v",),)
    assert run(shop.parameters(READER), "EXPLAIN SELECT * FROM customer WHERE id = $1", [1]).rows
    assert run(shop.parameters(READER), "SELECT count(*) FROM customer WHERE id = ANY ($1)", [[1, 2]]).rows == ((2,),)


@pytest.mark.parametrize(
    "sql, words",
    [
        ("SELECT nothing", 'column "nothing" does not exist (at character 8).'),
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT FROM WHERE", "syntax error"),
        ("SELECT 1 / 0", "division by zero."),
        ("SELECT $1 IS NULL", "could not determine data type of parameter $1"),
        ("SELECT $1::int", "has 1 parameters and params has 0 values"),
    ],
)
def test_what_postgresql_does_not_accept_is_said_in_its_words(shop, sql, words):
    with pytest.raises(SqlWrong) as caught:
        run(shop.parameters(READER), sql)
    assert words in caught.value.message


def test_a_part_that_may_not_be_read_is_a_mistake_of_the_caller_and_no_fault(shop):
    with psycopg.connect(shop.dsn(SUPERUSER), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (i int); CREATE ROLE nobody_much LOGIN")
    try:
        with pytest.raises(SqlWrong, match="permission denied for table kept"):
            run(shop.parameters("nobody_much"), "SELECT * FROM kept")
        assert run(shop.parameters("nobody_much"), "SELECT 1").rows == ((1,),)
    finally:
        with psycopg.connect(shop.dsn(SUPERUSER), autocommit=True) as connection:
            connection.execute("DROP TABLE kept; DROP ROLE nobody_much")


def test_a_locked_table_is_not_waited_for(shop):
    with psycopg.connect(shop.dsn(SUPERUSER)) as connection:
        connection.execute("LOCK TABLE tree_count IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(SqlFailed, match="locked by somebody else"):
            run(shop.parameters(READER), "SELECT * FROM tree_count", limits=Limits(lock_ms=100))


def test_nothing_is_left_on_the_server(shop):
    run(shop.parameters(READER), "SELECT * FROM generate_series(1, 1000000)", limit=10)
    with psycopg.connect(shop.dsn(SUPERUSER), autocommit=True) as connection:
        sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
        patience = time.monotonic() + 5
        while connection.execute(sessions, (APPLICATION_NAME,)).fetchone() != (0,):
            assert time.monotonic() < patience


def test_the_server_s_log_is_spared_where_the_role_may_choose(shop):
    log = shop.cluster.log
    before = log.stat().st_size
    run(shop.parameters(SUPERUSER), "SELECT 'spared' FROM customer")
    assert "rewritten parse tree" not in log.read_text(errors="replace")[before:]


def test_a_role_s_own_search_path_counts(shop):
    with psycopg.connect(shop.dsn(SUPERUSER), autocommit=True) as connection:
        connection.execute(
            "CREATE SCHEMA shadow; CREATE FUNCTION shadow.upper(text) RETURNS text LANGUAGE plpgsql AS"
            " 'BEGIN DELETE FROM public.canary; RETURN $1; END'; CREATE FUNCTION shadow.eq(name, name) RETURNS boolean"
            " LANGUAGE sql AS 'SELECT true'; CREATE OPERATOR shadow.= (leftarg = name, rightarg = name, function = shadow.eq)"
        )
        connection.execute(f"ALTER ROLE {READER} SET search_path = shadow, public, pg_catalog")
    try:
        with pytest.raises(SqlRefused, match="DELETE"):
            run(shop.parameters(READER), "SELECT upper('a')")
        assert run(shop.parameters(READER), "SELECT pg_catalog.upper('a'), count(*) FROM canary").rows == (("A", 1),)
    finally:
        with psycopg.connect(shop.dsn(SUPERUSER), autocommit=True) as connection:
            connection.execute(f"DROP SCHEMA shadow CASCADE; ALTER ROLE {READER} RESET search_path")


def test_another_role_may_be_taken_for_the_statement(shop):
    assert run(shop.parameters(SUPERUSER), "SELECT current_user", role=READER).rows == ((READER,),)


def test_the_planner_s_settings_stay_for_explain(shop):
    assert run(shop.parameters(READER), "SELECT current_setting('max_parallel_workers_per_gather')").rows == (("0",),)
    (plan,) = run(shop.parameters(READER), "EXPLAIN (SETTINGS, FORMAT json) SELECT 1").rows
    assert "jit" not in str(plan)


@pytest.mark.parametrize("host", ["/nowhere", "127.0.0.1"])
def test_a_server_that_is_not_there_is_said_to_be_away(host):
    with pytest.raises(SqlFailed) as caught:
        run({"host": host, "port": "1", "dbname": "x", "user": "x", "password": "hidden-word"}, "SELECT 1")
    assert caught.value.message == "PostgreSQL does not answer."
    assert "hidden-word" not in repr(caught.value.as_dict())


def test_a_server_that_accepts_and_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        begun = time.monotonic()
        with pytest.raises(SqlFailed):
            run(
                {"host": "127.0.0.1", "port": str(mute.getsockname()[1]), "dbname": "x", "user": "x"},
                "SELECT 1",
                limits=Limits(seconds=1),
            )
        assert time.monotonic() - begun < 5


def test_over_tcp_and_with_a_password_file(new_postgres, tmp_path, monkeypatch):
    """The line listens elsewhere than the server; libpq must still find what belongs to the server's address."""
    port = _listen_on_tcp(new_postgres)
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"127.0.0.1:{port}:postgres:by_password:open sesame\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    address = {"host": "127.0.0.1", "port": str(port), "dbname": "postgres", "user": "by_password"}
    assert run(address, "SELECT current_user").rows == (("by_password",),)
    assert run(address, "SELECT * FROM generate_series(1, 1000000)", limit=1).truncated
    with pytest.raises(SqlFailed):
        run({**address, "password": "wrong"}, "SELECT 1")


def test_a_server_that_dies_meanwhile_is_said_to_be_away(new_postgres):
    """Killed by its process while the statement runs."""
    address = {"host": str(new_postgres.sockets), "port": "5432", "dbname": "postgres", "user": SUPERUSER}
    killer = threading.Thread(target=_stop_once_it_runs, args=(new_postgres,))
    killer.start()
    with pytest.raises(SqlFailed) as caught:
        run(address, "SELECT count(*) FROM generate_series(1, 100000000) a, generate_series(1, 100) b")
    killer.join()
    assert "longer" not in caught.value.message


def _stop_once_it_runs(cluster) -> None:
    running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND query LIKE '%%generate_series%%'"
    with psycopg.connect(cluster.dsn("postgres", user=SUPERUSER), autocommit=True) as connection:
        while connection.execute(running, (APPLICATION_NAME,)).fetchone() != (1,):
            pass
    cluster.stop("immediate")


def _listen_on_tcp(cluster) -> int:
    """Let the server listen on TCP as well, and ask for passwords there."""
    with psycopg.connect(cluster.dsn("postgres", user=SUPERUSER), autocommit=True) as connection:
        connection.execute("CREATE ROLE by_password LOGIN PASSWORD 'open sesame'")
    cluster.stop()
    rules = cluster.data / "pg_hba.conf"
    rules.write_text(rules.read_text() + "host all all 127.0.0.1/32 scram-sha-256\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with (cluster.data / "postgresql.conf").open("a") as file:
        file.write(f"listen_addresses = '127.0.0.1'\nport = {port}\n")
    cluster.settings["listen_addresses"] = "127.0.0.1"
    cluster.start()
    return port
