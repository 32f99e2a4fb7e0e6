"""Running a statement: read, resolve, judge, run, bring back what is asked for.

rows = run({"host": "/run/postgresql", "dbname": "shop"}, "SELECT count(*) FROM orders")
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from opsadmin.console.catalog import MARKER, ServerCatalog, question
from opsadmin.console.errors import SqlFailed, SqlRefused, SqlWrong
from opsadmin.console.guard import judge, judge_names
from opsadmin.console.mask import Masker, is_secret_name
from opsadmin.console.parameters import bound
from opsadmin.console.rows import Column, Rows
from opsadmin.console.session import ConsoleSession, Limits, console_session
from opsadmin.console.statement import Kind, Statement, statement_of
from opsadmin.console.tree import read_tree, too_large, unfolded, unreadable
from opsadmin.console.values import Cells
from opsadmin.console.wire import OutOfTime, results

#: A longer error text is cut: it may hold a whole cell.
MAX_ERROR = 600


def run(
    parameters: Mapping[str, Any],
    sql: str,
    params: Sequence[Any] | Mapping[str, Any] | None = None,
    *,
    limit: int = 1000,
    limits: Limits | None = None,
    role: str = "",
) -> Rows:
    """The rows of the statement, at most `limit`. `parameters`: of the connection, as libpq names them; `role`: one to
    change to.

    Raises `SqlRefused` (the guard), `SqlWrong` (PostgreSQL does not accept it), `SqlFailed` (out of time, or no server)."""
    text, values = bound(sql, params)
    statement = statement_of(text)
    limits = limits or Limits()
    masker = Masker()
    cut = ""
    try:
        with console_session(parameters, limits, role=role) as session:
            try:
                return _Run(session, statement, values, masker).rows(limit)
            except psycopg.OperationalError:
                cut = session.line.cut if session.line is not None else ""
                raise
    except OutOfTime:
        raise _overdue(limits) from None
    except psycopg.Error as error:
        if cut == "bytes":
            raise _answer_too_large(limits) from None
        if cut == "time":
            raise _overdue(limits) from None
        raise _said(error, masker, limits) from None


class _Run:
    def __init__(self, session: ConsoleSession, statement: Statement, values: list[Any], masker: Masker) -> None:
        self.session = session
        self.statement = statement
        self.masker = masker
        self.catalog = ServerCatalog(session.connection)
        transformer = Transformer(session.connection)
        self.values = transformer.dump_sequence(values, [PyFormat.TEXT] * len(values))
        self.types = list(transformer.types or ())
        self.name = session.prepared_name()
        self.described: PGresult | None = None

    def rows(self, limit: int) -> Rows:
        if self.statement.kind is Kind.SHOW:
            self.masker.known = [value for one in self.catalog.secret_settings() for value in one.values]
            return self._run(limit, self._send_text, None, all_secret=is_secret_name(self.statement.setting))
        self._resolve()
        if self.statement.kind is Kind.EXPLAIN:
            return self._run(limit, self._send_text, None)
        return self._run(limit, self._send_prepared, self.described)

    def _resolve(self) -> None:
        """Let the server read the statement, and judge what it says."""
        judge_names(self.statement.names, self.catalog)
        text = _marked(self.statement.judged)
        with self.session.telling():
            try:
                for _result in self._results(lambda pgconn: pgconn.send_prepare(self.name, text, self.types)):
                    pass
            except psycopg.OperationalError:
                if self.session.line is not None and self.session.line.cut == "bytes":
                    raise too_large(self.session.limits.line_bytes) from None
                raise
            # Under another search_path the server would read it anew.
            (self.described,) = self._results(lambda pgconn: pgconn.send_describe_prepared(self.name))
        if self.described.nparams != len(self.values):
            raise SqlWrong(
                f"The statement has {self.described.nparams} parameters and params has {len(self.values)} values.",
                parameter="params",
            )
        told = self.session.notices
        if len(told) != 1:
            raise unreadable("nothing at all")
        tree = read_tree(unfolded(told[0]))
        if not tree or any(node.label != "QUERY" for node in tree):
            raise unreadable("no query")
        judge(tree, self.catalog, plan_only=self.statement.plan_only)
        if self.catalog.asked_for_secrets:
            self.masker.known = [value for one in self.catalog.secret_settings() for value in one.values]

    def _results(self, send: Any) -> Any:
        return results(self.session.connection, send, self.session.deadline)

    def _send_prepared(self, pgconn: PGconn) -> None:
        pgconn.send_query_prepared(self.name, self.values)
        pgconn.set_single_row_mode()

    def _send_text(self, pgconn: PGconn) -> None:
        pgconn.send_query_params(_marked(self.statement.text), self.values, self.types)
        pgconn.set_single_row_mode()

    def _run(self, limit: int, send: Any, described: PGresult | None, *, all_secret: bool = False) -> Rows:
        columns, hidden = self._columns(described) if described is not None else ((), frozenset())
        self.session.ready(as_usual=self.statement.kind is Kind.EXPLAIN)
        limits = self.session.limits
        begun = time.monotonic()
        cells = Cells(self.session.connection)
        found: list[tuple[Any, ...]] = []
        truncated = False
        try:
            for result in self._results(send):
                if result.status in (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH):
                    raise SqlRefused("The statement is no query.")
                if described is None:
                    described = result
                for number in range(result.ntuples):
                    if (
                        len(found) >= limit
                        or cells.bytes > limits.kept_bytes
                        or len(found) * len(columns) > limits.kept_cells
                    ):
                        truncated = True
                        break
                    found.append(cells.row(result, number))
                if truncated:
                    self._stop()
                    break
        except psycopg.OperationalError:
            # Too many bytes: what came before that is an answer too.
            if self.session.line is None or self.session.line.cut != "bytes" or not found:
                raise
            truncated = True
        elapsed = (time.monotonic() - begun) * 1000
        if not columns and described is not None:
            columns = tuple(Column(_name(described, index), "text") for index in range(described.nfields))
        rows = tuple(
            tuple(self.masker.value(value, secret=all_secret or index in hidden) for index, value in enumerate(row))
            for row in found
        )
        return Rows(columns, rows, truncated, round(elapsed, 1), self.masker.count, cells.cut)

    def _stop(self) -> None:
        """Tell the server that it is enough, and read what is on its way."""
        self.session.connection.cancel_safe(timeout=1.0)
        try:
            for _result in results(
                self.session.connection, lambda pgconn: None, min(self.session.deadline, time.monotonic() + 2)
            ):
                pass
        except (psycopg.Error, OutOfTime):
            pass

    def _columns(self, described: PGresult) -> tuple[tuple[Column, ...], frozenset[int]]:
        """The columns with their types, and the places of those whose name in the table says that they hold secrets."""
        count = described.nfields
        if not count:
            return (), frozenset()
        cursor = self.session.connection.execute(
            f"{question('columns')}\n{MARKER}".encode(),
            {
                "types": [described.ftype(index) for index in range(count)],
                "modifiers": [described.fmod(index) for index in range(count)],
                "tables": [described.ftable(index) for index in range(count)],
                "numbers": [described.ftablecol(index) for index in range(count)],
            },
        )
        rows = cursor.fetchall()
        columns = tuple(Column(_name(described, index), row[0]) for index, row in enumerate(rows))
        return columns, frozenset(index for index, row in enumerate(rows) if row[1] and is_secret_name(row[1]))


def _name(described: PGresult, index: int) -> str:
    return (described.fname(index) or b"").decode(errors="replace")


def _overdue(limits: Limits) -> SqlFailed:
    return SqlFailed(
        f"The statement took longer than {min(limits.statement_ms / 1000, limits.seconds):g} seconds and was ended.",
        parameter="sql",
        hint="Narrow it with WHERE, or look at its plan: EXPLAIN.",
    )


def _answer_too_large(limits: Limits) -> SqlRefused:
    return SqlRefused(
        f"The answer is larger than {limits.line_bytes // 1_000_000} MB before its first row is complete.",
        "Select fewer columns, or the beginning of a long one: left(column, 1000).",
    )


def _said(error: psycopg.Error, masker: Masker, limits: Limits) -> SqlRefused | SqlWrong | SqlFailed:
    """What the server said, without secrets and not as long as it likes."""
    state, diag = error.sqlstate, error.diag
    if state is None or diag.message_primary is None:
        return SqlFailed("PostgreSQL does not answer.")
    words = masker.text(diag.message_primary[: 4 * MAX_ERROR])[:MAX_ERROR]
    if state == "57014":
        return _overdue(limits)
    if state == "55P03":
        return SqlFailed(f"A table is locked by somebody else ({words}).", hint="Try again when that is over.")
    if state == "25006":
        return SqlRefused(f"The transaction is read only: {words}.", "Leave out what changes something.")
    if state.startswith(("08", "53", "57", "58", "XX")):
        return SqlFailed(f"PostgreSQL could not do it: {words}.")
    if diag.statement_position:
        words = f"{words} (at character {diag.statement_position})"
    said = [masker.text(text[: 4 * MAX_ERROR])[:MAX_ERROR] for text in (diag.message_detail, diag.message_hint) if text]
    return SqlWrong(f"PostgreSQL refuses the statement: {words}.", parameter="sql", hint=" ".join(said))


def _marked(text: str) -> bytes:
    """With the mark of what is ours. A pooler that knows a text by heart does not ask the server again: no text is ever the
    same."""
    return f"{text}\n/* opsadmin {secrets.token_hex(8)} */".encode()
