"""How large tables were. From the site database alone; sizes are those that VACUUM and ANALYZE counted last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opsadmin.core.result import Result
from opsadmin.models import Sample
from opsadmin.workload.levels import HOURS, MINUTES
from opsadmin.workload.reading import fine_rows, grouped


@dataclass(frozen=True)
class TableSize(Result):
    """A table with its indexes and TOAST. `bytes`, `rows`: at the end; `before`: its size at the first sample that has it,
    at `since`. `points`: (time, bytes), oldest first."""

    schema: str
    name: str
    bytes: int
    rows: int
    before: int
    since: datetime
    points: Sequence[tuple[datetime, int]] = field(default_factory=tuple)

    @property
    def growth(self) -> int:
        """In bytes; less than 0 where it shrank."""
        return self.bytes - self.before

    @property
    def change(self) -> float | None:
        return self.bytes / self.before - 1 if self.before else None

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), "growth": self.growth}


def table_sizes(database: str, start: datetime, end: datetime, *, points: int = 60) -> list[TableSize]:
    """The largest tables in [start, end), those that grew most first; a table that is gone by the last sample is left out. One
    statement."""
    # Sizes are sampled by the hour.
    points = min(points, max(1, int((end - start) / HOURS.width)))
    level, rows = fine_rows(database, Sample.Kind.TABLES, start, end, points, but=MINUTES)
    lines: dict[tuple[str, str], list[tuple[datetime, int]]] = {}
    newest: dict[tuple[str, str], int] = {}
    for at, group in grouped(level, rows, start, end, points):
        newest = {}
        for schema, name, size, tuples in group[-1].data["tables"]:
            lines.setdefault((schema, name), []).append((at, int(size)))
            newest[schema, name] = int(tuples)
    found = [
        TableSize(schema, name, line[-1][1], newest[schema, name], line[0][1], line[0][0], tuple(line))
        for (schema, name), line in lines.items()
        if (schema, name) in newest
    ]
    return sorted(found, key=lambda one: (-one.growth, -one.bytes, one.schema, one.name))
