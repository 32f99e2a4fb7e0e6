"""A document in PostgreSQL, beside the dashboard's own statements and under every failure of the line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool

from stores.backends.line import Line
from stores.backends.postgres import PostgresStore
from stores.errors import (
    CommitUnknown,
    DocumentDamaged,
    DocumentError,
    StoreBusy,
    StoreError,
    StoreMisconfigured,
    StoreReadOnly,
    StoreUnavailable,
)
from stores.schema.adopt import adopt
from switchbot_site.local.cluster import Cluster
from tests.fixtures.proxy import Proxy, proxy, terminate

__all__ = ["proxy"]

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

NAME = f"store-test-{os.getpid()}"
DASHBOARD_LOCK = "SELECT data FROM json_store WHERE kind = %s FOR UPDATE"
DASHBOARD_WRITE = (
    "INSERT INTO json_store (kind, data, updated_at) VALUES (%s, %s::jsonb, now()) "
    "ON CONFLICT (kind) DO UPDATE SET data = EXCLUDED.data, updated_at = now()"
)


@pytest.fixture
def dsn(store_db: str) -> str:
    return make_conninfo(store_db, application_name=NAME)


@pytest.fixture
def store(dsn: str) -> Iterator[PostgresStore]:
    store = PostgresStore(dsn, "state", writer=lambda: "test:me", reason=lambda: "because")
    yield store
    store.close()


@pytest.fixture
def other(store_db: str) -> Iterator[psycopg.Connection]:
    """Another session: the dashboard, or an operator with psql."""
    with psycopg.connect(store_db, autocommit=True) as connection:
        yield connection


def revisions(other: psycopg.Connection) -> list[tuple[object, ...]]:
    return other.execute(
        "SELECT revision, data, writer, reason, token IS NOT NULL FROM json_store_revision WHERE kind = 'state' "
        "AND revision > 1 ORDER BY revision"
    ).fetchall()


# --- reading and writing -----------------------------------------------------------------------------------------------


def test_what_is_written_is_read(store: PostgresStore) -> None:
    document = {"é": [1, 2.5, None, True, {"": "\\u0000 as text"}], "big": 10**30, "quote": 'it\'s \\ "x" %s %(kind)s'}
    store.write(document)
    assert store.read() == document
    with store.transaction() as held:
        held.write({**held.read(), "more": "it's \\ %s"})
    assert store.read() == {**document, "more": "it's \\ %s"}


def test_a_missing_row_is_an_empty_document_and_the_first_write_makes_it(
    store: PostgresStore, other: psycopg.Connection
) -> None:
    other.execute("DELETE FROM json_store")
    assert store.read() == {}
    store.write({"a": 1})
    assert store.read() == {"a": 1}
    other.execute("DELETE FROM json_store")
    with store.transaction() as held:
        assert held.read() == {}
        held.write({"b": 1})
    assert store.read() == {"b": 1}


def test_who_and_why_reach_the_revision(store: PostgresStore, other: psycopg.Connection) -> None:
    store.write({"n": 1})
    with store.transaction() as held:
        held.write({"n": 2})
    other.execute(DASHBOARD_WRITE, ["state", '{"n": 3}'])
    found = revisions(other)
    assert [row[1:4] for row in found[:2]] == [({"n": 1}, "test:me", "because"), ({"n": 2}, "test:me", "because")]
    assert [row[4] for row in found] == [True, True, False]
    assert found[2][2] != "test:me"  # settings end with the transaction, also on a connection that is used again


def test_a_missing_row_made_by_write_carries_who_and_why(store: PostgresStore, other: psycopg.Connection) -> None:
    other.execute("DELETE FROM json_store")
    store.write({"n": 1})
    assert revisions(other)[-1][1:] == ({"n": 1}, "test:me", "because", True)


def test_odd_characters_in_who_do_not_stop_a_write(dsn: str, other: psycopg.Connection) -> None:
    store = PostgresStore(dsn, "state", writer=lambda: "a\0b\ud800 ' %s")
    store.write({"n": 1})
    store.close()
    assert revisions(other)[-1][2] == "ab? ' %s"


def test_what_cannot_be_stored_is_refused_before_anything_is_sent(
    store: PostgresStore, other: psycopg.Connection
) -> None:
    for bad in ({"a": float("nan")}, {"a": "\0"}, {"a": "\ud800"}, {"a": object()}, ["list"]):
        with pytest.raises(DocumentError):
            store.write(bad)  # type: ignore[arg-type]
    assert revisions(other) == []
    assert store.line.stats()["requests"] == 0


@pytest.mark.parametrize("value", ["[1, 2]", "null", '"text"', "1"])
def test_a_row_that_is_no_document_is_said_to_be_damaged(
    store: PostgresStore, other: psycopg.Connection, value: str
) -> None:
    other.execute("UPDATE json_store SET data = %s::jsonb", [value])
    with pytest.raises(DocumentDamaged, match="Restore"):
        store.read()
    with store.transaction() as held:
        with pytest.raises(DocumentDamaged):
            held.read()
        held.write({"whole": True})
    assert store.read() == {"whole": True}


def test_documents_are_not_shared(store: PostgresStore) -> None:
    mine = {"list": [1]}
    store.write(mine)
    with store.transaction() as held:
        first = held.read()
        first["list"].append(2)
        assert held.read() == {"list": [1]}
        held.write(first)
        first["list"].append(3)
        assert held.read() == {"list": [1, 2]}
    assert store.read() == {"list": [1, 2]}
    assert mine == {"list": [1]}


def test_it_works_on_a_line_and_on_somebody_else_s_pool(dsn: str) -> None:
    with Line(dsn) as line:
        settings, state = PostgresStore(line, "settings"), PostgresStore(line, "state")
        settings.write({"a": 1})
        state.write({"b": 2})
        assert (settings.read(), state.read()) == ({"a": 1}, {"b": 2})
        settings.close()
        assert state.read() == {"b": 2}
    with ConnectionPool(dsn, min_size=1, open=True) as pool:
        store = PostgresStore(pool, "state")
        store.write({"c": 3})
        with store.transaction() as held:
            held.write({**held.read(), "d": 4})
        assert store.read() == {"c": 3, "d": 4}
        store.close()
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_status_says_what_an_operator_asks(store: PostgresStore) -> None:
    store.write({"n": 1})
    status = store.status()
    assert status.available
    assert (status.backend, status.revision, status.writer) == ("postgres", 2, "test:me")
    assert status.updated_at is not None
    assert status.latency_ms is not None
    assert status.detail["pool"]["open"] == 1
    assert status.detail["server_version"][:1].isdigit()
    assert store.health_check()
    json.dumps(status.as_dict())


def test_a_store_without_its_table_is_misconfigured(empty_database: str) -> None:
    store = PostgresStore(empty_database)
    for call in (store.read, lambda: store.write({"a": 1}), lambda: store.transaction().__enter__()):
        with pytest.raises(StoreMisconfigured, match="migrate"):
            call()
    assert not store.health_check()
    status = store.status()
    assert not status.available
    assert "migrate" in str(status.error)
    store.close()


def test_the_dashboard_s_own_table_is_enough_to_read_and_write(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE json_store (kind varchar(50) PRIMARY KEY, data jsonb NOT NULL, "
            "updated_at timestamptz DEFAULT now())"
        )
    store = PostgresStore(empty_database)
    store.write({"n": 1})  # makes the row
    store.write({"n": 2})
    with store.transaction() as held:
        assert held.read() == {"n": 2}
        held.write({"n": 3})
    assert store.read() == {"n": 3}
    store.close()


# --- transactions ------------------------------------------------------------------------------------------------------


def test_an_exception_rolls_back(store: PostgresStore, other: psycopg.Connection) -> None:
    store.write({"n": 1})
    with pytest.raises(KeyError), store.transaction() as held:
        held.write({"n": 2})
        raise KeyError
    assert store.read() == {"n": 1}
    other.execute("SET lock_timeout = '100ms'")
    other.execute(DASHBOARD_LOCK, ["state"])  # and lets the lock go


def test_a_transaction_that_only_reads_writes_nothing(store: PostgresStore, other: psycopg.Connection) -> None:
    with store.transaction() as held:
        assert held.read() == {}
    assert revisions(other) == []


def test_nested_use_joins_the_outer_one(store: PostgresStore) -> None:
    with store.transaction() as outer:
        outer.write({"n": 1})
        with store.transaction() as inner:
            assert inner.read() == {"n": 1}
            inner.write({"n": 2})
        assert store.read() == {"n": 2}
        store.write({"n": 3})
        assert outer.read() == {"n": 3}
        with pytest.raises(KeyError), store.transaction() as inner:
            inner.write({"n": 99})
            raise KeyError
        assert outer.read() == {"n": 3}
    assert store.read() == {"n": 3}


def test_a_transaction_that_is_over_takes_nothing_any_more(store: PostgresStore) -> None:
    with store.transaction() as held:
        held.write({"n": 1})
    for late in (held.read, lambda: held.write({"n": 2})):
        with pytest.raises(StoreError, match="is over"):
            late()
    assert store.read() == {"n": 1}


def test_an_undone_inner_block_leaves_nothing_to_write(store: PostgresStore, other: psycopg.Connection) -> None:
    with store.transaction(), pytest.raises(KeyError), store.transaction() as inner:
        inner.write({"n": 99})
        raise KeyError
    assert revisions(other) == []


def test_another_thread_is_not_in_the_transaction(store: PostgresStore) -> None:
    seen = []
    with store.transaction() as held:
        held.write({"n": 1})
        thread = threading.Thread(target=lambda: seen.append(store.read()))
        thread.start()
        thread.join()
    assert seen == [{}]


def test_a_child_process_is_not_in_the_transaction(store: PostgresStore) -> None:
    with store.transaction() as held:
        held.write({"n": 1})
        child = os.fork()
        if child == 0:
            os._exit(0 if store.read() == {} else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.read() == {"n": 1}


COUNTER = """
import sys
from stores.backends.postgres import PostgresStore
store = PostgresStore(sys.argv[1], "state", deadline=20)
for _ in range(int(sys.argv[2])):
    with store.transaction() as held:
        document = held.read()
        held.write({**document, "n": document.get("n", 0) + 1})
