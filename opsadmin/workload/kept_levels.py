"""The widths of samples with how long they are kept on this site."""

from __future__ import annotations

from dataclasses import replace

from opsadmin.retention.kept import all_kept
from opsadmin.workload.levels import LEVEL_OF, Level


def kept_levels() -> tuple[Level, ...]:
    """As `LEVELS`, the finest first. One statement to the site database.

    Raises Django's database errors."""
    known = {one.bound.name: one for one in all_kept()}
    return tuple(
        replace(level, kept=found.bound.time(found.value), since=found.row.since if found.row else None)
        for name, level in LEVEL_OF.items()
        if (found := known[name])
    )
