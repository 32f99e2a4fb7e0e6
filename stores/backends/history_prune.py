"""Deleting what is older than the retention, in batches short enough to disturb nobody."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import psycopg

from stores.backends.history_sql import sql
from stores.errors import StoreError

BATCH = 5_000
#: `count_old` counts no further.
MOST_COUNTED = 1_000_000

Connect = Callable[[], AbstractContextManager[psycopg.Connection[Any]]]


@dataclass(frozen=True)
class PruneReport:
    """What a prune did: readings before `cutoff` deleted so far; `more_remain` where it ended (deadline, or rows
    that somebody held) before the last; `error`: the sentence of the failure that ended it."""

    cutoff: datetime
    deleted: int = 0
    batches: int = 0
    elapsed_seconds: float = 0.0
    more_remain: bool = False
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "cutoff": self.cutoff.isoformat()}


def delete_before(
    connect: Connect,
    cutoff: datetime,
    *,
    batch: int = BATCH,
    deadline: float | None = None,
    progress: Callable[[PruneReport], None] | None = None,
) -> PruneReport:
    """Delete the readings before `cutoff` (those without a time are kept), each batch a transaction of its own on a
    connection of its own; stop after `deadline` seconds. A failure ends it and stands in the report, beside what
    was deleted before: that is gone for good."""
    started = time.monotonic()
    since = "-infinity"
    report = PruneReport(cutoff)
    try:
        while True:
            with connect() as connection:
                deleted, since = connection.execute(
                    sql("prune_batch"), {"since": since, "cutoff": cutoff, "batch": batch}
                ).fetchone()  # type: ignore[misc]  # an aggregate answers one row
            elapsed = time.monotonic() - started
            if deleted:
                report = replace(
                    report, deleted=report.deleted + deleted, batches=report.batches + 1, elapsed_seconds=elapsed
                )
                if progress is not None:
                    progress(report)
            late = deadline is not None and elapsed >= deadline
            if deleted < batch or late:
                with connect() as connection:
                    left = count_old(connection, cutoff, limit=1)
                return replace(report, elapsed_seconds=time.monotonic() - started, more_remain=bool(left))
    except StoreError as error:
        return replace(report, elapsed_seconds=time.monotonic() - started, more_remain=True, error=str(error))


def count_old(connection: psycopg.Connection[Any], cutoff: datetime, *, limit: int = MOST_COUNTED) -> int:
    """How many readings are before `cutoff`, counted up to `limit`."""
    found = connection.execute(sql("prune_count"), {"cutoff": cutoff, "limit": limit}).fetchone()
    return int(found[0]) if found else 0
