"""Cells as Python values, with bounds: one cell must not cost a hundred times its bytes."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq.abc import PGresult

#: A longer cell stays text: a list of four million numbers takes ten times the memory of its text.
PARSED = 100_000
#: A longer cell is cut.
LONGEST = 1_000_000
#: JSON that is nested deeper stays text: whoever prints it would recurse.
DEEP = 40
_JSON = (114, 3802)
_TEXTS = (25, 1043, 1042, 19, 705, 18)
#: Python's durations know no months: one would come out as 30 days.
_INTERVALS = (1186, 1187)


class Cells:
    """Reads the cells of one result after the other; all have the same columns."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._transformer = Transformer(connection)
        self._encoding = connection.info.encoding
        self._loaders: list[Any] = []
        #: The bytes that were kept, and the cells that were cut.
        self.bytes = 0
        self.cut = 0

    def row(self, result: PGresult, number: int) -> tuple[Any, ...]:
        """One row."""
        if not self._loaders:
            self._loaders = [
                (result.ftype(index), self._transformer.get_loader(result.ftype(index), psycopg.pq.Format.TEXT))
                for index in range(result.nfields)
            ]
        return tuple(
            self._cell(oid, loader, result.get_value(number, index))
            for index, (oid, loader) in enumerate(self._loaders)
        )

    def _cell(self, oid: int, loader: Any, raw: bytes | None) -> Any:
        if raw is None:
            return None
        if len(raw) > LONGEST:
            self.cut += 1
            raw = raw[:LONGEST]
        self.bytes += len(raw)
        if oid in _TEXTS or oid in _INTERVALS or len(raw) > PARSED or (oid in _JSON and is_deep(raw)):
            return raw.decode(self._encoding, "replace")
        try:
            return loader.load(raw)
        except (psycopg.Error, ValueError, OverflowError, ArithmeticError, RecursionError, NotImplementedError):
            # A date before Christ, an interval of 200 000 years: PostgreSQL knows them, Python does not.
            return raw.decode(self._encoding, "replace")


def is_deep(raw: bytes) -> bool:
    """Whether brackets may nest too deeply; those inside texts count too, which only errs on the safe side."""
    if raw.count(b"[") + raw.count(b"{") <= DEEP:
        return False
    depth = deepest = 0
    for byte in raw:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest > DEEP
