"""Samples as the schedule would have taken them, written at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from opsadmin.models import Sample, SampledStatement
from opsadmin.workload.cells import Cell, Cells, add_cells, packed
from opsadmin.workload.levels import LEVELS
from opsadmin.workload.sums import StatementSums, Sums, added

#: What statements cost at a look: by (queryid, role).
AtLook = Callable[[datetime], Mapping[tuple[str, str], Sums]]


def write_samples(
    looks: Iterable[datetime],
    at_look: AtLook,
    texts: Mapping[str, str],
    *,
    answers: Callable[[datetime], bool] = lambda at: True,
    database: str = "store",
) -> None:
    """A sample of every width for looks at these times, oldest first; where `answers` says no, PostgreSQL was down."""
    last, statements, figures = {}, {}, {}
    before: datetime | None = None
    for at in looks:
        up = answers(at)
        by = at_look(at) if up else {}
        total = added(by.values()) if by else Sums()
        cells: Cells = {"up": Cell(1, float(up), float(up), float(up))}
        if up and before is not None:
            seconds = (at - before).total_seconds()
            cells["calls"] = Cell(seconds, total.calls, total.calls / seconds, total.calls / seconds)
        before = at if up else before
        for level in LEVELS:
            key = level, level.begin(at)
            last[key] = at
            figures[key] = add_cells(figures.get(key, {}), cells)
            if by:
                more = StatementSums(total, Sums(), by)
                both = statements[key] + more if key in statements else more
                statements[key] = both.cut(level.statements)
    rows = []
    for kind, found in ((Sample.Kind.METRICS, figures), (Sample.Kind.STATEMENTS, statements)):
        for (level, begin), value in found.items():
            if begin < max(last.values()) - level.kept:
                continue
            data = value.as_data() if isinstance(value, StatementSums) else packed(value)
            rows.append(
                Sample(database=database, kind=kind, level=level.name, at=begin, last_at=last[level, begin], data=data)
            )
    Sample.objects.bulk_create(rows, batch_size=200)
    seen = max(last.values())
    SampledStatement.objects.bulk_create(
        [
            SampledStatement(database=database, queryid=queryid, text=text, seen_at=seen)
            for queryid, text in texts.items()
        ]
    )


def every(length: timedelta, until: datetime, step: timedelta = timedelta(minutes=5)) -> list[datetime]:
    """Looks up to now, oldest first."""
    return [until - step * number for number in reversed(range(int(length / step)))]
