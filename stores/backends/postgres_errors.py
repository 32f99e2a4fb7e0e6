"""psycopg's errors as `stores.errors`: a sentence, what to do next, and never an address or a password."""

from __future__ import annotations

import re

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from stores.backends.bounded import LineTimeout
from stores.errors import (
    DocumentError,
    StoreBusy,
    StoreError,
    StoreFenced,
    StoreMisconfigured,
    StoreReadOnly,
    StoreUnavailable,
)

MIGRATE = "Run `manage.py migrate --database=store`"

#: What PostgreSQL and Neon's proxy say while connecting (libpq passes no SQLSTATE on there), by the first that fits.
CONNECT_TEXTS: tuple[tuple[str, type[StoreError], str], ...] = (
    (
        "password authentication failed",
        StoreMisconfigured,
        "PostgreSQL refuses the password. Check role and password in POSTGRES_URL (Neon: was the role's password reset?).",
    ),
    (
        "no password supplied",
        StoreMisconfigured,
        "PostgreSQL asks for a password and POSTGRES_URL has none. Add it.",
    ),
    (
        "no pg_hba.conf entry",
        StoreMisconfigured,
        "PostgreSQL lets nobody in from here under this role (pg_hba.conf). Check role, database and sslmode in POSTGRES_URL.",
    ),
    (
        "is not permitted to log in",
        StoreMisconfigured,
        "The role in POSTGRES_URL may not log in. Give it LOGIN or name another.",
    ),
    (
        "authentication failed",
        StoreMisconfigured,
        "PostgreSQL refuses the role. Check role and password in POSTGRES_URL.",
    ),
    (
        "endpoint cannot be found",
        StoreMisconfigured,
        "Neon knows no such endpoint: it was deleted, or the host in POSTGRES_URL is mistyped.",
    ),
    (
        "endpoint ID is not specified",
        StoreMisconfigured,
        "Neon cannot tell which endpoint is meant: this libpq sends no server name. Use libpq 14 or newer.",
    ),
    (
        "connection is insecure",
        StoreMisconfigured,
        "The server takes encrypted connections only. Set POSTGRES_SSL_MODE=require.",
    ),
    (
        "server does not support SSL",
        StoreMisconfigured,
        "The server offers no encryption and sslmode asks for it. For a server on this host set POSTGRES_SSL_MODE=prefer.",
    ),
    (
        "certificate verify failed",
        StoreMisconfigured,
        "The server's certificate does not stand the check of this sslmode. Check host and sslrootcert in POSTGRES_URL.",
    ),
    (
        "unsupported startup parameter",
        StoreMisconfigured,
        "The pooler refuses a startup parameter of POSTGRES_URL. Take `options` out of it, or use the direct host.",
    ),
    ("endpoint is disabled", StoreUnavailable, "The Neon endpoint is disabled. Enable it in Neon's console."),
    (
        "endpoint is temporarily unavailable",
        StoreUnavailable,
        "The Neon endpoint is locked for now. Check the project's quotas in Neon's console.",
    ),
    (
        "exceeded the compute time quota",
        StoreUnavailable,
        "Neon's compute time of this period is used up. Upgrade the plan or wait for the next period.",
    ),
    (
        "limit of concurrently active endpoints",
        StoreUnavailable,
        "Too many Neon computes run at once. Suspend one in Neon's console.",
    ),
    (
        "Control plane request failed",
        StoreUnavailable,
        "Neon's control plane has trouble. Try again in a minute.",
    ),
    (
        "connect to compute node",
        StoreUnavailable,
        "Neon's compute is starting or moving. Try again in a few seconds.",
    ),
    (
        "Too many connections attempts",
        StoreUnavailable,
        "Neon throttles new connections. Try again in a minute.",
    ),
    (
        "Failed to acquire permit",
        StoreUnavailable,
        "Neon throttles new connections. Try again in a minute.",
    ),
    (
        "query_wait_timeout",
        StoreUnavailable,
        "The pooler had no free connection for too long. Look for long transactions.",
    ),
    (
        "too many clients",
        StoreUnavailable,
        "PostgreSQL has no free connection (max_connections). Lower STORE_POOL_SIZE or close other clients.",
    ),
    (
        "connection slots are reserved",
        StoreUnavailable,
        "PostgreSQL has no free connection (max_connections). Lower STORE_POOL_SIZE or close other clients.",
    ),
    (
        "database system is",
        StoreUnavailable,
        "PostgreSQL is starting or stopping. Try again in a few seconds.",
    ),
    (
        "resolve host",
        StoreUnavailable,
        "The host name in POSTGRES_URL could not be resolved. Check its spelling and this machine's name service.",
    ),
    (
        "could not translate host name",
        StoreUnavailable,
        "The host name in POSTGRES_URL could not be resolved. Check its spelling and this machine's name service.",
    ),
    (
        "Connection refused",
        StoreUnavailable,
        "PostgreSQL refuses connections: nothing listens at the address in POSTGRES_URL. Start it, or check host and port.",
    ),
    (
        "No such file or directory",
        StoreUnavailable,
        "PostgreSQL is not running: its socket is missing. Start it, or check the socket directory in POSTGRES_URL.",
    ),
)
_MISSING = re.compile(r'(database|role) "[^"]*" does not exist')


