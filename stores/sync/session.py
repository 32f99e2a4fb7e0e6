"""One bounded connection to PostgreSQL for a command: timeouts set inside the transaction (a pooler keeps no session
state), a limit on our side for a line that went silent, and every failure as a `StoreError`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from time import monotonic

import psycopg

from stores.backends.bounded import BoundedConnection, connecting_until
from stores.backends.postgres_errors import translate

#: A cold start of Neon takes 2 s; a person at a terminal can wait for more than a page can.
CONNECT_SECONDS = 15.0
#: A migration is a handful of statements on two rows: whatever takes longer is stuck.
STATEMENT_SECONDS = 10.0
LOCK_SECONDS = 5.0
SESSION_SECONDS = 60.0

Connection = psycopg.Connection[tuple[object, ...]]


@contextlib.contextmanager
def transaction(dsn: str, *, read_only: bool) -> Iterator[Connection]:
    """A connection inside an open transaction. The caller commits; leaving without it rolls back.

    Raises `StoreError` for whatever psycopg raises in the block."""
    try:
        with connecting_until(monotonic() + CONNECT_SECONDS):
            connection = BoundedConnection.connect(dsn, prepare_threshold=None)
    except psycopg.Error as error:
        raise translate(error, deadline=CONNECT_SECONDS) from None
    try:
        connection.until = monotonic() + SESSION_SECONDS
        connection.read_only = True if read_only else None
        connection.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true), "
            "set_config('idle_in_transaction_session_timeout', %s, true)",
            [f"{seconds * 1000:.0f}ms" for seconds in (STATEMENT_SECONDS, LOCK_SECONDS, SESSION_SECONDS)],
        )
        yield connection
    except psycopg.errors.LockNotAvailable as error:
        raise translate(error, deadline=LOCK_SECONDS) from None
    except psycopg.Error as error:
        raise translate(error, deadline=SESSION_SECONDS) from None
    finally:
        with contextlib.suppress(psycopg.Error):
            connection.close()  # what is not committed is rolled back
