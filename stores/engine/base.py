"""Django's PostgreSQL backend for the alias `store`: no page waits long for a dead or silent server.

Connecting is bounded by OPTIONS["connect_timeout"] and refused at once for some seconds after it failed (breaker.py).
A statement is bounded by STATEMENT_TIMEOUT_MS of the DATABASES entry: by the server, and a second later by the
client, for a server that cannot be heard. A pooled host takes no startup `options`; there only the client counts.

Migrations lift the bound of statements by themselves (they run in a schema editor); other long work asks for it:

    with connections["store"].unbounded():
        ...
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import Any, cast

import psycopg
from django.db import Error
from django.db.backends.postgresql import base
from django.db.backends.postgresql.schema import DatabaseSchemaEditor

from stores.backends.bounded import BoundedConnection, connecting_until
from stores.engine.breaker import Breaker, breaker_of
from stores.engine.patience import present

DEFAULT_CONNECT_SECONDS = 5.0
DEFAULT_STATEMENT_MS = 5000
#: A page that stops in the middle of a transaction must not keep its locks.
IDLE_IN_TRANSACTION_MS = 60_000
#: How much later than the server the client gives up.
MARGIN_SECONDS = 1.0
#: How long the question whether a kept connection still lives may take.
PROBE_SECONDS = 2.0


class BoundedDatabase:
    """The psycopg module as Django uses it, with our connections."""

    connect = staticmethod(BoundedConnection.connect)

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)


class SchemaEditor(DatabaseSchemaEditor):
    """As Django's, without a bound on statements: a CREATE INDEX takes as long as it takes."""

    def __enter__(self) -> Any:
        wrapper = cast(DatabaseWrapper, self.connection)
        self._lifted = None if self.collect_sql else wrapper.unbounded()
        if self._lifted is not None:
            self._lifted.__enter__()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            if self._lifted is not None:
                self._lifted.__exit__(None, None, None)


class DatabaseWrapper(base.DatabaseWrapper):
    """See the module."""

    Database = BoundedDatabase()  # type: ignore[assignment]  # stands for the module
    SchemaEditorClass = SchemaEditor
    _lifted = 0
    _probing = False

    @property
    def statement_ms(self) -> int:
        return int(self.settings_dict.get("STATEMENT_TIMEOUT_MS", DEFAULT_STATEMENT_MS))

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        patience = present()
        breaker = _breaker(conn_params)
        breaker.let_through()
        if self._is_direct(conn_params):
            conn_params = {**conn_params, "options": self._server_bounds()}
        seconds = patience.at_most(float(conn_params.get("connect_timeout") or DEFAULT_CONNECT_SECONDS))
        try:
            with connecting_until(monotonic() + seconds):
                connection = super().get_new_connection(conn_params)
        except psycopg.OperationalError as error:
            # A server that refuses a password answers, and quickly: that is no reason to stay away.
            if "FATAL" not in str(error):
                breaker.failed()
            raise
        breaker.succeeded()
        connection.limit = self._seconds
        return connection

    def ensure_connection(self) -> None:
        refusal = present().refusal
        if refusal:
            # A kept connection has most likely fallen silent: whoever asked it would wait.
            if not self.in_atomic_block:
                self.close()
            with self.wrap_database_errors:
                raise psycopg.OperationalError(refusal)
        super().ensure_connection()

    def is_usable(self) -> bool:
        """Whether the kept connection still lives. One that fell silent counts as a failed connect."""
        if present().refusal:
            return False
        silent = self.connection
        self._probing = True
        try:
            usable: bool = super().is_usable()
        finally:
            self._probing = False
        if not usable and silent is not None and silent.gave_up:
            _breaker(self.get_connection_params()).failed()
        return usable

    def _is_direct(self, conn_params: dict[str, Any]) -> bool:
        """Whether the server takes our `options`: no pooler, none given, and not the connection that makes and drops
        databases."""
        host = str(conn_params.get("host", ""))
        return "-pooler." not in host and "options" not in conn_params and self.settings_dict["NAME"] is not None

    def _server_bounds(self) -> str:
        bounds = {"lock_timeout": self.statement_ms}
        if not self._lifted:
            bounds |= {
                "statement_timeout": self.statement_ms,
                "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION_MS,
            }
        return " ".join(f"-c {name}={value}" for name, value in bounds.items())

    def _seconds(self) -> float | None:
        """How long the client waits for one statement."""
        if self._probing:
            return present().at_most(PROBE_SECONDS)
        if self._lifted or self.settings_dict["NAME"] is None:
            return None
        return self.statement_ms / 1000 + MARGIN_SECONDS

    @contextmanager
    def unbounded(self) -> Iterator[None]:
        """In this block statements of this connection may take as long as they take."""
        self.ensure_connection()
        self._lifted += 1
        try:
            if self._lifted == 1:
                self._set_server_bounds(0, 0)
            yield
        finally:
            self._lifted -= 1
            if not self._lifted:
                self._bound_again()

    def _bound_again(self) -> None:
        # In a failed transaction nothing can be set, and its end takes back what was.
        if self.connection is None or self.needs_rollback or self.connection.closed:
            return
        if self.connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
            return
        try:
            self._set_server_bounds(self.statement_ms, IDLE_IN_TRANSACTION_MS)
        except Error:
            self.close()  # rather none than one without bounds

    def _set_server_bounds(self, statement_ms: int, idle_ms: int) -> None:
        if self._is_direct(self.get_connection_params()):
            with self.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, false), "
                    "set_config('idle_in_transaction_session_timeout', %s, false)",
                    [str(statement_ms), str(idle_ms)],
                )


def _breaker(conn_params: dict[str, Any]) -> Breaker:
    return breaker_of(str(conn_params.get("host", "")), str(conn_params.get("port", "")))
