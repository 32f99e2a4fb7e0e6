"""A database of its own for statements to be counted in, and roles that send them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo

#: Each set-up of the fixture has a database of its own: workers of a run may come back to these tests.
_numbers = itertools.count(1)
#: Roles by what they may: nothing but connect, everything, an odd name.
BARE, APP, ODD = "workload_bare", "workload_app", 'Odd "Röle" 100%'


@contextmanager
def alias_at(dsn: str) -> Iterator[None]:
    """Django's alias `store` is that address. In a test's own transaction on the alias every look has a connection of
    its own anyway."""
    parts = conninfo_to_dict(dsn)
    wrapper = connections["store"]
    before = wrapper.settings_dict
    close = (lambda: None) if wrapper.in_atomic_block else wrapper.close
    close()
    wrapper.settings_dict = {
        **before,
        "NAME": str(parts["dbname"]),
        "USER": str(parts["user"]),
        "HOST": str(parts["host"]),
    }
    try:
        yield
    finally:
        close()
        wrapper.settings_dict = before


@pytest.fixture(scope="session")
def pg_stat_statements(superuser_dsn: str) -> None:
    """Skips where the server is built without it, as the wheel's is."""
    with psycopg.connect(superuser_dsn) as connection:
        found = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements'").fetchone()
    if found is None:
        pytest.skip("This PostgreSQL has no pg_stat_statements.")


@pytest.fixture(scope="session")
def workload_dsn(superuser_dsn: str, pg_stat_statements: None) -> Iterator[str]:
    """The address, as superuser, of a database with pg_stat_statements and a table `orders`."""
    name = f"workload_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        for role in (BARE, APP, ODD):
            quoted = role.replace('"', '""')
            connection.execute(
                f"""DO $$ BEGIN CREATE ROLE "{quoted}" LOGIN; EXCEPTION WHEN duplicate_object THEN NULL;
                WHEN unique_violation THEN NULL; END $$"""
            )
    dsn = make_conninfo(superuser_dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        connection.execute("CREATE TABLE orders AS SELECT n AS id, 'x' AS note FROM generate_series(1, 1000) AS n")
        connection.execute("GRANT ALL ON orders TO PUBLIC")
    yield dsn
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def workload(workload_dsn: str, django_db_blocker) -> Iterator[psycopg.Connection]:
    """A session of the superuser in that database, whose statements are counted from now on. The alias `store` is
    that database."""
    with (
        django_db_blocker.unblock(),
        alias_at(workload_dsn),
        psycopg.connect(workload_dsn, autocommit=True, prepare_threshold=None) as connection,
    ):
        reset(connection)
        yield connection


def reset(connection: psycopg.Connection) -> None:
    """Forget this database's statements; other tests count in other ones."""
    connection.execute("SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()")