"""


def count_in_processes(dsn: str, processes: int, each: int) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", COUNTER, dsn, str(each)], cwd=Path(__file__).parents[2])
        for _ in range(processes)
    ]
    assert [process.wait(60) for process in started] == [0] * processes


def test_processes_that_count_lose_nothing(store: PostgresStore, store_db: str) -> None:
    count_in_processes(store_db, 4, 250)
    assert store.read() == {"n": 1000}


def test_first_writers_do_not_overwrite_each_other(store: PostgresStore, store_db: str) -> None:
    with psycopg.connect(store_db) as connection:
        for _ in range(15):
            connection.execute("DELETE FROM json_store")
            connection.commit()
            start = threading.Barrier(4)

            def count(start: threading.Barrier = start) -> None:
                start.wait(10)
                with store.transaction() as held:
                    document = held.read()
                    held.write({"n": document.get("n", 0) + 1})

            threads = [threading.Thread(target=count) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert store.read() == {"n": 4}


def test_the_dashboard_s_statements_interleave(store_db: str) -> None:
    def dashboard() -> None:
        with psycopg.connect(store_db) as connection:
            for _ in range(100):
                row = connection.execute(DASHBOARD_LOCK, ["state"]).fetchone()
                assert row is not None
                document = {**row[0], "theirs": row[0].get("theirs", 0) + 1}
                connection.execute(DASHBOARD_WRITE, ["state", json.dumps(document)])
                connection.commit()

    store = PostgresStore(store_db, "state", deadline=20)
    thread = threading.Thread(target=dashboard)
    thread.start()
    for _ in range(100):
        with store.transaction() as held:
            document = held.read()
            held.write({**document, "ours": document.get("ours", 0) + 1})
    thread.join()
    assert store.read() == {"ours": 100, "theirs": 100}
    store.close()


# --- failures ----------------------------------------------------------------------------------------------------------


def test_a_lock_held_elsewhere_is_busy_and_nothing_was_written(
    dsn: str, store_db: str, other: psycopg.Connection
) -> None:
    store = PostgresStore(dsn, "state", deadline=1.5)
    other.execute("BEGIN")
    other.execute(DASHBOARD_LOCK, ["state"])
    with pytest.raises(StoreBusy, match="1.5 s"):
        store.write({"n": 1})
    with pytest.raises(StoreBusy), store.transaction():
        pass
    assert store.read() == {}  # readers do not wait
    other.execute("COMMIT")
    store.write({"n": 2})
    assert store.read() == {"n": 2}
    assert store.line.stats()["connects"] == 1  # a busy row costs no connection
    store.close()


def test_terminated_connections_do_not_show(store: PostgresStore, store_db: str) -> None:
    store.write({"n": 1})
    assert terminate(store_db, NAME) == 1
    assert store.read() == {"n": 1}
    assert terminate(store_db, NAME) == 1
    store.write({"n": 2})
    assert terminate(store_db, NAME) == 1
    with store.transaction() as held:
        held.write({"n": 3})
    assert store.read() == {"n": 3}


@pytest.fixture
def through(proxy: Proxy, dsn: str) -> Iterator[PostgresStore]:
    store = PostgresStore(proxy.dsn(dsn), "state", deadline=0.7)
    store.read()
    yield store
    store.close()


def test_a_read_whose_line_breaks_is_repeated(through: PostgresStore, proxy: Proxy) -> None:
    proxy.cut_at(b"json_store", "before")
    assert through.read() == {}
    assert proxy.happened.is_set()


def test_a_transaction_whose_beginning_breaks_is_repeated(through: PostgresStore, proxy: Proxy) -> None:
    proxy.cut_at(b"FOR UPDATE", "before")
    with through.transaction() as held:
        held.write({"n": 1})
    assert proxy.happened.is_set()
    assert through.read() == {"n": 1}


def test_a_write_that_never_arrived_is_unknown_because_it_might_still(through: PostgresStore, proxy: Proxy) -> None:
    proxy.cut_at(b"UPDATE json_store", "before")
    with pytest.raises(CommitUnknown) as caught:
        through.write({"n": 1})
    assert caught.value.token is not None
    assert through.revision_of(caught.value.token) is None
    assert through.read() == {}


def test_a_write_whose_answer_was_lost_is_found_to_be_done(
    through: PostgresStore, proxy: Proxy, other: psycopg.Connection
) -> None:
    proxy.cut_at(b"UPDATE json_store", "after")
    through.write({"n": 1})
    assert proxy.happened.is_set()
    assert [row[1] for row in revisions(other)] == [{"n": 1}]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_line_cut_at_commit_is_settled_by_looking(
    through: PostgresStore, proxy: Proxy, other: psycopg.Connection, when: str
) -> None:
    proxy.cut_at(b"; COMMIT", when)
    if when == "before":
        with pytest.raises(StoreUnavailable, match="nothing was written"):
            with through.transaction() as held:
                held.write({"n": 1})
        assert revisions(other) == []
    else:
        with through.transaction() as held:
            held.write({"n": 1})
        assert [row[1] for row in revisions(other)] == [{"n": 1}]
    assert proxy.happened.is_set()


def test_a_first_transaction_whose_row_nobody_sees_yet_is_not_called_undone(
    through: PostgresStore, proxy: Proxy, other: psycopg.Connection
) -> None:
    other.execute("DELETE FROM json_store")
    proxy.cut_at(b"; COMMIT", "before")
    with pytest.raises(CommitUnknown):
        with through.transaction() as held:
            held.write({"n": 1})


@pytest.mark.parametrize("words", [b"; COMMIT", b"UPDATE json_store"])
def test_a_line_that_falls_silent_at_commit_is_unknown_within_the_deadline(
    through: PostgresStore, proxy: Proxy, words: bytes
) -> None:
    proxy.cut_at(words, "silent")
    start = os.times().elapsed
    with pytest.raises(CommitUnknown) as caught:
        if words == b"; COMMIT":
            with through.transaction() as held:
                held.write({"n": 1})
        else:
            through.write({"n": 1})
    assert os.times().elapsed - start < 2 * 0.7 + 0.3
    assert proxy.happened.is_set()
    proxy.thaw()
    # It had arrived, and the token says so.
    assert through.revision_of(str(caught.value.token)) == 2
    assert through.read() == {"n": 1}


def test_a_line_cut_within_a_transaction_writes_nothing(
    through: PostgresStore, proxy: Proxy, other: psycopg.Connection
) -> None:
    with pytest.raises(StoreUnavailable):
        with through.transaction() as held:
            held.write({"n": 1})
            proxy.cut()
    assert revisions(other) == []
    with through.transaction() as held:
        held.write({"n": 2})
    assert through.read() == {"n": 2}


def test_a_black_hole_ends_every_call_within_its_deadline(through: PostgresStore, proxy: Proxy) -> None:
    proxy.frozen.set()
    for call, kind in (
        (through.read, StoreUnavailable),
        (lambda: through.write({"n": 1}), StoreError),
        (lambda: through.transaction().__enter__(), StoreUnavailable),
    ):
        start = os.times().elapsed
        with pytest.raises(kind):
            call()
        assert os.times().elapsed - start < 3.0
    proxy.thaw()
    through.write({"n": 2})
    assert through.read() == {"n": 2}


def test_a_transaction_ended_by_the_server_says_that_nothing_was_written(
    store: PostgresStore, store_db: str, other: psycopg.Connection
) -> None:
    with pytest.raises(StoreUnavailable, match="nothing was written"):
        with store.transaction() as held:
            held.write({"n": 1})
            assert terminate(store_db, NAME) == 1
    assert revisions(other) == []


@pytest.fixture
def broken(new_postgres: Cluster) -> tuple[Cluster, str]:
    """A cluster to break, with our schema."""
    dsn = new_postgres.dsn("postgres", user="postgres")
    with psycopg.connect(dsn) as connection:
        adopt(connection.cursor())
    return new_postgres, dsn


def test_outage_read_only_and_passwords(broken: tuple[Cluster, str]) -> None:
    cluster, dsn = broken
    store = PostgresStore(dsn, "state", deadline=5)
    store.write({"n": 1})
    # A restart between two calls.
    cluster.stop()
    start = os.times().elapsed
    for call in (store.read, lambda: store.write({"n": 9}), lambda: store.transaction().__enter__()):
        with pytest.raises(StoreUnavailable, match="not running"):
            call()
    assert os.times().elapsed - start < 2
    assert not store.health_check()
    cluster.start()
    assert store.read() == {"n": 1}
    # A server that takes no writes.
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        connection.execute("SELECT pg_reload_conf()")
    cluster.stop()
    cluster.start()
    with pytest.raises(StoreReadOnly):
        store.write({"n": 2})
    with pytest.raises(StoreReadOnly), store.transaction() as held:
        held.write({"n": 2})
    assert store.read() == {"n": 1}
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'right'")
    (cluster.data / "pg_hba.conf").write_text("local all guest scram-sha-256\nlocal all all trust\n")
    cluster.stop()
    cluster.start()
    # A wrong password, and a right one without the rights.
    for password, words in (("hunter2", "password"), ("right", "Grant")):
        guest = PostgresStore(make_conninfo(dsn, user="guest", password=password), deadline=2)
        with pytest.raises(StoreMisconfigured, match=words) as caught:
            guest.read()
        assert "hunter2" not in str(caught.value)
        assert "guest" not in str(caught.value)
        guest.close()
    store.write({"n": 3})
    assert store.read() == {"n": 3}
    store.close()


def test_a_crash_of_the_server_loses_no_acknowledged_write(broken: tuple[Cluster, str]) -> None:
    cluster, dsn = broken
    store = PostgresStore(make_conninfo(dsn, options="-c synchronous_commit=on"), "state", deadline=2)
    for n in range(20):
        store.write({"n": n})
    cluster.stop("immediate")
    with pytest.raises(StoreUnavailable):
        store.read()
    cluster.start()
    assert store.read() == {"n": 19}
    store.write({"n": 100})
    assert store.read() == {"n": 100}
    store.close()
