"""A database of its own for the catalogue: every kind of object, and names that need quotes."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from psycopg.conninfo import conninfo_to_dict, make_conninfo

EVERY_KIND = (Path(__file__).parent / "every_kind.sql").read_text(encoding="utf-8")
#: Other tests take the fixture too, and then there is a database for each.
_numbers = itertools.count()


def _connect_alias_to(alias: str, **parts: str) -> None:
    connections[alias].close()
    connections[alias].settings_dict = {**connections[alias].settings_dict, **parts}


@pytest.fixture(scope="session")
def catalogue_dsn(superuser_dsn: str) -> Iterator[str]:
    """The address, as superuser, of a database made from every_kind.sql, and two roles: `catalogue_bare` without any
    grant and `"Odd Role"`."""
    name = f"catalogue_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        for role in ("catalogue_bare", '"Odd Role"'):
            connection.execute(
                f"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; "
                "WHEN unique_violation THEN NULL; END $$"
            )
    dsn = make_conninfo(superuser_dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(EVERY_KIND)
        connection.execute("VACUUM ANALYZE")
    yield dsn
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def catalogue(catalogue_dsn: str, django_db_blocker) -> Iterator[str]:
    """The alias `store` is that database, as superuser. Gives its address."""
    yield from _as_alias(catalogue_dsn, django_db_blocker)


@pytest.fixture
def catalogue_as_bare(catalogue_dsn: str, django_db_blocker) -> Iterator[str]:
    """As `catalogue`, as a role without a single grant."""
    yield from _as_alias(make_conninfo(catalogue_dsn, user="catalogue_bare"), django_db_blocker)


def _as_alias(dsn: str, blocker) -> Iterator[str]:
    parts = conninfo_to_dict(dsn)
    wrapper = connections["store"]
    before = wrapper.settings_dict
    with blocker.unblock():
        wrapper.close()
        wrapper.settings_dict = {**before, "NAME": str(parts["dbname"]), "USER": str(parts["user"])}
        yield dsn
        wrapper.close()
        wrapper.settings_dict = before
