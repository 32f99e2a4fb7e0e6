"""Where readings wait for PostgreSQL: in the spool, or in memory where there is none or it cannot be written."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from stores.backends.history_memory import MOST_PENDING, MemoryBuffer
from stores.backends.history_row import HistoryRow
from stores.backends.spool import Spool, SpoolFull, SpoolLook

_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would exceed the limit for a file's size (ulimit -f)",
}
_DENIED = (errno.EACCES, errno.EPERM)


@dataclass(frozen=True)
class BufferLook:
    """`pending` readings wait, the oldest since `oldest_at`; `spool` as it is on the disk."""

    pending: int
    oldest_at: datetime | None
    spool: SpoolLook


class Buffer:
    """The caller holds a lock while it calls `keep`."""

    def __init__(self, spool: Spool | None) -> None:
        self.spool = spool
        self.memory = MemoryBuffer()
        #: Why the spool cannot be written, a sentence; None where it can, or there is none.
        self.spool_error: str | None = None
        self._memory_since = 0.0

    @property
    def unsent(self) -> int:
        """Readings that have not been offered to PostgreSQL yet."""
        return len(self.memory) + (self.spool.unsent if self.spool is not None else 0)

    @property
    def unsent_seconds(self) -> float:
        """Since when the oldest of them waits."""
        waits = [monotonic() - self._memory_since] if len(self.memory) else []
        if self.spool is not None and self.spool.unsent:
            waits.append(self.spool.unsent_seconds)
        return max(waits, default=0.0)

    def keep(self, row: HistoryRow) -> str:
        """Keep a reading; answers why it is not kept, "" where it is."""
        if self.spool is not None:
            try:
                self.spool.append(row)
            except SpoolFull as full:
                return str(full)
            except OSError as error:
                if error.errno in _FULL:
                    return f"{_FULL[error.errno]} ({self.spool.directory})"
                self.spool_error = _not_writable(self.spool.directory, error)
            else:
                self.spool_error = None
                return ""
        if not len(self.memory):
            self._memory_since = monotonic()
        if self.memory.append(row):
            return ""
        return f"{MOST_PENDING:,} readings wait in memory for PostgreSQL already"

    def look(self) -> BufferLook:
        """How much waits. Never raises."""
        spool, pending, times = SpoolLook(), len(self.memory), [self.memory.oldest_at]
        if self.spool is not None:
            try:
                spool = self.spool.look()
            except OSError as error:
                self.spool_error = _not_writable(self.spool.directory, error)
            else:
                pending += self.spool.count(spool)
                times.append(self.spool.oldest_at(spool))
        return BufferLook(pending, min((time for time in times if time is not None), default=None), spool)


def _not_writable(directory: str, error: OSError) -> str:
    hint = f" Give the directory to user {os.geteuid()} (chown)." if error.errno in _DENIED else ""
    return (
        f"The spool {directory} cannot be used ({error.strerror}): readings wait in memory, and are lost when the "
        f"process ends while PostgreSQL is away.{hint}"
    )
