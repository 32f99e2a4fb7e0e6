"""What is kept no longer. Samples are bounded by time, and each holds a bounded number of things; texts and marks are bounded
by their number. So one database's trends take at most about 40 MB, whatever it does, unless somebody lets them have more: see
docs/core/trends.md."""

from __future__ import annotations

from datetime import datetime
from itertools import chain

from opsadmin.retention import surplus
from opsadmin.retention.kept import all_kept
from opsadmin.workload.kept_levels import kept_levels


def forget(database: str | None, now: datetime) -> int:
    """Delete what is older than it is kept, and what a clock that was wrong dated ahead; how many rows that were. `database`:
    None stands for all, also those that are looked after no longer."""
    amounts = {one.bound.name: one.value for one in all_kept()}
    levels = kept_levels()
    return surplus.delete(
        chain(
            *(surplus.samples(level, level.kept, now, database) for level in levels),
            surplus.texts(amounts["statement_texts"], database),
            surplus.old_marks(levels[-1].kept, now, database),
            surplus.marks(amounts["marks"], database),
        )
    )
