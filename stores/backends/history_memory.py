"""Readings that wait in memory: where there is no spool, or none that can be written."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from datetime import datetime
from uuid import UUID

from stores.backends.history_batch import Batch
from stores.backends.history_row import HistoryRow

#: Most readings that wait in memory: 10,000 are seven days at one a minute.
MOST_PENDING = 10_000
#: Most readings of one transaction.
MOST_AT_ONCE = 1_000


class MemoryBuffer:
    """Readings in the order of their coming."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._rows: deque[HistoryRow] = deque()
        self._batch: Batch | None = None

    def __len__(self) -> int:
        with self._lock:
            return len(self._rows) + (len(self._batch.rows) if self._batch is not None else 0)

    @property
    def oldest_at(self) -> datetime | None:
        with self._lock:
            if self._batch is not None:
                return self._batch.oldest_at
            return self._rows[0].timestamp if self._rows else None

    def append(self, row: HistoryRow) -> bool:
        """False, and the reading is not kept, where the buffer is full."""
        with self._lock:
            if len(self) >= MOST_PENDING:
                return False
            self._rows.append(row)
            return True

    def next_batch(self) -> Batch | None:
        """The unfinished batch, else one of the oldest readings; the same again until `done`."""
        with self._lock:
            if self._batch is None and self._rows:
                rows = [self._rows.popleft() for _ in range(min(len(self._rows), MOST_AT_ONCE))]
                # Six zeros in place of a spool's name: no file can hold this batch.
                batch = UUID(bytes=bytes(6) + secrets.token_bytes(10))
                self._batch = Batch(batch, [row.values() for row in rows], oldest_at=rows[0].timestamp)
            return self._batch

    def done(self) -> None:
        with self._lock:
            self._batch = None
