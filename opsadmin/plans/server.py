"""Asking the server for plans: one connection of its own, one READ ONLY transaction, rolled back."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.rows import dict_row

from opsadmin.console.catalog import MARKER, ServerCatalog
from opsadmin.console.session import ConsoleSession, Limits
from opsadmin.console.wire import results
from opsadmin.plans.asked import Asked
from opsadmin.plans.deduce import Deduced, Deducer
from opsadmin.plans.rewrite import Rewriting

#: PostgreSQL plans for any value of a parameter when asked so from here on.
GENERIC_PLAN = 160000

#: The server's account of a statement that a rule turns into nothing.
NOTHING = "<>"

#: A plan needs no lock that anybody holds for long; a page waits for it, too.
LIMITS = Limits(lock_ms=150)


@dataclass(frozen=True)
class Explained:
    """`statements`: one for most texts; several where a rule makes more of one, none where a rule makes nothing of it.
    Numbers keep the digits that the server wrote."""

    statements: list[dict[str, Any]]
    raw: str


class PlanSession:
    """Plans of one statement in an open session."""

    def __init__(self, session: ConsoleSession, asked: Asked, catalog: ServerCatalog | None = None) -> None:
        self.session = session
        self.connection = session.connection
        self.catalog = catalog or ServerCatalog(session.connection)
        self.asked = asked
        self.version = session.connection.info.server_version
        types = {number: kind for number, kind in enumerate(asked.types, 1) if kind.lower() != "unknown"}
        self.work = Rewriting(asked.query, tuple(asked.tokens), types=types)
        self.assumed: dict[int, str] = {}
        #: Whether the search for the types of parameters was ended before its end.
        self.gave_up = False
        self._count = 0
        #: What the server said of the text that it read last.
        self._told: dict[str, list[str]] = {}

    @property
    def names(self) -> frozenset[str]:
        """Every name that stands in the statement."""
        return frozenset(token.text for token in self.work.tokens if token.is_name)

    @property
    def generic(self) -> bool:
        """Whether it is planned for any value of its parameters."""
        return bool(self.work.numbers)

    def read(self) -> None:
        """Let the server read the statement, and find the types that it cannot infer.

        Raises psycopg's errors about the statement."""
        self.session.ready(as_usual=True)
        self._deduce()

    def read_telling(self) -> list[str]:
        """As `read`, where the session tells: how the server reads what it read in the end.

        Raises psycopg's errors about the statement."""
        self._deduce()
        return self._told.get(self.work.text(), [])

    def _deduce(self) -> None:
        self.connection.execute("SAVEPOINT opsadmin_read")
        deducer = Deducer(self._read)
        try:
            found: Deduced = deducer.deduce(self.work)
        finally:
            self.gave_up = deducer.gave_up
        self.work, self.assumed = found.work, found.assumed

    def _read(self, work: Rewriting) -> None:
        text = work.text()
        # A pooler that knows a text by heart does not ask the server again: no text is ever the same.
        sent = f"{text}\n/* opsadmin {secrets.token_hex(8)} */".encode()
        self.session.notices.clear()
        try:
            self.send(lambda pgconn: pgconn.send_prepare(b"", sent, self.unused_types(work)))
            self._told = {text: trees_in(self.session.notices)}
        except psycopg.Error:
            if not self.connection.broken:
                self.connection.execute("ROLLBACK TO SAVEPOINT opsadmin_read")
            raise

    def unused_types(self, work: Rewriting) -> list[int]:
        """For the protocol: 0 lets the server infer; a number that is left out between others is text."""
        used = set(work.numbers)
        return [0 if number in used else 25 for number in range(1, max(used, default=0) + 1)]

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A savepoint: an error inside leaves the session usable. It still raises."""
        self.connection.execute("SAVEPOINT opsadmin_attempt")
        try:
            yield
        except psycopg.Error:
            if not self.connection.broken:
                self.connection.execute("ROLLBACK TO SAVEPOINT opsadmin_attempt")
            raise
        self.connection.execute("RELEASE SAVEPOINT opsadmin_attempt")

    @contextmanager
    def catalogue(self) -> Iterator[None]:
        """Inside, nobody's table or operator stands in for the catalogue's."""
        self.session.set({"search_path": "pg_catalog"})
        yield
        self.session.ready(as_usual=True)

    def explain(self, *, as_text: bool = False) -> Explained:
        """The plan, without running it; `as_text`: as EXPLAIN says it by itself.

        Raises psycopg's errors."""
        options = ["FORMAT TEXT"] if as_text else ["FORMAT JSON", "SETTINGS", "VERBOSE"]
        with self.attempt():
            if not self.generic:
                return self._explain(options, self.asked.head + self.work.text())
            if self.version >= GENERIC_PLAN:
                # The simple protocol, because the other one would fill the parameters in; that this is one statement the
                # server said when it read the text.
                return self._explain([*options, "GENERIC_PLAN"], self.asked.head + self.work.text(), simple=True)
            return self._explain_prepared(options)

    def analyze(self) -> Explained:
        """The plan and what happened when the statement ran. It must have been let through by the guard.

        Raises psycopg's errors."""
        options = ["FORMAT JSON", "SETTINGS", "VERBOSE", "ANALYZE", "BUFFERS"]
        with self.attempt():
            return self._explain(options, self.work.text())

    def _explain_prepared(self, options: list[str]) -> Explained:
        """Before there was GENERIC_PLAN: a prepared statement, planned for any value."""
        found = self._explain_prepared_with(options, {"plan_cache_mode": "force_generic_plan"})
        if not _prunes(found.statements):
            return found
        # All values are NULL here, for which the server throws partitions out when the plan is started.
        return self._explain_prepared_with(
            options,
            {
                "plan_cache_mode": "force_generic_plan",
                "enable_partition_pruning": "off",
                "constraint_exclusion": "on",
            },
        )

    def _explain_prepared_with(self, options: list[str], settings: dict[str, str]) -> Explained:
        self._count += 1
        name = f"opsadmin_plan_{self._count}"
        used = self.work.numbers
        types = ["unknown" if number in used else "text" for number in range(1, max(used) + 1)]
        self.send_text(f"PREPARE {name} ({', '.join(types)}) AS {self.work.text()}")
        self.connection.execute("SAVEPOINT opsadmin_settings")
        try:
            self.session.set(settings)
            return self._explain(options, f"EXECUTE {name} ({', '.join(['NULL'] * len(types))})")
        finally:
            if not self.connection.broken:
                # Settings go back with the savepoint, prepared statements only by name.
                self.connection.execute("ROLLBACK TO SAVEPOINT opsadmin_settings")
                self.connection.execute(f"DEALLOCATE {name}")

    def _explain(self, options: list[str], text: str, *, simple: bool = False) -> Explained:
        raw = self.send_text(f"EXPLAIN ({', '.join(options)}) {text}", simple=simple)
        statements = json.loads(raw, parse_float=Decimal) if "FORMAT JSON" in options else []
        return Explained([one for one in statements if isinstance(one, dict) and "Plan" in one], raw)

    def send_text(self, text: str, *, simple: bool = False) -> str:
        """Run one statement, and its rows of one column as lines. Through the extended protocol, which takes only one."""
        sent = marked(text)
        found = self.send(
            (lambda pgconn: pgconn.send_query(sent)) if simple else (lambda pgconn: pgconn.send_query_params(sent, []))
        )
        return "\n".join(
            (result.get_value(row, 0) or b"").decode(errors="replace")
            for result in found
            if result.status == ExecStatus.TUPLES_OK
            for row in range(result.ntuples)
        )

    def send(self, send: Any) -> list[PGresult]:
        def sending(pgconn: PGconn) -> None:
            send(pgconn)

        return list(results(self.connection, sending, self.session.deadline))

    def rows(self, sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """The rows of a question of ours to the catalogue."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(f"{sql}\n{MARKER}", parameters)
            return cursor.fetchall()


def trees_in(notices: Iterable[str]) -> list[str]:
    """How the server reads a query, among what it says of commands."""
    return [notice for notice in notices if notice.startswith(("(", NOTHING))]


def marked(text: str) -> bytes:
    return f"{text}\n{MARKER}".encode()


def _prunes(statements: list[dict[str, Any]]) -> bool:
    """Whether partitions were left out when the plan was started."""
    waiting: list[Any] = [one["Plan"] for one in statements]
    while waiting:
        node = waiting.pop()
        if node.get("Subplans Removed"):
            return True
        waiting.extend(node.get("Plans", ()))
    return False
