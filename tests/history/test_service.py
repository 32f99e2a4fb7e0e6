"""The service: batches, bad rows, forks, and PostgreSQL that goes away and comes back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from stores.backends.history import HistoryQuestionError, HistoryService
from stores.backends.history_batch import Batch, copy_values
from stores.backends.history_row import row_from_state
from stores.backends.line import Line
from stores.schema.adopt import adopt

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    """Wait for what another thread or process brings about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def make(store_db):
    """Services that never flush by themselves, unless told to."""
    made = []

    def make(dsn=store_db, **settings) -> HistoryService:
        service = HistoryService(dsn, **{"batch_rows": 10**6, "batch_seconds": 10**6, "deadline": 2, **settings})
        made.append(service)
        return service

    yield make
    for service in made:
        service.close()


@pytest.fixture
def stored(store_db):
    """`stored(sql="...")`: rows of the table, in the order of their writing."""

    def stored(columns="last_action", dsn=store_db):
        with psycopg.connect(dsn) as connection:
            return [row[0] for row in connection.execute(f"SELECT {columns} FROM state_history ORDER BY id")]

    return stored


@pytest.fixture
def own_tables(empty_database):
    """A database of this test's own with our tables, which it may alter."""
    with psycopg.connect(empty_database) as connection:
        adopt(connection.cursor(), "public")
    return empty_database


def test_readings_are_written_at_flush_with_the_time_of_record(make, stored):
    history = make()
    before = datetime.now(UTC)
    for number in range(3):
        history.record({"last_action": f"a{number}"}, timezone="Europe/Paris")
    after = datetime.now(UTC)
    assert (history.pending, stored()) == (3, [])
    assert history.flush() == 3
    assert (history.pending, stored()) == (0, ["a0", "a1", "a2"])
    times = stored("timestamp")
    assert before <= times[0] < times[1] < times[2] <= after + timedelta(milliseconds=1)
    assert stored("timezone") == ["Europe/Paris"] * 3
    status = history.status()
    assert (status.enabled, status.written, status.refused, status.reason) == (True, 3, 0, None)
    assert status.last_flush_at >= after


def test_a_value_that_postgresql_does_not_know_is_the_question_s_fault(make):
    history = make()
    now = datetime.now(UTC)
    with pytest.raises(HistoryQuestionError, match="out of range"):
        history.query(now - timedelta(days=1), now, "day", limit=10**30)
    assert history.enabled


def test_a_state_that_cannot_be_read_reaches_no_caller(make):
    class Changing(dict):
        def items(self):
            raise RuntimeError("dictionary changed size during iteration")

    history = make()
    history.record({"pending_off_repeat": Changing(remaining=1)})
    assert (history.pending, history.status().refused) == (0, 1)


def test_a_full_batch_is_written_by_itself(make, stored):
    history = make(batch_rows=5)
    for number in range(5):
        history.record({"last_action": f"a{number}"})
    until(lambda: history.status().written == 5)
    assert len(stored()) == 5


def test_an_old_reading_is_written_by_itself(make, stored):
    history = make(batch_seconds=0.05)
    history.record({"last_action": "lonely"})
    until(lambda: history.status().written == 1)
    assert stored() == ["lonely"]


def test_close_writes_what_is_pending(make, stored):
    history = make()
    history.record({"last_action": "last"})
    history.close()
    assert stored() == ["last"]
    history.record({})
    assert (history.pending, history.status().refused) == (0, 1)


def test_a_pool_and_a_line_that_are_given_stay_open(make, stored, store_db):
    with ConnectionPool(store_db, min_size=1, max_size=2, open=True) as pool, Line(store_db) as line:
        for given in (pool, line):
            history = make(given)
            history.record({"last_action": type(given).__name__})
            history.close()
        with pool.connection() as connection, line.connection() as other:
            assert connection.execute("SELECT 1").fetchone() == other.execute("SELECT 1").fetchone()
    assert stored() == ["ConnectionPool", "Line"]


def test_many_threads_lose_nothing(make, stored):
    history = make(batch_rows=20)

    def work(worker):
        for number in range(100):
            history.record({"last_action": f"{worker}-{number}"})
            if number % 40 == 0:
                history.flush()

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(work, range(8)))
    history.flush()
    assert len(set(stored())) == len(stored()) == 800
    assert len(set(stored("timestamp"))) == 800


