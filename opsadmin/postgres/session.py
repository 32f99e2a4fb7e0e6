"""A look at the PostgreSQL we look after: read only, with timeouts, and marked as our own traffic.

    with read_only("store") as session:
        rows = session.rows("SELECT ...", {"limit": 10})

Everything is set with SET LOCAL inside one transaction, so that a transaction pooler is fine with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.rows import dict_row

#: Tells our own statements from the application's in pg_stat_activity and pg_stat_statements.
MARKER = "/* opsadmin */"
APPLICATION_NAME = "opsadmin"

#: A look that takes longer is a burden itself; the caller may ask for more.
STATEMENT_TIMEOUT_MS = 5000
#: Catalogue reads need no lock that anyone holds for long: who waits that long stands behind an ALTER TABLE.
LOCK_TIMEOUT_MS = 500


class Session:
    """An open look. `statements` counts what was sent, BEGIN and settings included. `raw` is the psycopg connection."""

    def __init__(self, wrapper: BaseDatabaseWrapper) -> None:
        self.alias = wrapper.alias
        self.raw = wrapper.connection
        self.statements = 0

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of one statement as dicts. Without parameters a % in the text stands for itself.

        Raises psycopg's errors; after one, `attempt` is what lets the look go on."""
        self.statements += 1
        with self.raw.cursor(row_factory=dict_row) as cursor:
            cursor.execute(f"{sql}\n{MARKER}", parameters)
            return list(cursor.fetchall())

    def tuples(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """As `rows`, cheaper: rows as tuples in the order of the columns."""
        self.statements += 1
        with self.raw.cursor() as cursor:
            cursor.execute(f"{sql}\n{MARKER}", parameters)
            return list(cursor.fetchall())

    def one(self, sql: str, parameters: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """The first row, None where there is none."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def set_timeouts(self, *, statement_ms: int, lock_ms: int = LOCK_TIMEOUT_MS) -> None:
        """New bounds for the statements that follow, until the end of the look."""
        self.rows(
            "SELECT set_config('statement_timeout', %(statement)s, true), set_config('lock_timeout', %(lock)s, true)",
            {"statement": str(max(1, statement_ms)), "lock": str(max(1, lock_ms))},
        )

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A savepoint: an error inside leaves the look usable. It still raises."""
        self.statements += 2
        with self.raw.transaction():
            yield


@contextmanager
def read_only(
    alias: str,
    *,
    statement_ms: int = STATEMENT_TIMEOUT_MS,
    lock_ms: int = LOCK_TIMEOUT_MS,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Session]:
    """A read-only transaction on the alias. Uses the thread's connection; where that is in a transaction of somebody
    else's, one of its own. `statement_ms`, `lock_ms`: milliseconds. `settings`: further ones that any role may change.

    Raises Django's database errors (`OperationalError` where the server does not answer), as the alias's engine says
    them: a look never waits longer than that engine does."""
    wrapper = connections[alias]
    borrowed = not wrapper.in_atomic_block and wrapper.get_autocommit()
    if not borrowed:
        wrapper = wrapper.copy()
    try:
        with wrapper.wrap_database_errors:
            wrapper.ensure_connection()
            with wrapper.connection.transaction():
                session = Session(wrapper)
                _settle(session, statement_ms, lock_ms, settings or {})
                yield session
    finally:
        if not borrowed:
            wrapper.close()


def _settle(session: Session, statement_ms: int, lock_ms: int, more: Mapping[str, str]) -> None:
    session.statements += 1  # BEGIN
    values = {
        "transaction_read_only": "on",
        "statement_timeout": str(statement_ms),
        "lock_timeout": str(lock_ms),
        "idle_in_transaction_session_timeout": "60000",
        "application_name": APPLICATION_NAME,
        "search_path": "pg_catalog",  # nobody's operator or function stands in for ours
        "jit": "off",  # compiling a catalogue query costs more than running it
        "max_parallel_workers_per_gather": "0",
        **more,
    }
    session.rows(
        "SELECT set_config(s.name, s.value, true) FROM unnest(%(names)s::text[], %(values)s::text[]) AS s (name, value)",
        {"names": list(values), "values": list(values.values())},
    )
