"""The fence: a write of before its host's last switch is refused, however late it arrives and whatever it waited for;
nobody else's write is touched."""

from __future__ import annotations

import threading
import time
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from stores.backends import PostgresStore
from stores.backends.postgres_errors import translate
from stores.errors import StoreFenced, StoreUnavailable
from tests.schema.conftest import adopt_at, rows, run
from tests.schema.starting_points import DASHBOARD, DOCUMENTS
from tests.schema.test_dashboard import LOCK, UPSERT

HOST = UUID("a0000000-0000-4000-8000-00000000000a")

#: Ways to write the document `state`, which is {} before.
UPDATE = "UPDATE json_store SET data = %(data)s, updated_at = now() WHERE kind = 'state'"
ONTO_CONFLICT = "INSERT INTO json_store (kind, data) VALUES ('state', %(data)s) ON CONFLICT (kind) DO UPDATE SET data = excluded.data"
WAYS = {
    "update": (UPDATE, {"late": True}),
    "insert on conflict": (ONTO_CONFLICT, {"late": True}),
    "update to the same": (UPDATE, {}),
    "insert on conflict of the same": (ONTO_CONFLICT, {}),
}


@pytest.fixture
def dsn(empty_database):
    adopt_at(empty_database)
    run(empty_database, f"INSERT INTO json_store_host (host, epoch) VALUES ('{HOST}', 7)")
    return empty_database


def name_origin(connection: psycopg.Connection, host: object, epoch: object) -> None:
    connection.execute(
        "SELECT set_config('switchbot.host', %s, true), set_config('switchbot.epoch', %s, true)",
        [str(host), str(epoch)],
    )


def documents(dsn: str) -> dict[str, object]:
    return {row["kind"]: row["data"] for row in rows(dsn)["json_store"]}


@pytest.mark.parametrize("way", WAYS)
def test_a_write_of_an_earlier_epoch_leaves_nothing(dsn, way):
    before = rows(dsn)
    statement, data = WAYS[way]
    with psycopg.connect(dsn) as connection:
        name_origin(connection, HOST, 6)
        with pytest.raises(psycopg.Error) as raised:
            connection.execute(statement, {"data": Jsonb(data)})
    assert raised.value.sqlstate == "SWF01"
    assert raised.value.diag.message_primary == (
        "This write belongs to epoch 6 of its host, which is in epoch 7 by now: nothing was written."
    )
    assert rows(dsn) == before


def test_a_first_write_of_an_earlier_epoch_is_refused(dsn):
    run(dsn, "DELETE FROM json_store")
    with psycopg.connect(dsn) as connection:
        name_origin(connection, HOST, 6)
        with pytest.raises(psycopg.Error) as raised:
            connection.execute(UPSERT, ["state", Jsonb({"late": True})])
    assert raised.value.sqlstate == "SWF01"
    assert documents(dsn) == {}


@pytest.mark.parametrize(
    "host, epoch",
    [
        (HOST, 7),
        (HOST, 8),
        (str(HOST).upper(), 7),
        (uuid4(), 0),
        # what no writer of ours sends fences nobody, and fails nothing
        ("", ""),
        (HOST, ""),
        ("", 6),
        (HOST, "six"),
        (HOST, "-1"),
        (HOST, "6.5"),
        (HOST, "6\n7"),
        (HOST, "9" * 40),
        ("not a host", 6),
        (f"{{{HOST}}}", 6),
        (f"{HOST}\n", 6),
        ("a" * 32, 6),
        ("'; DROP TABLE json_store; --", 6),
    ],
)
def test_every_other_write_is_written(dsn, host, epoch):
    with psycopg.connect(dsn) as connection:
        name_origin(connection, host, epoch)
        connection.execute(UPSERT, ["state", Jsonb({"written": True})])
    assert documents(dsn)["state"] == {"written": True}


def test_a_setting_ends_with_its_transaction(dsn):
    """A pooled session that a fenced writer used carries nothing over to the next one."""
    with psycopg.connect(dsn) as connection:
        name_origin(connection, HOST, 6)
        connection.commit()
        connection.execute(UPSERT, ["state", Jsonb({"written": True})])
    assert documents(dsn)["state"] == {"written": True}


# --- a statement that waited for the transaction that raised the epoch ----------------------------------------------
class Waiter(threading.Thread):
    """A session that sends one write and waits for the document's lock."""

    def __init__(self, dsn: str, epoch: int, way: str, isolation: str) -> None:
        super().__init__(daemon=True)
        self.connection = psycopg.connect(dsn)
        self.pid = self.connection.info.backend_pid
        self.connection.execute(f"SET default_transaction_isolation = '{isolation}'")
        self.connection.commit()
        name_origin(self.connection, HOST, epoch)
        self.statement, self.data = WAYS[way]
        self.error: psycopg.Error | None = None

    def run(self) -> None:
        try:
            with self.connection:
                self.connection.execute(self.statement, {"data": Jsonb(self.data)})
        except psycopg.Error as error:
            self.error = error

    def begin(self, blocker: psycopg.Connection) -> None:
        """Returns once the write waits for `blocker`."""
        self.start()
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up:
            found = blocker.execute(
                "SELECT %s = ANY(pg_blocking_pids(%s))", [blocker.info.backend_pid, self.pid]
            ).fetchone()
            if found == (True,):
                return
            time.sleep(0.002)
        raise AssertionError("the write never waited for the lock")

    def end(self) -> str | None:
        self.join(20)
        assert not self.is_alive()
        return self.error.sqlstate if self.error else None


