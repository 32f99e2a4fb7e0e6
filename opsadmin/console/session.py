"""The session that a statement runs in: a connection of its own, a READ ONLY transaction, everything set with SET LOCAL (a
transaction pooler keeps no more), rolled back at its end whatever happened."""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import pq, sql

from opsadmin.console.line import MeteredLine, can_be_metered

logger = logging.getLogger(__name__)

APPLICATION_NAME = "opsadmin console"
_SETTLE = """
    SELECT
        pg_catalog.pg_backend_pid() AS pid,
        (SELECT backend_start::text FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid())) AS started,
        pg_catalog.current_setting('search_path') AS search_path,
        pg_catalog.current_setting('log_min_messages') AS log_min_messages,
        {may_log} AS may_log,
        pg_catalog.current_setting('jit') AS jit,
        pg_catalog.current_setting('work_mem') AS work_mem,
        {settings}
    /* opsadmin */
"""
_MAY = "pg_catalog.has_parameter_privilege('{name}', 'SET')"
_IS_SUPERUSER = "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) current_user)"


@dataclass(frozen=True)
class Limits:
    """Seconds of the whole, of them milliseconds for reading the statement, for running it and for waiting at a lock; bytes
    from the server, bytes and cells that are kept."""

    seconds: float = 6.0
    resolve_ms: int = 2500
    statement_ms: int = 4500
    lock_ms: int = 1000
    line_bytes: int = 8_000_000
    kept_bytes: int = 4_000_000
    kept_cells: int = 200_000


class ConsoleSession:
    """An open transaction. `deadline` is of time.monotonic."""

    #: How it is opened.
    BEGIN = "BEGIN READ ONLY"

    def __init__(
        self, connection: psycopg.Connection[Any], line: MeteredLine | None, limits: Limits, deadline: float
    ) -> None:
        self.connection = connection
        self.line = line
        self.limits = limits
        self.deadline = deadline
        self.notices: list[str] = []
        connection.add_notice_handler(self._heard)
        self.pid = 0
        self.started = ""
        self.work_mem = ""
        self._search_path = "pg_catalog"
        self._log_level = self._jit = ""
        self._may_log = False

    def _heard(self, notice: psycopg.errors.Diagnostic) -> None:
        # Not translated, and not what else a server may be told to log.
        if (notice.message_primary or "").startswith("rewritten parse tree"):
            self.notices.append(notice.message_detail or "")

    def begin(self, role: str = "") -> None:
        """Open the transaction; the catalogue can be asked then."""
        newer = self.connection.info.server_version >= 150000
        may_limit = _MAY.format(name="temp_file_limit") if newer else _IS_SUPERUSER
        question = _SETTLE.format(
            may_log=_MAY.format(name="log_min_messages") if newer else _IS_SUPERUSER,
            settings=self._first_settings(may_limit),
        )
        self.connection.execute(self.BEGIN)
        if role:
            self.connection.execute(sql.SQL("SET LOCAL ROLE {} /* opsadmin */").format(sql.Identifier(role)))
        row = self.connection.execute(question.encode()).fetchone()
        assert row is not None  # noqa: S101  # a SELECT without FROM has one row
        self.pid, self.started, self._search_path, self._log_level, self._may_log, self._jit, self.work_mem, *_set = row

    def _first_settings(self, may_limit: str) -> str:
        """For the same statement that asks how they were, which says so before. `may_limit`: an expression."""
        settings = {
            "search_path": "pg_catalog",
            "statement_timeout": str(self.limits.resolve_ms),
            "lock_timeout": str(self.limits.lock_ms),
            "idle_in_transaction_session_timeout": str(int(self.limits.seconds * 1000) + 2000),
            "application_name": APPLICATION_NAME,
            "standard_conforming_strings": "on",
            "debug_pretty_print": "off",
            "jit": "off",  # compiling a question to the catalogue takes a hundred times as long as running it
        }
        if self.connection.info.server_version >= 170000:
            settings["transaction_timeout"] = str(int(self.limits.seconds * 1000) + 1000)
        limit = f"CASE WHEN {may_limit} THEN pg_catalog.set_config('temp_file_limit', '1GB', true) END"
        return f"{self._calls(settings)}, {limit}"

    @contextmanager
    def telling(self, *, ready: bool = False) -> Iterator[None]:
        """Inside, the server says how it reads a statement: to us, and not to its own log where we may choose that. Names
        mean what they mean to the role. `ready`: everything else is as `ready(as_usual=True)` leaves it."""
        quiet = {"log_min_messages": "fatal"} if self._may_log else {}
        self.set(
            {
                **(self._usual(as_usual=True) if ready else {"search_path": self._search_path}),
                "debug_print_rewritten": "on",
                "client_min_messages": "log",
                **quiet,
            }
        )
        self.notices.clear()
        yield
        loud = {"log_min_messages": self._log_level} if self._may_log else {}
        told = self.notices[:]
        # A command first: of a query the server would say how it reads that one, too.
        self.connection.execute("SET LOCAL debug_print_rewritten = off /* opsadmin */")
        self.set({"client_min_messages": "error", "search_path": "pg_catalog", **loud})
        self.notices[:] = told

    def ready(self, *, as_usual: bool) -> None:
        """What the statement itself runs under. `as_usual`: the planner's settings stay, so that EXPLAIN tells the truth."""
        self.set(self._usual(as_usual=as_usual))

    def _usual(self, *, as_usual: bool) -> dict[str, str]:
        left = int((self.deadline - time.monotonic()) * 1000)
        settings = {
            "search_path": self._search_path,
            "statement_timeout": str(max(1, min(self.limits.statement_ms, left - 300))),
            "client_min_messages": "error",
        }
        if as_usual:
            settings["jit"] = self._jit
        else:
            settings["max_parallel_workers_per_gather"] = "0"  # a look should cost no more than it must
        return settings

    def set(self, settings: Mapping[str, str]) -> None:
        """SET LOCAL, all in one statement."""
        self.connection.execute(f"SELECT {self._calls(settings)} /* opsadmin */".encode())

    def _calls(self, settings: Mapping[str, str]) -> str:
        """SET LOCAL of each, as expressions."""
        calls = sql.SQL(", ").join(
            sql.SQL("pg_catalog.set_config({}, {}, true)").format(sql.Literal(name), sql.Literal(value))
            for name, value in settings.items()
        )
        return calls.as_string(self.connection)

    def prepared_name(self) -> bytes:
        """A name that no earlier user of a pooled connection left behind."""
        return f"opsadmin_{secrets.token_hex(8)}".encode()


