"""A database of its own whose indexes are made and dropped, and other people's sessions in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from opsadmin.jobs import runner
from tests.opsadmin.activity.conftest import Others
from tests.opsadmin.workload.conftest import alias_at

OWNER, STRANGER = "indexing_owner", "indexing_stranger"


@pytest.fixture(scope="session")
def indexing_dsn(superuser_dsn: str) -> Iterator[str]:
    """The address, as superuser, of an empty database that belongs to OWNER; STRANGER owns nothing there."""
    name = f"indexing_{os.getpid()}"
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        for role in (OWNER, STRANGER):
            connection.execute(
                f"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; "
                "WHEN unique_violation THEN NULL; END $$"
            )
        connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
    with psycopg.connect(make_conninfo(superuser_dsn, dbname=name), autocommit=True) as connection:
        connection.execute(
            f"ALTER SCHEMA public OWNER TO {OWNER}"
        )  # the database's owner owns it from PostgreSQL 15 on
    yield make_conninfo(superuser_dsn, dbname=name)
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def shop(transactional_db: None, indexing_dsn: str) -> Iterator[Others]:
    """The alias `store` is that database, as its owner, with a fresh table `orders` and one with odd names; other sessions
    come from here. Use with `@pytest.mark.django_db(databases=["default", "store"], transaction=True)`."""
    with psycopg.connect(make_conninfo(indexing_dsn, user=OWNER), autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS public CASCADE")
        connection.execute('DROP SCHEMA IF EXISTS "Odd ""Ö.x" CASCADE')
        connection.execute(f'CREATE SCHEMA public AUTHORIZATION {OWNER}; CREATE SCHEMA "Odd ""Ö.x"')
        connection.execute("CREATE TABLE orders (id int, customer int, email text, placed timestamptz DEFAULT now())")
        connection.execute(
            "INSERT INTO orders SELECT n, n % 100, 'm' || n || '@x.org' FROM generate_series(1, 2000) AS n"
        )
        connection.execute('CREATE TABLE "Odd ""Ö.x"."a b.c" ("id ""1" int, "Ünï.code" text)')
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT SELECT ON orders TO PUBLIC; ANALYZE")
    with alias_at(make_conninfo(indexing_dsn, user=OWNER)), ExitStack() as stack:
        yield Others(make_conninfo(indexing_dsn, user=OWNER), stack)
        runner.join()


@pytest.fixture
def as_stranger(indexing_dsn: str, shop: Others) -> Iterator[None]:
    with alias_at(make_conninfo(indexing_dsn, user=STRANGER)):
        yield


def indexes_of(dsn: str, table: str = "orders") -> dict[str, bool]:
    """The table's indexes, each with whether it is valid."""
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "SELECT indexrelid::regclass::text, indisvalid FROM pg_index WHERE indrelid = to_regclass(%s)", [table]
        ).fetchall()
    return dict(found)