#: What the fencing transaction does to the document beside holding its lock.
HOLDING = {
    "only locks": "SELECT",
    "rewrites": "UPDATE json_store SET updated_at = now() WHERE kind = 'state'",
    "changes": "UPDATE json_store SET data = '{\"merged\": true}' WHERE kind = 'state'",
}


@pytest.mark.parametrize("holding", HOLDING)
@pytest.mark.parametrize("way", WAYS)
def test_a_write_that_waited_for_the_fence_sees_it(dsn, way, holding):
    with psycopg.connect(dsn) as fence:
        fence.execute(LOCK, ["state"])
        waiter = Waiter(dsn, 7, way, "read committed")
        waiter.begin(fence)
        fence.execute(HOLDING[holding])
        fence.execute("UPDATE json_store_host SET epoch = 8 WHERE host = %s", [HOST])
        fence.commit()
        left = rows(dsn)
        assert waiter.end() == "SWF01"
    assert rows(dsn) == left


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
@pytest.mark.parametrize("way", WAYS)
def test_nor_does_one_snapshot_for_the_whole_transaction_slip_through(dsn, way, isolation):
    """default_transaction_isolation may be set for the role or the database."""
    with psycopg.connect(dsn) as fence:
        fence.execute(LOCK, ["state"])
        waiter = Waiter(dsn, 7, way, isolation)
        waiter.connection.execute("SELECT 1 FROM json_store")  # its snapshot is taken
        waiter.begin(fence)
        fence.execute("UPDATE json_store_host SET epoch = 8 WHERE host = %s", [HOST])
        fence.commit()
        assert waiter.end() == "40001"
    assert documents(dsn)["state"] == {}
    with psycopg.connect(dsn) as again:
        again.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        name_origin(again, HOST, 7)
        with pytest.raises(psycopg.Error) as raised:
            again.execute(WAYS[way][0], {"data": Jsonb({"late": True})})
        assert raised.value.sqlstate == "SWF01"


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_a_fence_that_was_rolled_back_fences_nobody(dsn, isolation):
    with psycopg.connect(dsn) as fence:
        fence.execute(LOCK, ["state"])
        waiter = Waiter(dsn, 7, "update", isolation)
        waiter.begin(fence)
        fence.execute("UPDATE json_store_host SET epoch = 8 WHERE host = %s", [HOST])
        fence.rollback()
        assert waiter.end() is None
    assert documents(dsn)["state"] == {"late": True}


# --- who needs what -------------------------------------------------------------------------------------------------
def test_a_mere_grantee_needs_no_right_on_the_hosts(home, roles):
    """The dashboard's role may write documents and nothing else; its writes are fenced all the same if it asks."""
    run(home["dashboard"], DASHBOARD + DOCUMENTS)
    run(home["super"], f"GRANT {roles['dashboard']} TO {roles['site']}")
    adopt_at(home["site"])
    run(home["site"], f"INSERT INTO json_store_host (host, epoch) VALUES ('{HOST}', 7)")
    run(home["dashboard"], f"GRANT SELECT, INSERT, UPDATE ON json_store TO {roles['bare']}")
    with psycopg.connect(home["bare"], autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT FROM json_store_host")
        connection.execute(UPSERT, ["state", Jsonb({"plain": True})])
        with connection.transaction():
            name_origin(connection, HOST, 7)
            connection.execute(UPSERT, ["state", Jsonb({"fenced": True})])
        with pytest.raises(psycopg.Error) as raised, connection.transaction():
            name_origin(connection, HOST, 6)
            connection.execute(UPSERT, ["state", Jsonb({"late": True})])
    assert raised.value.sqlstate == "SWF01"
    assert documents(home["super"])["state"] == {"fenced": True}


def test_without_the_table_the_dashboard_goes_on(dsn):
    run(dsn, "DROP TABLE json_store_host")
    with psycopg.connect(dsn) as connection:
        connection.execute(UPSERT, ["state", Jsonb({"written": True})])
    assert documents(dsn)["state"] == {"written": True}


def test_an_owner_of_the_functions_without_rights_gets_them(home, roles):
    run(home["super"], f"GRANT {roles['bare']} TO {roles['site']}")
    adopt_at(home["site"])
    run(home["super"], f"ALTER FUNCTION json_store_count() OWNER TO {roles['bare']}")
    run(home["super"], f"GRANT USAGE ON SCHEMA public TO {roles['bare']}")
    run(home["super"], f"GRANT ALL ON json_store_revision TO {roles['bare']}")
    report = adopt_at(home["site"])
    assert [item.expected for item in report.applied] == ["rights on json_store_revision, json_store_host"]
    with psycopg.connect(home["site"]) as connection:
        name_origin(connection, HOST, 7)
        connection.execute(UPSERT, ["state", Jsonb({"fenced": True})])
    assert adopt_at(home["site"]).applied == ()


# --- as a store sees it ---------------------------------------------------------------------------------------------
def test_a_store_says_it_in_its_own_words(dsn):
    late = PostgresStore(make_conninfo(dsn, options=f"-c switchbot.host={HOST} -c switchbot.epoch=6"), kind="state")
    try:
        with pytest.raises(StoreFenced) as raised:
            late.write({"late": True})
        with pytest.raises(StoreFenced), late.transaction() as document:
            document.write({"late": True})
        assert late.read() == {}
    finally:
        late.close()
    assert str(raised.value) == (
        "This write belongs to a time before the last switch of its host; nothing was written."
    )
    assert isinstance(raised.value, StoreUnavailable)


def test_the_error_is_translated_by_its_code_alone():
    class Fenced(psycopg.Error):
        sqlstate = "SWF01"

    assert type(translate(Fenced("..."), deadline=1)) is StoreFenced
