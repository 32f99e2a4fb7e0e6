"""Writing a batch of readings: once, whole, and whatever one of its rows holds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import errors, sql

from stores.backends.history_line import Values
from stores.backends.history_row import COLUMNS, row_from_values
from stores.backends.history_sql import sql as statement

logger = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]

COPY = sql.SQL("COPY state_history ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))
#: Errors that lie in a row, not in the server. A double key is none: no reading brings one, so the sequence is wrong.
ROW_ERRORS = (
    errors.DataError,
    errors.CheckViolation,
    errors.NotNullViolation,
    errors.ForeignKeyViolation,
    errors.ExclusionViolation,
    errors.RaiseException,
    errors.ProgramLimitExceeded,
)


@dataclass
class Batch:
    """Rows that are written in one transaction under `id`. `keep(number, row, why)` is given a row that the table
    takes in no way, before the commit; `refused` counts those."""

    id: UUID
    rows: Sequence[Values]
    oldest_at: datetime | None = None
    keep: Callable[[int, Values, str], None] | None = None
    refused: int = 0

    def write(self, connection: Connection, forget: Sequence[UUID] = ()) -> int:
        """Put the rows into the table, unless an earlier try did; returns how many are in. `forget`: ids of batches
        that will never be tried again. Raises psycopg's errors, and what `keep` raises; may then be called again.

        The id goes into `history_replay` in the same transaction. A line that breaks during COMMIT leaves open
        whether the batch is in: the next try finds the id, and where the server is about to commit it still, waits
        for that on the unique index."""
        try:
            return self._try(connection, forget, careful=False)
        except ROW_ERRORS:
            return self._try(connection, forget, careful=True)

    def _try(self, connection: Connection, forget: Sequence[UUID], *, careful: bool) -> int:
        self.refused = 0
        with connection.transaction():
            claim = {"id": self.id, "rows": len(self.rows), "forget": list(forget)}
            if connection.execute(statement("claim"), claim).rowcount == 0:
                return len(self.rows)
            if careful:
                self._copy_each(connection, 0, len(self.rows))
            else:
                copy_values(connection, self.rows)
        return len(self.rows) - self.refused

    def _copy_each(self, connection: Connection, start: int, end: int) -> None:
        """Copy halves and halves of halves until each bad row stands alone."""
        try:
            with connection.transaction():
                copy_values(connection, self.rows[start:end])
        except ROW_ERRORS as error:
            if end - start > 1:
                middle = (start + end) // 2
                self._copy_each(connection, start, middle)
                self._copy_each(connection, middle, end)
            else:
                self._copy_reduced(connection, start, error)

    def _copy_reduced(self, connection: Connection, number: int, error: psycopg.Error) -> None:
        row = row_from_values(self.rows[number])
        for reduced in (row.narrowed(), row.bare()):
            if reduced == row:
                continue
            try:
                with connection.transaction():
                    copy_values(connection, [reduced.values()])
            except ROW_ERRORS as next_error:
                error = next_error
            else:
                return
        self.refused += 1
        why = f"{error.diag.message_primary or 'no reason given'} (SQLSTATE {error.sqlstate})"
        if self.keep is not None:
            self.keep(number + 1, self.rows[number], why)
        logger.error(
            "[history] The reading of %s fits the table in no way and is %s: %s.",
            row.timestamp,
            "left out" if self.keep is None else "set aside",
            why,
        )


def copy_values(connection: Connection, rows: Sequence[Values]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for row in rows:
            copy.write_row(row)
