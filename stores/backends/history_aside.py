"""Readings that cannot be put into the table: kept in files beside the spool, for a person to look at. What is
written here is written before the transaction that leaves it out commits, and once, however often that is tried."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from stores.backends import durable_file
from stores.backends.history_line import Damaged, Values
from stores.backends.history_row import COLUMNS

REFUSED = "refused.jsonl"
DAMAGED = "damaged-"
_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


def keep_refused(directory: str, batch: UUID, number: int, values: Values, why: str) -> None:
    """Add a reading that PostgreSQL takes in no way to `refused.jsonl`. `number`: its place in the batch. Raises
    OSError; then nothing was added."""
    reading = dict(zip(COLUMNS, values, strict=True))
    reading |= {"timestamp": str(reading["timestamp"]), "metadata": json.loads(reading["metadata"])}
    mark = {"batch": str(batch), "number": number}
    start = json.dumps(mark)[:-1].encode()
    more = {"refused_at": datetime.now(UTC).isoformat(), "reason": why, "reading": reading}
    line = start + b", " + json.dumps(more, ensure_ascii=False, default=str).encode()[1:] + b"\n"
    descriptor = os.open(f"{directory}/{REFUSED}", _APPEND, 0o600)
    try:
        durable_file.give_to_owner(descriptor, directory)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with open(f"{directory}/{REFUSED}", "rb") as kept:
            size = 0
            for present in kept:
                if present.startswith(start + b",") and present.endswith(b"\n"):
                    return
                # A last line without an end was cut short by a death: the next one starts behind an end of its own.
                if not present.endswith(b"\n"):
                    line = b"\n" + line
                size += len(present)
        try:
            if os.write(descriptor, line) != len(line):
                raise OSError("the line was cut short")
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def keep_damaged(directory: str, batch: UUID, damaged: Sequence[Damaged]) -> str:
    """Keep the damaged lines of a batch in a file of their own, as they are; returns its path. Raises OSError."""
    path = f"{directory}/{DAMAGED}{batch.hex}.txt"
    durable_file.replace(path, b"".join(item.line + b"\n" for item in damaged), lambda _: None)
    return path
