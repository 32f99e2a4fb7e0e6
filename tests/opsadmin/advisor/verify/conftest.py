"""A database of its own whose estimates lie where they are told to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from opsadmin.advisor.advice import Advice
from opsadmin.advisor.advise import Limit, Wanted, advise
from opsadmin.advisor.verify.advised import verified
from opsadmin.advisor.verify.request import MB, MOST_MB, MOST_SECONDS, Request

OWNER, READER = "verify_owner", "verify_reader"
Tell = Callable[[str, float], None]


class Trade:
    """The database of trade.sql, as its owner."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        superuser = conninfo_to_dict(os.environ["SWITCHBOT_TEST_SUPERUSER_URL"])["user"]
        self.superuser = make_conninfo(dsn, user=str(superuser))

    def request(self, how: str = "copy", *, user: str = OWNER, **more: Any) -> Request:
        return Request(
            **{
                "address": {**conninfo_to_dict(self.dsn), "user": user},
                "how": how,
                "most_bytes": MOST_MB[how] * MB,
                "most_seconds": MOST_SECONDS[how],
                **more,
            }
        )

    def verify(
        self, *statements: str | Wanted, how: str = "copy", user: str = OWNER, limit: Limit | None = None, **more: Any
    ) -> Advice:
        wanted = [one if isinstance(one, Wanted) else Wanted(one) for one in statements]
        request = self.request(how, user=user, **more)
        address = conninfo_to_dict(self.dsn)
        return verified(lambda judge: advise(address, wanted, limit, judge=judge), request)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            return connection.execute(sql.encode(), values or None).fetchall()

    def left(self) -> list[tuple[Any, ...]]:
        """What a verification would leave: relations by name, temporary ones, their files on disk, invalid indexes."""
        return self.rows(
            """
            SELECT relname FROM pg_class WHERE relname LIKE 'opsadmin%' OR relpersistence = 't'
            UNION ALL
            SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid
            UNION ALL
            SELECT f FROM pg_database AS d, pg_ls_dir('base/' || d.oid) AS f
            WHERE d.datname = current_database() AND f ~ '^t[0-9]+_'
            """
        )


@pytest.fixture(scope="session")
def trade_dsn(superuser_dsn: str) -> Iterator[str]:
    name = f"verify_{os.getpid()}"
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        if connection.execute("SELECT FROM pg_available_extensions WHERE name = 'hypopg'").fetchone() is None:
            pytest.skip("This PostgreSQL has no HypoPG.")
        for role in (OWNER, READER):
            connection.execute(
                f"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; "
                "WHEN unique_violation THEN NULL; END $$"
            )
        connection.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
    dsn = make_conninfo(superuser_dsn, dbname=name)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS hypopg")
        connection.execute(f"ALTER SCHEMA public OWNER TO {OWNER}; GRANT USAGE ON SCHEMA public TO {READER}")
    with psycopg.connect(make_conninfo(dsn, user=OWNER), autocommit=True) as connection:
        connection.execute("SET synchronous_commit = on")  # else VACUUM cannot tell yet that the rows are committed
        connection.execute((Path(__file__).parent / "trade.sql").read_text(encoding="utf-8"))
        connection.execute("VACUUM ANALYZE")
        connection.execute(f"GRANT SELECT ON pairs, orders, customers TO {READER}")
    yield dsn
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def trade(trade_dsn: str) -> Iterator[Trade]:
    """Afterwards nothing may be left in it."""
    found = Trade(make_conninfo(trade_dsn, user=OWNER))
    yield found
    assert found.left() == []
