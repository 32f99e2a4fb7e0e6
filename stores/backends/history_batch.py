"""Writing a batch of readings: once, whole, and whatever one of its rows holds."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.types.json import Jsonb

from stores.backends.history_row import COLUMNS, HistoryRow
from stores.backends.history_sql import sql as statement

logger = logging.getLogger(__name__)

COPY = sql.SQL("COPY state_history ({}) FROM STDIN").format(sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))
#: First half of our advisory locks' two-part key ("hist"), so that they cannot meet somebody else's.
LOCK_CLASS = 0x68697374
#: Errors that lie in a row, not in the server.
ROW_ERRORS = (errors.DataError, errors.CheckViolation, errors.NotNullViolation)


@dataclass
class Batch:
    """Rows that are written in one transaction. `key` names the batch's advisory lock; `uncertain` says that a
    COMMIT was sent for it whose answer was not seen; `careful` that one of the rows does not fit the table."""

    rows: list[HistoryRow]
    key: int = field(default_factory=lambda: secrets.randbits(31))
    uncertain: bool = False
    careful: bool = False
    refused: int = 0

    def write(self, connection: psycopg.Connection[Any]) -> None:
        """Put the rows into the table, unless an earlier try did. Raises psycopg's errors; may then be called again.

        A line that breaks during COMMIT leaves open whether the rows are in. Looking alone does not settle it: the
        server may be about to commit them still (it has not noticed that the line is gone, or waits for a replica).
        Therefore each try first takes a lock that lasts as long as its transaction: the next try waits for it, and
        then finds the rows, or can be sure that they never will be there. The lock is the transaction's, so it
        works behind a pooler too."""
        try:
            self._try(connection)
        except ROW_ERRORS:
            if self.careful:
                raise
            self.careful = True
            self._try(connection)

    def _try(self, connection: psycopg.Connection[Any]) -> None:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCK_CLASS, self.key))
            if self.uncertain and self._is_there(connection):
                return
            if self.careful:
                self.rows = self._copy_each(connection, self.rows)
            else:
                copy_rows(connection, self.rows)
            self.uncertain = True

    def _is_there(self, connection: psycopg.Connection[Any]) -> bool:
        if not self.rows:
            return True
        newest = self.rows[-1]
        values = {name: getattr(newest, name) for name in COLUMNS}
        found = connection.execute(statement("written_before"), {**values, "metadata": Jsonb(newest.metadata)})
        return bool(found.fetchone()[0])  # type: ignore[index]  # EXISTS answers one row

    def _copy_each(self, connection: psycopg.Connection[Any], rows: list[HistoryRow]) -> list[HistoryRow]:
        """Copy halves and halves of halves until each bad row stands alone; returns the rows as written."""
        try:
            with connection.transaction():
                copy_rows(connection, rows)
            return rows
        except ROW_ERRORS as error:
            if len(rows) > 1:
                middle = len(rows) // 2
                return self._copy_each(connection, rows[:middle]) + self._copy_each(connection, rows[middle:])
            return self._copy_reduced(connection, rows[0], error)

    def _copy_reduced(
        self, connection: psycopg.Connection[Any], row: HistoryRow, error: psycopg.Error
    ) -> list[HistoryRow]:
        for reduced in (row.narrowed(), row.bare()):
            if reduced == row:
                continue
            try:
                with connection.transaction():
                    copy_rows(connection, [reduced])
            except ROW_ERRORS as next_error:
                error = next_error
            else:
                return [reduced]
        self.refused += 1
        logger.error(
            "[history] The reading of %s fits the table in no way (SQLSTATE %s) and is left out.",
            row.timestamp.isoformat(),
            error.sqlstate,
        )
        return []


def copy_rows(connection: psycopg.Connection[Any], rows: Sequence[HistoryRow]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for row in rows:
            copy.write_row(row.values())
