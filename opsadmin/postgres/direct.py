"""A connection of our own to the server itself, past any pooler, for work that lasts: each statement its own transaction,
no time limit, and what is SET stays.

    with own_connection("store") as connection:
        connection.execute("CREATE INDEX CONCURRENTLY ...")

OPSADMIN["DIRECT"] = {"store": {"host": ..., ...}} names another address for it, as libpq names the parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from django.db.utils import OperationalError
from django.utils.translation import gettext as _
from psycopg import pq, sql

from opsadmin.core.errors import OperationFailed
from opsadmin.postgres.sentences import sentence_of
from opsadmin.postgres.session import APPLICATION_NAME, MARKER

CONNECT_SECONDS = "5"
#: How Neon tells its pooler from the server.
_POOLER = "-pooler."


@dataclass(frozen=True)
class Address:
    """Where, as libpq names it; `role`: one to change to; `is_given`: OPSADMIN["DIRECT"] names it."""

    parameters: Mapping[str, str]
    role: str
    is_given: bool


def direct_address(alias: str) -> Address:
    """Where the alias's server is."""
    wrapper = connections[alias]
    usual = dict(wrapper.get_connection_params())
    given: Mapping[str, Any] = getattr(settings, "OPSADMIN", {}).get("DIRECT", {}).get(alias) or {}
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    # The database is the alias's, which a test may have changed.
    parts = {**usual, **{name: value for name, value in given.items() if name != "dbname"}}
    found = {name: str(value) for name, value in parts.items() if value is not None and name in known}
    host = found.get("host", "")
    if _POOLER in host:
        found["host"] = host.replace(_POOLER, ".", 1)
    role = wrapper.settings_dict.get("OPTIONS", {}).get("assume_role", "")
    return Address(found, role, bool(given))


@contextmanager
def own_connection(alias: str, *, lock_seconds: float = 0) -> Iterator[psycopg.Connection[Any]]:
    """The connection, closed at the end. `lock_seconds`: how long the server lets a statement wait at each lock; 0 is for
    ever. Its search_path is for questions to the catalogue; RESET brings back the role's own.

    Raises `OperationFailed` where nobody answers, or a pooler does."""
    address = direct_address(alias)
    try:
        connection = psycopg.connect(
            **{  # type: ignore[arg-type]
                **address.parameters,
                "connect_timeout": CONNECT_SECONDS,
                "client_encoding": "utf8",
                "application_name": APPLICATION_NAME,
                "keepalives_idle": "30",
                "keepalives_interval": "10",
                "keepalives_count": "3",
            },
            autocommit=True,
            prepare_threshold=None,
        )
    except psycopg.OperationalError as error:
        raise OperationFailed(sentence_of(OperationalError(*error.args))) from None
    try:
        _settle(connection, address, lock_seconds)
        yield connection
    finally:
        connection.close()


def _settle(connection: psycopg.Connection[Any], address: Address, lock_seconds: float) -> None:
    """Raises `OperationFailed` where a pooler answers: what is set would be another session's."""
    row = connection.execute(f"SELECT pg_catalog.pg_backend_pid() {MARKER}").fetchone()
    if not address.is_given and row != (connection.info.backend_pid,):
        raise OperationFailed(
            _("The address of this database leads to a connection pooler, and this takes a session of its own."),
            hint=_('Name the address of the server itself: OPSADMIN["DIRECT"], here POSTGRES_DIRECT_URL.'),
        )
    values = {
        "statement_timeout": "0",
        "lock_timeout": str(int(lock_seconds * 1000)),
        "idle_session_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        "search_path": "pg_catalog",  # nobody's operator or function stands in for ours
    }
    if connection.info.server_version >= 170000:
        values["transaction_timeout"] = "0"
    calls = sql.SQL(", ").join(
        sql.SQL("pg_catalog.set_config({}, {}, false)").format(sql.Literal(name), sql.Literal(value))
        for name, value in values.items()
    )
    connection.execute(sql.SQL("SELECT {} /* opsadmin */").format(calls))
    if address.role:
        connection.execute(sql.SQL("SET ROLE {} /* opsadmin */").format(sql.Identifier(address.role)))