def test_what_is_no_document_is_refused_without_an_exception(make):
    history = make()
    for state in (None, [], "text", 7):
        history.record(state)
    assert (history.pending, history.status().refused) == (0, 4)


def test_a_full_buffer_keeps_the_oldest_and_counts_the_rest(make, monkeypatch):
    monkeypatch.setattr("stores.backends.history_memory.MOST_PENDING", 5)
    history = make()
    for number in range(8):
        history.record({"last_action": f"a{number}"})
    assert (history.pending, history.status().refused) == (5, 3)
    assert history.flush() == 5
    history.record({})
    assert history.pending == 1


def test_a_table_with_narrow_columns_takes_every_reading(own_tables, make, stored):
    """As the dashboard made it long ago: one long action among many used to lose the batch."""
    dsn = own_tables
    with psycopg.connect(dsn) as connection:
        connection.execute("ALTER TABLE state_history ALTER last_action TYPE varchar(50)")
        connection.execute("ALTER TABLE state_history ADD CHECK (api_requests_today < 1000)")
    history = make(dsn)
    for number in range(20):
        action = "x" * 200 if number == 7 else f"a{number}"
        history.record({"last_action": action, "api_requests_total": 5000 if number == 11 else number})
    assert history.flush() == 20
    assert stored(dsn=dsn)[7] == "x" * 50
    kept = stored("metadata", dsn)
    assert kept[7]["rejected"]["last_action"] == "x" * 200
    assert kept[11]["rejected"]["api_requests_today"] == 5000
    assert stored("api_requests_today", dsn)[10:13] == [10, 0, 12]
    assert history.status().refused == 0


def test_a_reading_that_fits_in_no_way_is_counted_and_the_others_are_written(own_tables, make, stored):
    dsn = own_tables
    with psycopg.connect(dsn) as connection:
        connection.execute("ALTER TABLE state_history ADD CHECK (metadata->>'last_tick' <> 'bad')")
    history = make(dsn)
    for tick in ("a", "bad", "b"):
        history.record({"last_tick": tick})
    assert history.flush() == 2
    assert stored("metadata->>'last_tick'", dsn) == ["a", "b"]
    assert (history.pending, history.status().refused, history.enabled) == (0, 1, True)


def test_without_postgresql_nothing_is_raised_and_nothing_waits(new_postgres, make, stored):
    cluster, dsn = new_postgres, new_postgres.dsn("store")
    with psycopg.connect(dsn) as connection:
        adopt(connection.cursor(), "public")
    history = make(dsn, batch_rows=1)
    asking = make(dsn)
    cluster.stop("fast")
    history.record({"last_action": "during"})
    until(lambda: not history.enabled)
    assert asking.latest(1) == []

    began = time.monotonic()
    for _ in range(50):
        history.record({"last_action": "more"})
        now = datetime.now(UTC)
        assert history.flush() == 0
        assert history.query(now - timedelta(hours=1), now) == []
        assert history.latest(3) == []
        assert history.aggregates(24).readings == 0
        report = history.prune()
        assert (report.deleted, report.more_remain, bool(report.error)) == (0, True, True)
    assert time.monotonic() - began < 10
    status = history.status()
    assert (status.enabled, status.pending) == (False, 51)
    assert "PostgreSQL" in status.reason
    assert str(cluster.sockets) not in status.reason

    cluster.start()
    until(lambda: history.status().written == 51)  # by itself
    assert history.enabled
    assert stored(dsn=dsn) == ["during"] + ["more"] * 50
    assert history.status().reason is None
    until(lambda: asking.enabled)  # also with nothing to write


def test_missing_tables_switch_it_off_with_what_to_do(empty_database, make):
    history = make(empty_database)
    history.record({})
    assert history.flush() == 0
    assert "migrate" in history.status().reason
    assert history.pending == 1


def test_a_question_that_takes_too_long_does_not_switch_it_off(make, store_db):
    history = make(deadline=0.5)
    with psycopg.connect(store_db) as other:
        other.execute("LOCK TABLE state_history IN ACCESS EXCLUSIVE MODE")
        assert history.latest(1) == []
    status = history.status()
    assert status.enabled
    assert "too long" in status.last_error


