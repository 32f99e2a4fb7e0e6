"""Deleting readings older than the retention, or counting them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings

from stores.backends.history_prune import PruneReport, count_old, delete_before
from stores.backends.history_questions import check_hours
from stores.backends.line import Line
from stores.registry import store_dsn

#: One batch; a slow disk under a GIN index takes its time.
BATCH_DEADLINE = 30.0


def cutoff_of(hours: float | None) -> datetime:
    """Before when readings are old; None: by HISTORY_RETENTION_HOURS. Raises `HistoryQuestionError`."""
    return datetime.now(UTC) - check_hours(settings.HISTORY_RETENTION_HOURS if hours is None else hours)


def count_before(cutoff: datetime) -> int:
    """How many readings are older, counted up to a million. Raises `StoreError`."""
    with Line(store_dsn(), size=1, deadline=BATCH_DEADLINE) as line, line.connection() as connection:
        return count_old(connection, cutoff)


def prune_before(
    cutoff: datetime, *, max_seconds: float | None = None, progress: Callable[[PruneReport], None] | None = None
) -> PruneReport:
    """Delete the older readings in short batches, for at most `max_seconds`. A failure stands in the report."""
    with Line(store_dsn(), size=1, deadline=BATCH_DEADLINE) as line:
        return delete_before(line.connection, cutoff, deadline=max_seconds, progress=progress)
