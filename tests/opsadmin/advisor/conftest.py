"""Tables of many shapes, to set what the advisor reckons against real indexes, and to be advised on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from opsadmin.advisor.advice import Advice
from opsadmin.advisor.advise import Limit, Wanted, advise, hypo_of
from opsadmin.advisor.facts import Table, tables_of
from opsadmin.advisor.planner import Planner
from opsadmin.advisor.workbench import Workbench
from opsadmin.console.session import Limits, console_session
from opsadmin.plans.asked import asked_of
from opsadmin.plans.server import PlanSession

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def measured_dsn(superuser_dsn: str) -> Iterator[str]:
    """The address, as superuser, of a database with the tables of measured.sql."""
    name = f"measured_{os.getpid()}"
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    dsn = make_conninfo(superuser_dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = on")  # else VACUUM cannot tell yet that the rows are committed
        connection.execute((HERE / "measured.sql").read_text(encoding="utf-8"))
        connection.execute("VACUUM measured, papers")  # index-only scans look at the visibility map
    yield dsn
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Measured:
    """The session, the facts of its tables, and real figures to compare with."""

    def __init__(self, connection: psycopg.Connection[dict[str, Any]]) -> None:
        self.connection = connection

    def ask(self, sql: str, values: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        return self.connection.execute(sql, values).fetchall()

    def table(self, name: str) -> Table:
        oid = self.ask("SELECT %(name)s::regclass::oid::bigint AS oid", {"name": name})[0]["oid"]
        return tables_of(self.ask, [oid])[oid]

    def plan(self, sql: str) -> dict[str, Any]:
        return self.ask(f"EXPLAIN (FORMAT JSON, VERBOSE) {sql}")[0]["QUERY PLAN"][0]["Plan"]


@pytest.fixture
def measured(measured_dsn: str) -> Iterator[Measured]:
    with psycopg.connect(measured_dsn, autocommit=True, row_factory=dict_row) as connection:
        yield Measured(connection)


class Shop:
    """The database of shapes.sql."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self.address = conninfo_to_dict(dsn)

    def advise(self, *statements: str | Wanted, window_seconds: float = 0.0, **limit: Any) -> Advice:
        wanted = [one if isinstance(one, Wanted) else Wanted(one) for one in statements]
        return advise(self.address, wanted, Limit(**limit), window_seconds=window_seconds)

    def ddl(self, *statements: str, **limit: Any) -> list[str]:
        """The advised indexes, from ON on and without the schema public."""
        found = self.advise(*statements, **limit).recommendations
        return [one.ddl.split(" ON ", 1)[1].replace("public.", "") for one in found]

    @contextmanager
    def bench(self, *statements: str) -> Iterator[Workbench]:
        """The statements read and looked at."""
        limits = Limits(seconds=60, statement_ms=20_000, resolve_ms=5000, line_bytes=500_000_000, lock_ms=500)
        with console_session(self.address, limits) as session:
            hypo, hides, _lacks = hypo_of(PlanSession(session, asked_of("SELECT 1")))
            planner = Planner(session, hypo, hides=hides)
            bench = Workbench(planner)
            bench.read([(one, 1.0) for one in statements])
            bench.look()
            yield bench


def made_database(superuser_dsn: str, name: str, *, template: str = "") -> str:
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    return make_conninfo(superuser_dsn, dbname=name)


@pytest.fixture(scope="session")
def shapes_template(superuser_dsn: str) -> Iterator[str]:
    """The name of a database made by shapes.sql, which nobody is connected to."""
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        offered = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'hypopg'").fetchone()
        if offered is None:
            pytest.skip("This PostgreSQL has no HypoPG.")
    name = f"shapes_{os.getpid()}"
    with psycopg.connect(made_database(superuser_dsn, name), autocommit=True) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute((HERE / "shapes.sql").read_text(encoding="utf-8"))
        # All but `unknown_table`, which nobody looked at yet.
        connection.execute(
            "VACUUM ANALYZE customers, orders, items, papers, measurements, parents, totals, secured, wide"
        )
        connection.execute('VACUUM ANALYZE events, events_1, events_2, "Odd ""Sch.ma"."Sélect Ünï.code ""x"""')
    yield name
    drop_database(superuser_dsn, name)


@pytest.fixture(scope="session")
def shop(superuser_dsn: str, shapes_template: str) -> Iterator[Shop]:
    """As superuser; nobody may change it."""
    yield Shop(made_database(superuser_dsn, f"{shapes_template}_all", template=shapes_template))
    drop_database(superuser_dsn, f"{shapes_template}_all")


@pytest.fixture(scope="module")
def own_shop(superuser_dsn: str, shapes_template: str) -> Iterator[Shop]:
    """A copy of it for the tests of one file to change."""
    yield Shop(made_database(superuser_dsn, f"{shapes_template}_own", template=shapes_template))
    drop_database(superuser_dsn, f"{shapes_template}_own")


def drop_database(superuser_dsn: str, name: str) -> None:
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
