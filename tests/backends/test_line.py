"""The line to PostgreSQL: deadlines, dead connections, the pool's figures, and what inner parts of psycopg_pool
stores.backends.fast_pool leans on."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from stores.backends.line import REQUEST, Line
from stores.errors import DocumentError, StoreBusy, StoreError, StoreMisconfigured, StoreReadOnly, StoreUnavailable
from switchbot_site.local.cluster import Cluster
from tests.fixtures.proxy import Proxy, proxy, terminate

__all__ = ["proxy"]

DSN = os.environ["POSTGRES_URL"]
NAME = f"line-test-{os.getpid()}"


@pytest.fixture
def line() -> Iterator[Line]:
    with Line(make_conninfo(DSN, application_name=NAME)) as line:
        yield line


def ask(line: Line, sql: str = "SELECT 1", deadline: float | None = None) -> object:
    with line.connection(deadline) as connection:
        row = connection.execute(sql).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None


def timed(call: object, *arguments: object) -> tuple[StoreError, float]:
    start = time.monotonic()
    with pytest.raises(StoreError) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value, time.monotonic() - start


def test_nothing_is_opened_before_the_first_call(line: Line) -> None:
    assert line.stats()["open"] == 0
    assert ask(line) == 1
    assert line.stats()["open"] == line.stats()["available"] == 1
    assert line.stats()["in_use"] == 0


def test_a_connection_is_used_again(line: Line) -> None:
    pids = {ask(line, "SELECT pg_backend_pid()") for _ in range(5)}
    assert len(pids) == 1
    assert line.stats()["connects"] == 1


def test_a_direct_connection_has_server_side_timeouts_and_a_pooled_one_none(line: Line) -> None:
    assert ask(line, "SHOW lock_timeout") == "1s"
    assert ask(line, "SHOW statement_timeout") == "1min"
    assert ask(line, "SHOW idle_in_transaction_session_timeout") == "10s"
    # The name of a pooled host cannot be reached here: what is sent is looked at.
    pooled = Line("postgresql://me:secret@ep-x-pooler.eu.aws.neon.tech/db", ssl_mode="require")
    pool = pooled._new_pool()
    pool.close()
    assert pool.kwargs == {"autocommit": True, "prepare_threshold": None}
    assert "sslmode=require" in pool.conninfo


def test_ssl_mode_counts_only_where_none_is_named_and_the_host_is_no_socket() -> None:
    assert "sslmode" not in Line("host=/tmp dbname=x", ssl_mode="require")._conninfo
    assert "sslmode=disable" in Line("host=h sslmode=disable", ssl_mode="require")._conninfo
    assert "sslmode=require" in Line("host=h", ssl_mode="require")._conninfo


def test_terminated_connections_are_replaced_without_an_error(line: Line) -> None:
    assert line.wait_full(5) == 4
    assert terminate(DSN, NAME) == 4
    assert [ask(line) for _ in range(6)] == [1] * 6
    assert line.stats()["dead"] == 4


def test_a_resting_connection_is_not_asked_whether_it_lives(line: Line, proxy: Proxy) -> None:
    statements = Counted(proxy)
    with Line(proxy.dsn(DSN)) as through:
        ask(through)
        before = statements.count
        ask(through)
        assert statements.count == before + 1


class Counted:
    """Counts the messages that clients send through a proxy."""

    def __init__(self, proxy: Proxy) -> None:
        self.count = 0
        inner = proxy._pump

        def pump(pair: object, swallow: threading.Event, upwards: bool) -> None:
            if upwards:
                counted = _Counting(pair[0], self)  # type: ignore[index]
                pair = (counted, pair[1])  # type: ignore[index]
            inner(pair, swallow, upwards)  # type: ignore[arg-type]

        proxy._pump = pump  # type: ignore[method-assign,assignment]


class _Counting:
    def __init__(self, end: object, owner: Counted) -> None:
        self._end, self._owner = end, owner

    def recv(self, size: int) -> bytes:
        data: bytes = self._end.recv(size)  # type: ignore[attr-defined]
        self._owner.count += bool(data)
        return data

    def __getattr__(self, name: str) -> object:
        return getattr(self._end, name)


# --- failures ----------------------------------------------------------------------------------------------------------


def test_a_black_hole_ends_within_the_deadline_and_the_line_recovers(proxy: Proxy) -> None:
    with Line(proxy.dsn(DSN), deadline=0.5) as line:
        ask(line)
        proxy.frozen.set()
        for _ in range(3):  # the open connection, then connecting
            error, seconds = timed(ask, line)
            assert isinstance(error, StoreUnavailable)
            assert seconds < 5
        proxy.thaw()
        assert ask(line) == 1


def test_connecting_into_a_black_hole_ends_within_the_deadline(proxy: Proxy) -> None:
    proxy.frozen.set()
    with Line(proxy.dsn(DSN), deadline=0.3) as line:
        error, seconds = timed(ask, line)
        assert "0.3 s" in str(error)
        assert seconds < 5


def test_a_call_with_a_longer_deadline_waits_longer_for_a_slow_connect(proxy: Proxy) -> None:
    proxy.delay = 0.1
    with Line(proxy.dsn(DSN), deadline=0.15) as line:
        with pytest.raises(StoreUnavailable):
            ask(line)
        assert ask(line, deadline=5) == 1


def test_a_refusal_is_told_at_once_and_recovery_needs_no_wait(proxy: Proxy) -> None:
    with Line(proxy.dsn(DSN), deadline=5) as line:
        ask(line)
        proxy.refuse()
        proxy.cut()
        for _ in range(3):
            error, seconds = timed(ask, line)
            assert "refuses connections" in str(error)
            assert seconds < 4
        proxy.accept()
        start = time.monotonic()
        assert ask(line) == 1
        assert time.monotonic() - start < 4


def test_many_callers_learn_of_a_refusal_together(proxy: Proxy) -> None:
    proxy.refuse()
    with Line(proxy.dsn(DSN), deadline=5) as line:
        found: list[tuple[StoreError, float]] = []
        threads = [threading.Thread(target=lambda: found.append(timed(ask, line))) for _ in range(12)]
        start = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 12
        assert time.monotonic() - start < 3
        proxy.accept()
        assert ask(line) == 1
        assert line.stats()["in_use"] == line.stats()["waiting"] == 0


def test_a_server_restart_between_calls_goes_unnoticed(new_postgres: Cluster) -> None:
    with Line(new_postgres.dsn("postgres")) as line:
        line.wait_full(5)
        new_postgres.stop()
        error, _ = timed(ask, line)
        assert "socket is missing" in str(error)
        new_postgres.start()
        assert ask(line) == 1


def test_a_full_pool_says_so_and_serves_the_next_caller(line: Line) -> None:
    with Line(DSN, size=1, deadline=0.2) as small:
        with small.connection():
            error, seconds = timed(ask, small)
            assert "All 1 connections" in str(error)
            assert seconds < 5
        assert ask(small) == 1


def test_callers_wait_for_a_connection_where_no_new_one_can_be_had(proxy: Proxy) -> None:
    """Refused while others are lent out: those come back, so this is no reason to fail."""
    with Line(proxy.dsn(DSN), deadline=5) as line:
        lent, release, answers = threading.Event(), threading.Event(), []

        def hold() -> None:
            with line.connection():
                lent.set()
                release.wait(5)

        holder = threading.Thread(target=hold)
        holder.start()
        assert lent.wait(5)
        proxy.refuse()
        waiter = threading.Thread(target=lambda: answers.append(ask(line)))
        waiter.start()
        wait_until(lambda: line.stats()["connect_errors"] >= 1)
        release.set()
        waiter.join(5)
        holder.join(5)
        assert answers == [1]


def wait_until(true: object, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("sql", "kind", "words"),
    [
        ("SELECT * FROM no_such_table", StoreMisconfigured, "migrate"),
        ("SELECT no_such_column", StoreMisconfigured, "migrate"),
        ("SET statement_timeout = 20; SELECT pg_sleep(5)", StoreBusy, "too long"),
        ("""SELECT '{"a": "\\u0000"}'::jsonb""", DocumentError, "cannot store"),
        ("BEGIN READ ONLY; CREATE TABLE t (a int)", StoreReadOnly, "read only"),
        ("SET ROLE pg_monitor; CREATE TABLE pg_catalog.t (a int)", StoreMisconfigured, "may not"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", StoreUnavailable, "ended the connection"),
    ],
)
def test_postgresql_s_errors_become_ours(line: Line, sql: str, kind: type[StoreError], words: str) -> None:
    with pytest.raises(kind, match=words):
        ask(line, sql)
    assert ask(line) == 1  # and the next call is not the worse for it


def test_an_open_transaction_does_not_come_back_with_the_connection(line: Line) -> None:
    with line.connection() as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT 1")
    assert ask(line, "SELECT pg_current_xact_id_if_assigned() IS NULL") is True
    with line.connection() as connection:
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE


def test_other_errors_pass_through(line: Line) -> None:
    with pytest.raises(KeyError), line.connection():
        raise KeyError("mine")
    assert line.stats()["in_use"] == 0


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("postgresql://me:hunter2@[bad", "neither a PostgreSQL URL"),
        ("host=/nowhere password=hunter2 no-equals-sign", "neither a PostgreSQL URL"),
    ],
)
def test_a_bad_address_is_not_repeated(dsn: str, words: str) -> None:
    with pytest.raises(StoreMisconfigured, match=words) as caught:
        Line(dsn)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_missing_database_and_role_are_configuration() -> None:
    for change in ({"dbname": "no_such_database"}, {"user": "no_such_role"}):
        with Line(make_conninfo(DSN, **change)) as line, pytest.raises(StoreMisconfigured, match="no such"):
            ask(line)


# --- the operator's part -------------------------------------------------------------------------------------------------


def test_check_replaces_the_dead(line: Line) -> None:
    line.wait_full(5)
    assert line.check() == {"checked": 4, "dead": 0, "replaced": 0}
    assert terminate(DSN, NAME) == 4
    figures = line.check(5)
    assert figures["checked"] == 4
    assert figures["dead"] == figures["replaced"] == 4
    assert line.stats()["in_use"] == 0


def test_check_of_an_unused_pool_proves_that_one_can_connect(line: Line) -> None:
    assert line.check() == {"checked": 1, "dead": 0, "replaced": 0}
    with Line(make_conninfo(DSN, host="/nowhere")) as nowhere, pytest.raises(StoreUnavailable):
        nowhere.check()


def test_recreate_takes_over_when_full_and_running_calls_finish(line: Line) -> None:
    line.wait_full(5)
    with line.connection() as connection:
        old = connection.info.backend_pid
        assert line.recreate(5) == 4
        assert connection.execute("SELECT 1").fetchone() == (1,)
    pids = {ask(line, "SELECT pg_backend_pid()") for _ in range(8)}
    assert old not in pids
    assert line.stats()["rebuilt"] == 1
    with psycopg.connect(DSN) as other:
        wait_until(
            lambda: (
                other.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [NAME]).fetchone()
                == (4,)
            )
        )


def test_recreate_keeps_the_old_pool_where_the_new_one_cannot_be_filled(proxy: Proxy) -> None:
    with Line(proxy.dsn(DSN)) as line:
        pid = ask(line, "SELECT pg_backend_pid()")
        proxy.refuse()
        with pytest.raises(StoreUnavailable):
            line.recreate(1)
        assert ask(line, "SELECT pg_backend_pid()") == pid


def test_a_request_file_makes_the_process_rebuild_its_pool(tmp_path: Path) -> None:
    with Line(DSN, requests_dir=tmp_path) as line:
        first = ask(line, "SELECT pg_backend_pid()")
        assert ask(line, "SELECT pg_backend_pid()") == first
        (tmp_path / REQUEST).write_text("1")
        second = ask(line, "SELECT pg_backend_pid()")
        assert second != first
        assert ask(line, "SELECT pg_backend_pid()") == second
        assert line.stats()["rebuilt"] == 1


def test_a_closed_line_says_so(line: Line) -> None:
    ask(line)
    line.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        ask(line)


def test_a_child_process_gets_connections_of_its_own(line: Line) -> None:
    ours = ask(line, "SELECT pg_backend_pid()")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            theirs = ask(line, "SELECT pg_backend_pid()", 5)
            os.write(writing, str(theirs).encode())
            line.close()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        theirs = file.read()
    os.waitpid(child, 0)
    assert theirs.isdigit()
    assert int(theirs) != ours
    assert ask(line, "SELECT pg_backend_pid()") == ours


def test_somebody_else_s_pool_is_used_and_left_open() -> None:
    with ConnectionPool(DSN, min_size=1, max_size=2, open=True) as pool:
        line = Line(pool=pool)
        assert ask(line) == 1
        assert line.stats()["size"] == 2
        with pytest.raises(StoreMisconfigured, match="owner"):
            line.recreate()
        line.close()
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_threads_share_the_pool_without_losing_a_connection(line: Line) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(50):
                assert ask(line, deadline=10) == 1
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    figures = line.stats()
    assert figures["open"] <= 4
    assert figures["available"] == figures["open"]
    assert figures["in_use"] == figures["waiting"] == 0
