"""Builds in processes of their own: what goes on without the terminal, what Ctrl+C leaves, and what a killed one does."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from opsadmin.api import OperationFailed, create_index, drop_index
from opsadmin.indexing.aftermath import Aftermath, State, aftermath_of
from tests.opsadmin.activity.conftest import Others
from tests.opsadmin.indexing.conftest import indexes_of

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


class Command:
    """`manage.py ops` with a site database of its own."""

    def __init__(self, directory: Path) -> None:
        self.site = directory / "site.sqlite3"
        self.environment = {
            **os.environ,
            "SITE_DATABASE_URL": f"sqlite:///{self.site}",
            "VAR_DIR": str(directory),
            "DJANGO_SETTINGS_MODULE": "switchbot_site.settings",
        }
        process = self.begin("migrate", "--database", "default", "-v", "0")
        assert process.wait(60) == 0

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ops(self, *words: str) -> dict:
        process = self.begin("ops", *words, "--json")
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        return json.loads(out)

    def row(self) -> dict:
        """The newest run of the log."""
        with closing(sqlite3.connect(self.site, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute("SELECT * FROM opsadmin_operationrun ORDER BY id DESC LIMIT 1").fetchone()
        return {**dict(found), "progress": json.loads(found["progress"] or "null")}

    def forget(self) -> None:
        """The log is empty, and nobody has the lease."""
        with closing(sqlite3.connect(self.site, timeout=10)) as connection, connection:
            connection.execute("DELETE FROM opsadmin_operationrun")


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Command:
    return Command(tmp_path_factory.mktemp("site"))


@pytest.fixture
def command(commands: Command, shop: Others) -> Command:
    commands.forget()
    commands.environment["POSTGRES_URL"] = shop.dsn
    return commands


@pytest.fixture
def snapshot(shop: Others) -> psycopg.Connection:
    """A transaction that a build has to wait for when it is nearly done."""
    connection = shop.connect("dump")
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    connection.execute("SELECT 1 FROM pg_class")
    return connection


def until_it_waits(others: Others, command: Command) -> int:
    """The session that builds, once it waits for old snapshots and the log knows of it."""
    sql = "SELECT pid FROM pg_stat_progress_create_index WHERE phase = 'waiting for old snapshots'"
    for _ in range(60):
        with contextlib.suppress(AssertionError):
            others.until(sql)
            break
    with psycopg.connect(others.dsn, autocommit=True) as connection:
        row = connection.execute(sql).fetchone()
        assert row is not None
        for _ in range(1000):
            progress = command.row()["progress"] or {}
            if progress.get("detail", {}).get("pid") == row[0]:
                return int(row[0])
            connection.execute("SELECT pg_sleep(0.02)")
    raise AssertionError(command.row())


def test_without_waiting_it_goes_on_by_itself_and_another_process_stops_it(command, shop, snapshot):
    begun = command.ops("create_index", "--table", "orders", "--columns", "id", "--no-wait")
    assert (begun["outcome"], begun["operation"]) == ("running", "create_index")
    until_it_waits(shop, command)
    ended = command.ops("cancel_run", str(begun["run"]))
    assert ended["outcome"] == "cancelled"
    assert "Nothing is left of it." in ended["message"]
    assert indexes_of(shop.dsn) == {}


def test_ctrl_c_stops_the_statement_and_cleans_up(command, shop, snapshot):
    process = command.begin("ops", "create_index", "--table", "orders", "--columns", "id")
    pid = until_it_waits(shop, command)
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Interrupted." in err
    assert indexes_of(shop.dsn) == {}
    with psycopg.connect(shop.dsn) as connection:
        assert connection.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone() is None
    assert command.row()["outcome"] == "cancelled"


def test_a_killed_process_does_not_stop_the_build_and_what_came_of_it_is_seen(command, shop, snapshot):
    process = command.begin("ops", "create_index", "--table", "orders", "--columns", "id")
    pid = until_it_waits(shop, command)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    row = command.row()
    assert (row["outcome"], row["lease"]) == ("running", "index store")
    detail = row["progress"]["detail"]
    assert detail["index"] == "public.orders_id_idx"
    assert aftermath_of("store", detail) == Aftermath(State.UNDER_WAY)
    with pytest.raises(OperationFailed, match="PostgreSQL is building public.orders_id_idx on public.orders"):
        create_index(table="orders", columns=["email"])
    snapshot.rollback()
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        for _ in range(500):
            if connection.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone() is None:
                break
            connection.execute("SELECT pg_sleep(0.01)")
    assert aftermath_of("store", detail) == Aftermath(State.VALID)


def test_what_an_attempt_left_is_seen_until_it_is_dropped(shop):
    detail = {"index": "public.doubled", "table": "public.orders", "pid": 0, "started": ""}
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY doubled ON orders (customer)")
    assert aftermath_of("store", detail) == Aftermath(State.INVALID, ("public.doubled",))
    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        connection.execute("CREATE INDEX kept ON orders (id); ALTER INDEX doubled RENAME TO kept_ccnew1")
    rebuilt = {**detail, "index": "public.kept", "statement": "REINDEX INDEX CONCURRENTLY public.kept;"}
    assert aftermath_of("store", rebuilt) == Aftermath(State.INVALID, ("public.kept_ccnew1",))
    assert aftermath_of("store", {**rebuilt, "statement": "CREATE INDEX"}) == Aftermath(State.VALID)
    drop_index(index="kept_ccnew1", confirmed=True)
    assert aftermath_of("store", detail) == Aftermath(State.GONE)
