"""Sessions with names of their own, which hold and await each other's locks."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.opsadmin.workload.conftest import alias_at, pg_stat_statements  # noqa: F401  # a fixture

BARE, APP = "activity_bare", "activity_app"
#: Other tests take the fixture too, and then there is a database for each.
_numbers = itertools.count()


class Others:
    """Sessions of other people, closed at the end of the test. `dsn`: the database's address as superuser."""

    def __init__(self, dsn: str, stack: ExitStack) -> None:
        self.dsn = dsn
        self._stack = stack

    def connect(self, name: str, *, autocommit: bool = False, **parts: str) -> psycopg.Connection:
        dsn = make_conninfo(self.dsn, application_name=name, **parts)
        connection = psycopg.connect(dsn, autocommit=autocommit, prepare_threshold=None)
        self._stack.callback(connection.close)
        return connection

    def begin(self, connection: psycopg.Connection, sql: str, until: str = "waits") -> threading.Thread:
        """Send the statement in a thread of its own, and come back when it waits for a lock, or runs. Its error, if
        any, is swallowed: that is how it is ended."""

        def run() -> None:
            try:
                connection.execute(sql)
            except psycopg.Error:
                pass

        thread = threading.Thread(target=run)
        thread.start()
        self._stack.callback(self._end, connection.info.backend_pid, thread)
        if until == "waits":
            self.until("SELECT FROM pg_locks WHERE pid = %s AND NOT granted", connection.info.backend_pid)
        else:
            self.until(
                "SELECT FROM pg_stat_activity WHERE pid = %s AND state = 'active' AND wait_event = 'PgSleep'",
                connection.info.backend_pid,
            )
        return thread

    def _end(self, pid: int, thread: threading.Thread) -> None:
        if thread.is_alive():
            with psycopg.connect(self.dsn, autocommit=True) as admin:
                admin.execute("SELECT pg_terminate_backend(%s)", [pid])
        thread.join(10)

    def until(self, sql: str, *values: object) -> None:
        """Until the question has a row."""
        with psycopg.connect(self.dsn, autocommit=True) as watcher:
            for _ in range(500):
                if watcher.execute(sql, values).fetchone() is not None:
                    return
                watcher.execute("SELECT pg_sleep(0.01)")
        raise AssertionError(sql)


@pytest.fixture(scope="session")
def activity_dsn(alone_dsn: str) -> Iterator[str]:
    """The address, as superuser, of a database with the table `shop."Order s"`."""
    name = f"activity_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(alone_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        for role in (BARE, APP):
            connection.execute(
                f"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; "
                "WHEN unique_violation THEN NULL; END $$"
            )
    dsn = make_conninfo(alone_dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute('CREATE SCHEMA shop; CREATE TABLE shop."Order s" (id int PRIMARY KEY, note text)')
        connection.execute("""INSERT INTO shop."Order s" SELECT n, 'x' FROM generate_series(1, 20) AS n""")
        connection.execute("GRANT USAGE ON SCHEMA shop TO PUBLIC; GRANT ALL ON ALL TABLES IN SCHEMA shop TO PUBLIC")
    yield dsn
    with psycopg.connect(alone_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def others(activity_dsn: str, django_db_blocker) -> Iterator[Others]:
    """The alias `store` is that database, as superuser; other sessions come from here."""
    with django_db_blocker.unblock(), alias_at(activity_dsn), ExitStack() as stack:
        yield Others(activity_dsn, stack)


@pytest.fixture
def as_role(activity_dsn: str) -> Callable:
    """The alias as another role."""
    return lambda role: alias_at(make_conninfo(activity_dsn, user=role))
