"""A shop to explain: a database of its own with pg_stat_statements and HypoPG."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from opsadmin.plans.explain import Request, explain
from opsadmin.plans.plan import Plan

SHOP = (Path(__file__).parent / "shop.sql").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def shop_dsn(superuser_dsn: str) -> Iterator[str]:
    """The address, as superuser, of the shop's database; the role `plans_bare` has no grant there."""
    name = f"plans_{os.getpid()}_{secrets.token_hex(3)}"  # other directories have a shop of theirs
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        connection.execute(
            "DO $$ BEGIN CREATE ROLE plans_bare LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    dsn = make_conninfo(superuser_dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SHOP)
    yield dsn
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def shop(shop_dsn: str) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit session of somebody else's in the shop."""
    with psycopg.connect(shop_dsn, autocommit=True, application_name="somebody") as connection:
        yield connection


@pytest.fixture
def plan_of(shop_dsn: str) -> Callable[..., Plan]:
    """Explain in the shop: `plan_of(sql, analyze=True, ...)`; `user`: another role than the superuser."""

    def ask(sql: str, user: str = "", **asked: Any) -> Plan:
        address: dict[str, Any] = dict(conninfo_to_dict(shop_dsn))
        if user:
            address["user"] = user
        return explain(address, Request(sql, **asked))

    return ask