class LineCutAtCommit:
    """A connection whose COMMIT reaches the server, or not, but whose answer is never seen."""

    def __init__(self, connection, reaches_server):
        self.connection = connection
        self.reaches_server = reaches_server

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def transaction(self):
        connection, reaches_server = self.connection, self.reaches_server

        class Cut:
            def __enter__(self):
                connection.execute("BEGIN")

            def __exit__(self, kind, *_):
                if kind is None and reaches_server:
                    connection.execute("COMMIT")
                connection.close()
                if kind is None:
                    raise psycopg.OperationalError("the line broke during COMMIT")

        return Cut()


def batch_of(*actions):
    now = datetime.now(UTC)
    return Batch(uuid4(), [row_from_state({"last_action": action}, "UTC", now).values() for action in actions])


@pytest.mark.parametrize("committed", [True, False])
def test_a_commit_whose_answer_was_not_seen_is_settled_by_the_batch_s_id(store_db, stored, committed):
    batch = batch_of("a0", "a1", "a2")
    with pytest.raises(psycopg.OperationalError):
        batch.write(LineCutAtCommit(psycopg.connect(store_db, autocommit=True), committed))
    assert len(stored()) == (3 if committed else 0)
    with psycopg.connect(store_db, autocommit=True) as connection:
        assert batch.write(connection) == 3
        assert stored() == ["a0", "a1", "a2"]
        assert batch.write(connection) == 3
    assert stored() == ["a0", "a1", "a2"]


@pytest.mark.parametrize("committed", [True, False])
def test_the_next_try_waits_for_a_commit_that_is_still_on_its_way(store_db, stored, committed):
    """The server has not noticed that the line is gone, and commits after we came back."""
    batch = batch_of("once")
    with psycopg.connect(store_db) as first, psycopg.connect(store_db, autocommit=True) as second:
        first.execute("INSERT INTO history_replay (id, rows) VALUES (%s, 1)", (batch.id,))
        copy_values(first, batch.rows)
        pid = second.info.backend_pid
        retry = threading.Thread(target=batch.write, args=(second,))
        retry.start()
        waits = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
        with psycopg.connect(store_db, autocommit=True) as watcher:
            until(lambda: watcher.execute(waits, (pid,)).fetchone()[0])
        if committed:
            first.commit()
        else:
            first.rollback()
        retry.join(timeout=10)
    assert stored() == ["once"]


def test_a_connection_killed_while_copying_leaves_nothing_double(make, store_db, stored):
    """The table is locked, so that the COPY waits; then its backend is killed."""
    history = make()
    for number in range(5):
        history.record({"last_action": f"a{number}"})
    with psycopg.connect(store_db) as other:
        other.execute("LOCK TABLE state_history IN SHARE MODE")
        flusher = threading.Thread(target=history.flush)
        flusher.start()
        kill = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND query LIKE 'COPY%%' AND datname = current_database()"
        )
        with psycopg.connect(store_db, autocommit=True) as killer:
            until(lambda: killer.execute(kill).fetchone())
        flusher.join(timeout=10)
    assert history.pending == 5
    until(lambda: history.status().written == 5)
    assert stored() == [f"a{number}" for number in range(5)]


def test_a_child_process_writes_its_own_readings_only(make, stored):
    history = make()
    history.record({"last_action": "parent"})
    child = os.fork()
    if child == 0:
        try:
            history.record({"last_action": "child"})
            os._exit(0 if history.flush() == 1 else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert history.flush() == 1
    assert sorted(stored()) == ["child", "parent"]


def test_a_process_that_ends_writes_what_is_pending(store_db, stored):
    import subprocess
    import sys

    program = (
        "import sys; from stores.backends.history import HistoryService\n"
        "HistoryService(sys.argv[1]).record({'last_action': 'goodbye'})"
    )
    subprocess.run([sys.executable, "-c", program, store_db], check=True, timeout=30)
    assert stored() == ["goodbye"]


def test_it_needs_no_django():
    import subprocess
    import sys

    program = "import sys, stores.backends.history; assert 'django' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
