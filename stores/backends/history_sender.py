"""Bringing what waits into PostgreSQL: oldest first, one batch a transaction, each once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from stores.backends.history_aside import keep_damaged, keep_refused
from stores.backends.history_batch import Batch
from stores.backends.history_buffer import Buffer
from stores.backends.history_file import Locked, Name
from stores.backends.history_line import decode_file
from stores.backends.history_sql import sql
from stores.backends.history_throttle import Throttle
from stores.backends.spool import Spool

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")
Work = Callable[[psycopg.Connection[Any]], Answer]
#: Runs work on a connection; None where PostgreSQL is away.
Attempt = Callable[[Work[Any]], Any]

#: How often ids are looked through whose files are gone for days (ids_of_spool.sql says how many).
CLEAR_SECONDS = 24 * 3600.0
ANYTHING = (UUID(int=0), UUID(int=2**128 - 1))


class Sender:
    """Counts readings: `written` (the last of them at `written_at`); `set_aside`, where the table takes them in no way, or `left_out`, where there is no
    spool to set them aside in; `damaged` lines of files. One thread at a time."""

    def __init__(self, buffer: Buffer, attempt: Attempt, goes_on: Callable[[], bool]) -> None:
        self.written = 0
        self.written_at: datetime | None = None
        self.set_aside = 0
        self.left_out = 0
        self.damaged = 0
        self._buffer = buffer
        self._attempt = attempt
        self._goes_on = goes_on
        #: Batches of this process's memory, which nobody else has: these need not be known for long.
        self._done: list[UUID] = []
        self._clear_at = 0.0
        self._said = Throttle()

    def send(self, *, all_of_it: bool) -> int:
        """Send the batches that wait, and with `all_of_it` what was not yet made one; returns how many readings were
        written. Ends at the first try that finds PostgreSQL away."""
        before = self.written
        if self._send_files(all_of_it) and (not all_of_it or self._send_memory()):
            self._clear()
        return self.written - before

    def send_own(self) -> None:
        """Send only what this process has not offered yet, and clear up behind it."""
        spool = self._buffer.spool
        name = spool.complete() if spool is not None else None
        is_sent = (spool is None or name is None or self._send_file(spool, name)) and self._send_memory()
        if is_sent and self._done:
            ids = {"ids": self._done, "first": ANYTHING[0], "last": ANYTHING[1]}
            self._attempt(lambda connection: connection.execute(sql("forget"), ids))

    # --- the spool -------------------------------------------------------------------------------------------------

    def _send_files(self, all_of_it: bool) -> bool:
        """False where PostgreSQL is away, or we are to end."""
        spool = self._buffer.spool
        if spool is None:
            return True
        while True:
            try:
                names = spool.waiting()
            except OSError as error:
                self._say("The spool %s cannot be read: %s.", spool.directory, error.strerror)
                return True
            for name in names:
                if not self._goes_on() or not self._send_file(spool, name):
                    return False
            if not all_of_it or spool.complete() is None:
                return True
            # What that completed is the newest, and waits now.
            all_of_it = False

    def _send_file(self, spool: Spool, name: Name) -> bool:
        """False where PostgreSQL is away. A file that another process has, or that the disk does not let us deal
        with, is left for later."""
        try:
            file = spool.take(name)
            if file is None:
                return True
            try:
                return self._send_locked(spool, file)
            finally:
                file.release()
        except OSError as error:
            self._say("%s waits in the spool because of the disk: %s.", name, error.strerror or error)
            return True

    def _send_locked(self, spool: Spool, file: Locked) -> bool:
        readings = decode_file(file.read())
        damaged = readings.damaged
        kept = keep_damaged(spool.directory, file.name.id, damaged) if damaged else ""
        batch = Batch(file.name.id, readings.rows, keep=partial(keep_refused, spool.directory, file.name.id))
        if readings.rows and not self._write(batch):
            return False
        if damaged:
            logger.error("[history] %d damaged lines of %s were set aside: %s.", len(damaged), file.name, kept)
        if readings.torn:
            logger.warning("[history] %s ended in %d bytes of an unfinished line.", file.name, readings.torn)
        self.damaged += len(damaged)
        spool.remove(file)
        return True

    # --- PostgreSQL ------------------------------------------------------------------------------------------------

    def _write(self, batch: Batch) -> bool:
        forget = list(self._done)
        written = self._attempt(lambda connection: batch.write(connection, forget))
        if written is None:
            return False
        self._done = self._done[len(forget) :]
        self.written += written
        self.written_at = datetime.now(UTC)
        self.set_aside += batch.refused
        return True

    def _send_memory(self) -> bool:
        memory = self._buffer.memory
        while (batch := memory.next_batch()) is not None:
            if not self._write(batch):
                return False
            self.left_out += batch.refused
            self.set_aside -= batch.refused
            memory.done()
            self._done.append(batch.id)
        return True

    def _clear(self) -> None:
        """Forget the batches of this spool that were written days ago and whose files are gone. Until then a copy of the
        directory, sent by somebody else, is known by its ids. Another host's may still have their files."""
        spool = self._buffer.spool
        if spool is None or monotonic() < self._clear_at:
            return
        try:
            ids = spool.range_of_ids()
            if ids is None:
                return
            limits = {"first": ids[0], "last": ids[1]}
            found = self._attempt(lambda connection: connection.execute(sql("ids_of_spool"), limits).fetchall())
            if found is None:
                return
            gone = spool.surely_gone([row[0] for row in found])
        except OSError as error:
            self._say("The spool %s cannot be read: %s.", spool.directory, error.strerror)
            return
        if self._attempt(lambda connection: connection.execute(sql("forget"), {"ids": gone, **limits})) is not None:
            self._clear_at = monotonic() + CLEAR_SECONDS

    def _say(self, message: str, *parts: object) -> None:
        if self._said.allows(message):
            logger.error(f"[history] {message}", *parts)