def translate(error: BaseException, *, deadline: float) -> StoreError:
    """The `StoreError` that says what `error` (of psycopg or its pool) means. `deadline`: seconds the call had."""
    if isinstance(error, StoreError):
        return error
    if isinstance(error, PoolClosed):
        return StoreUnavailable("The line to PostgreSQL was closed. Make a new store.")
    if isinstance(error, LineTimeout | PoolTimeout | TooManyRequests):
        return StoreUnavailable(f"PostgreSQL did not answer within {deadline:g} s. Nothing was changed; try again.")
    state = getattr(error, "sqlstate", None)
    return _by_state(state, error, deadline) if state else _by_text(str(error))


def _by_text(text: str) -> StoreError:
    for words, kind, message in CONNECT_TEXTS:
        if words.lower() in text.lower():
            return kind(message)
    missing = _MISSING.search(text)
    if missing:
        return StoreMisconfigured(
            f"PostgreSQL has no such {missing[1]}. Check POSTGRES_URL, or create the {missing[1]}."
        )
    return StoreUnavailable(
        "The connection to PostgreSQL was lost or could not be made. Try again; if it lasts, check the server and the network."
    )


def _by_state(state: str, error: BaseException, deadline: float) -> StoreError:
    if state == "55P03":
        return StoreBusy(
            f"Another session holds the lock for longer than {deadline:g} s. Nothing was written; try again."
        )
    if state == "57014":
        return StoreBusy("PostgreSQL cancelled the statement: it took too long. Nothing was written; try again.")
    if state in ("40001", "40P01"):
        return StoreBusy("Another session got in the way (deadlock or serialization). Nothing was written; try again.")
    if state == "SWF01":
        return StoreFenced()
    if state == "25006":
        return StoreReadOnly(
            "PostgreSQL takes no writes: it is a replica or set to read only. Nothing was written; check which server POSTGRES_URL names."
        )
    if state == "53100":
        return StoreReadOnly("PostgreSQL's disk is full. Nothing was written; free some space.")
    if state == "53300":
        return StoreUnavailable(
            "PostgreSQL has no free connection (max_connections). Lower STORE_POOL_SIZE or close other clients."
        )
    if state in ("42P01", "42703", "3F000"):
        return StoreMisconfigured(f"A table or column of the store is missing. {MIGRATE}.")
    if state == "42501":
        return StoreMisconfigured(
            "The role in POSTGRES_URL may not do this to the store's tables. Grant it the tables, or make it a member of their owner."
        )
    if state.startswith("28"):
        return StoreMisconfigured("PostgreSQL refuses the role. Check role and password in POSTGRES_URL.")
    if state == "3D000":
        return StoreMisconfigured("PostgreSQL has no such database. Check POSTGRES_URL, or create it.")
    if state.startswith("42"):
        return StoreMisconfigured(f"The store's tables are not as expected (SQLSTATE {state}). {MIGRATE}.")
    if state.startswith(("22", "54")):
        reason = getattr(getattr(error, "diag", None), "message_primary", None) or "a value cannot be stored"
        return DocumentError(f"PostgreSQL cannot store the document: {reason}.")
    if state == "25P03":
        return StoreUnavailable(
            "PostgreSQL ended the transaction: it was idle for too long. Nothing was written; do slow work before it, not inside."
        )
    if state == "57P01":
        return StoreUnavailable("PostgreSQL ended the connection (restart or suspend). Try again.")
    found = _by_text(str(error))
    if str(found).startswith("The connection to PostgreSQL was lost"):
        return StoreUnavailable(
            f"PostgreSQL reports a failure (SQLSTATE {state}). Try again; if it lasts, read its log."
        )
    return found


def broke(error: BaseException) -> bool:
    """Whether `error` came from a line that ended by itself, rather than from PostgreSQL's answer or our deadline."""
    if isinstance(error, LineTimeout) or not isinstance(error, psycopg.OperationalError):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
