"""A database of its own whose statements are counted, for the page "Queries"."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl

import psycopg
import pytest
from django.db import connections
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from opsadmin.core.errors import OperationError
from opsadmin.pages.patient import Answer

_numbers = itertools.count()

#: May connect, and no more.
BARE = "queries_bare"


def require_extension(connection: psycopg.Connection) -> None:
    """Skips where the server is built without it, as the wheel's is."""
    question = "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_stat_statements'"
    if connection.execute(question).fetchone() == (0,):
        pytest.skip("This PostgreSQL has no pg_stat_statements.")


@contextmanager
def counted_database(superuser_dsn: str) -> Iterator[str]:
    """The address, as superuser, of a database with pg_stat_statements and a table `orders`."""
    name = f"queries_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        require_extension(connection)
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
    """The alias `store` is that address, in every thread. In a test's own transaction on the alias every look has a
    connection of its own anyway."""
    parts = conninfo_to_dict(dsn)
    wrapper = connections["store"]
    if not wrapper.in_atomic_block:
        wrapper.close()
    for ours, theirs in (("NAME", "dbname"), ("USER", "user"), ("HOST", "host")):
        monkeypatch.setitem(wrapper.settings_dict, ours, str(parts[theirs]))


def forget(connection: psycopg.Connection) -> None:
    """The statements of this database that were counted so far."""
    connection.execute("SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = current_database()")


def at_once(key, database, read, *, after=None, **more):
    """Asks in the test's own thread and transaction, which a question's own thread would not see."""
    try:
        value = read()
    except OperationError as error:
        return Answer(error=error)
    if after is not None:
        after(value)
    return Answer(value, timezone.now())


def content(page: str) -> str:
    """What stands beside the frame of the admin."""
    return page.partition('id="content"')[2].partition("<!-- END Content -->")[0]


def link_to(page: str, text: str) -> dict[str, str]:
    """What the only link asks for whose statement holds the text."""
    found = [query for query, code in re.findall(r'<a href="\?([^"]*)"><code>(.*?)</code>', page) if text in code]
    assert len(found) == 1, found
    return dict(parse_qsl(found[0].replace("&amp;", "&")))