Session = TypeVar("Session", bound=ConsoleSession)


@contextmanager
def console_session(parameters: Mapping[str, Any], limits: Limits, *, role: str = "") -> Iterator[ConsoleSession]:
    """A session on a connection of its own. `parameters`: as libpq names them.

    Raises psycopg's `OperationalError` where the server cannot be reached."""
    with session_of(ConsoleSession, parameters, limits, role=role) as session:
        yield session


@contextmanager
def session_of(
    kind: type[Session], parameters: Mapping[str, Any], limits: Limits, *, role: str = ""
) -> Iterator[Session]:
    """As `console_session`, of that kind.

    Raises psycopg's `OperationalError` where the server cannot be reached."""
    deadline = time.monotonic() + limits.seconds
    given = {name: str(value) for name, value in parameters.items() if value is not None and name in _known()}
    line = _line(given, limits, deadline)
    changed = line.parameters if line is not None else {}
    session: Session | None = None
    connection: psycopg.Connection[Any] | None = None
    try:
        connection = psycopg.connect(
            **{
                **given,
                "connect_timeout": "3",
                "client_encoding": "utf8",
                "application_name": APPLICATION_NAME,
                **changed,
            },  # type: ignore[arg-type]
            autocommit=True,
            prepare_threshold=None,
        )
        session = kind(connection, line, limits, deadline)
        session.begin(role)
        yield session
    finally:
        gone = connection is None or not _rolled_back(connection)
        if connection is not None:
            connection.close()
        if line is not None:
            line.close()
        if gone and session is not None and session.pid:
            _terminate_later(given, session.pid, session.started)


def _known() -> frozenset[str]:
    return frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults())


def _line(parameters: Mapping[str, str], limits: Limits, deadline: float) -> MeteredLine | None:
    if not can_be_metered(parameters):
        return None
    try:
        return MeteredLine(parameters, limit=limits.line_bytes, deadline=deadline)
    except OSError as error:
        raise psycopg.OperationalError("the server does not answer") from error


def _rolled_back(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server said that the transaction is gone. A pooler's connection is clean for the next user then."""
    if connection.pgconn.transaction_status == pq.TransactionStatus.ACTIVE:
        return False
    try:
        connection.execute("ROLLBACK")
        connection.execute("DEALLOCATE ALL /* opsadmin */")
    except psycopg.Error:
        return connection.pgconn.transaction_status == pq.TransactionStatus.IDLE
    return True


def _terminate_later(parameters: Mapping[str, str], pid: int, started: str) -> None:
    """End the server's side of a session that did not end by itself, without making anybody wait for it."""

    def terminate() -> None:
        with contextlib.suppress(psycopg.Error):
            with psycopg.connect(
                **{**parameters, "connect_timeout": "3", "application_name": APPLICATION_NAME},  # type: ignore[arg-type]
                autocommit=True,
            ) as connection:
                found = connection.execute(
                    "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_get_activity(%s) AS a"
                    " WHERE a.backend_start::text = %s",
                    (pid, started),
                ).fetchone()
            logger.warning(
                "[console] a statement was overdue: its session %s was %s", pid, "ended" if found else "gone"
            )

    threading.Thread(target=terminate, name="opsadmin-console-end", daemon=True).start()
