"""One reading as one line of a spool file: `1 CHECKSUM [columns] <tab> {metadata}`. The 1 is the format's version;
the checksum (CRC-32, hexadecimal) is that of all that follows it; JSON holds neither a line's end nor a bare tab."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zlib import crc32

from stores.backends.history_row import COLUMNS

#: A row as COPY takes it, in the order of COLUMNS; its metadata is JSON text.
Values = tuple[Any, ...]


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_as_text).encode


def encode(values: Values) -> bytes:
    """The line of a reading, its end included."""
    payload = f"{_encode(values[:-1])}\t{values[-1]}".encode()
    return b"1 %08x %b\n" % (crc32(payload), payload)


def decode(line: bytes) -> Values | None:
    """The reading of a line without its end; None where it is not as it was written."""
    payload = line[11:]
    if line[:11] != b"1 %08x " % crc32(payload):
        return None
    try:
        columns, _, metadata = payload.decode().partition("\t")
        values = (*json.loads(columns), metadata)
    except (ValueError, TypeError):
        return None
    return values if len(values) == len(COLUMNS) else None


@dataclass(frozen=True)
class Damaged:
    """A line of a spool file, by its number (from 1), that is not as it was written."""

    number: int
    line: bytes


@dataclass(frozen=True)
class Readings:
    """What a spool file holds. `torn`: bytes of a last line that was never ended, so never acknowledged."""

    rows: Sequence[Values]
    damaged: Sequence[Damaged]
    torn: int


def decode_file(content: bytes) -> Readings:
    *lines, tail = content.split(b"\n")
    rows, damaged = [], []
    for number, line in enumerate(lines, start=1):
        values = decode(line)
        if values is None:
            damaged.append(Damaged(number, line))
        else:
            rows.append(values)
    return Readings(rows, damaged, len(tail))
