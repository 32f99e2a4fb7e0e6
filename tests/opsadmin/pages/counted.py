"""A database of its own whose statements are counted, for the page "Queries"."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo

#: May connect, and no more.
BARE = "queries_bare"


@contextmanager
def counted_database(superuser_dsn: str) -> Iterator[str]:
    """The address, as superuser, of a database with pg_stat_statements and a table `orders`. Skips where the server is
    built without the extension, as the wheel's is."""
    name = f"queries_{os.getpid()}"
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        found = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements'").fetchone()
        if found is None:
            pytest.skip("This PostgreSQL has no pg_stat_statements.")
        connection.execute(f"CREATE DATABASE {name}")
        connection.execute(
            f"""DO $$ BEGIN CREATE ROLE {BARE} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL;
            WHEN unique_violation THEN NULL; END $$"""
        )
    dsn = make_conninfo(superuser_dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        connection.execute("CREATE TABLE orders AS SELECT n AS id, 'x' AS note FROM generate_series(1, 1000) AS n")
        connection.execute("ANALYZE orders")
        connection.execute("GRANT ALL ON orders TO PUBLIC")
    yield dsn
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def point_at(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    """The alias `store` is that address, in every thread."""
    parts = conninfo_to_dict(dsn)
    settings = connections["store"].settings_dict
    connections["store"].close()
    for ours, theirs in (("NAME", "dbname"), ("USER", "user"), ("HOST", "host")):
        monkeypatch.setitem(settings, ours, str(parts[theirs]))


def forget(connection: psycopg.Connection) -> None:
    """The statements of this database that were counted so far."""
    connection.execute("SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()")
