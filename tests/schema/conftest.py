"""A database of its own per test, under the alias `store` too, and a dashboard that is no superuser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from stores.schema import inspect as inspection
from stores.schema.adopt import adopt


@pytest.fixture(scope="session")
def own_database() -> Iterator[str]:
    """One database for all tests of this directory: making one per test costs more than the tests."""
    name = f"schema_{os.getpid()}"
    with psycopg.connect(os.environ["POSTGRES_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    yield make_conninfo(os.environ["POSTGRES_URL"], dbname=name)
    run(os.environ["SWITCHBOT_TEST_SUPERUSER_URL"], f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database(own_database: str, superuser_dsn: str) -> str:
    """That database, emptied."""
    name = conninfo_to_dict(own_database)["dbname"]
    with psycopg.connect(make_conninfo(superuser_dsn, dbname=name), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} RESET ALL")
        schemas = connection.execute(
            "SELECT quote_ident(nspname) FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)'"
        ).fetchall()
        for (schema,) in schemas:
            connection.execute(f"DROP SCHEMA {schema} CASCADE")
        connection.execute("CREATE SCHEMA public AUTHORIZATION pg_database_owner")
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
    return own_database


@pytest.fixture
def alias(empty_database: str, django_db_blocker: Any) -> Iterator[str]:
    """The empty database, behind Django's alias `store` for the length of the test."""
    connection = connections["store"]
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = conninfo_to_dict(empty_database)["dbname"]
    try:
        with django_db_blocker.unblock():
            yield empty_database
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name


def run(dsn: str, script: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(script)


def adopt_at(dsn: str, schema: str = "public", **more: Any) -> Any:
    with psycopg.connect(dsn) as connection:
        return adopt(connection.cursor(), schema, **more)


def look_at(dsn: str, schema: str = "public") -> inspection.Inspection:
    with psycopg.connect(dsn) as connection:
        return inspection.inspect(connection.cursor(), schema)


def shape(dsn: str) -> dict[str, Any]:
    """Everything of the schema that adoption brings about, column order left out."""
    found = look_at(dsn)
    shown: dict[str, Any] = {
        "functions": found.functions,
        "documents": set(found.documents or ()),
        "left": found.unkept,
    }
    for name, table in found.tables.items():
        shown[name] = {
            "kind": (table.kind, table.unlogged),
            # serial or identity: either numbers an INSERT without the column
            "columns": {
                c.name: (c.type, "numbered" if c.fed else _default(c.default), c.not_null) for c in table.columns
            },
            "indexes": {i.name: (i.definition, i.unique, i.valid, i.constraint) for i in table.indexes},
            "triggers": set(table.triggers),
        }
    return shown


@pytest.fixture(scope="session")
def reference() -> Iterator[dict[str, Any]]:
    """The shape of an empty database after adoption."""
    name = f"reference_{os.getpid()}"
    with psycopg.connect(os.environ["POSTGRES_URL"], autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        dsn = make_conninfo(os.environ["POSTGRES_URL"], dbname=name)
        adopt_at(dsn)
        yield shape(dsn)
        connection.execute(f"DROP DATABASE {name}")


def _default(text: str | None) -> str | None:
    return "now()" if text == "CURRENT_TIMESTAMP" else text


def rows(dsn: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every one of our tables."""
    with psycopg.connect(dsn) as connection:
        names = [n for n, table in look_at(dsn).tables.items() if table.kind == "r"]
        return {
            name: [row for (row,) in connection.execute(f"SELECT row_to_json(t) FROM {name} AS t ORDER BY 1::text")]
            for name in names
        }


def kept(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> bool:
    """Whether each row of before is there after, with the same values in the columns it had."""
    for name, old in before.items():
        new = list(after[name])
        for row in old:
            match = next((r for r in new if {key: r.get(key) for key in row} == row), None)
            if match is None:
                return False
            new.remove(match)
    return True


@pytest.fixture
def roles(superuser_dsn: str) -> Iterator[dict[str, str]]:
    """Three roles that are no superusers: the dashboard's, the site's, and one without rights."""
    names = {name: f"{name}_{os.getpid()}" for name in ("dashboard", "site", "bare")}
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        for role in names.values():
            connection.execute(f"DROP ROLE IF EXISTS {role}")
            connection.execute(f"CREATE ROLE {role} LOGIN")
        yield names
        for role in names.values():
            connection.execute(f"DROP ROLE {role}")


@pytest.fixture
def home(roles: dict[str, str], empty_database: str, superuser_dsn: str) -> Iterator[dict[str, str]]:
    """An empty database with the dashboard's and the site's roles at work: an address per role, and the superuser's."""
    everybody = make_conninfo(superuser_dsn, dbname=conninfo_to_dict(empty_database)["dbname"])
    run(everybody, f"GRANT USAGE, CREATE ON SCHEMA public TO {roles['dashboard']}, {roles['site']}")
    run(everybody, f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {roles['bare']}")
    found = {name: make_conninfo(empty_database, user=role) for name, role in roles.items()}
    yield {**found, "super": everybody}
    run(everybody, f"DROP OWNED BY {', '.join(roles.values())} CASCADE")


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs adopt_database as a person would; answers exit code and text."""
    import sys

    from django.core.management import CommandError

    def call(*arguments: str) -> tuple[int, str]:
        try:
            call_command("adopt_database", *arguments, stdout=sys.stdout)
        except SystemExit as stop:
            return int(stop.code or 0), capsys.readouterr().out
        except CommandError as error:
            return error.returncode, f"{error}"
        return 0, capsys.readouterr().out

    return call
