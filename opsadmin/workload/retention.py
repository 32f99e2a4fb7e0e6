"""What is kept no longer. Samples are bounded by time, and each holds a bounded number of things; texts and marks are bounded
by their number. So one database's trends take at most about 20 MB, whatever it does: see docs/core/trends.md."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from opsadmin.models import Mark, Sample, SampledStatement
from opsadmin.workload import marks
from opsadmin.workload.levels import DAYS, LEVELS

#: Of one database so many texts of statements are kept, those seen last.
MOST_TEXTS = 1500


def forget(database: str, now: datetime) -> int:
    """Delete what is older than it is kept, and what a clock that was wrong dated ahead; how many rows that were."""
    gone = 0
    for level in LEVELS:
        rows = Sample.objects.filter(database=database, level=level.name)
        aged = Q(at__lt=level.begin(now - level.kept)) | Q(at__gt=now + timedelta(days=1))
        gone += rows.filter(aged).delete()[0]
    texts = SampledStatement.objects.filter(database=database).order_by("-seen_at", "-pk")
    gone += _beyond(SampledStatement, texts, MOST_TEXTS)
    happened = Mark.objects.filter(Q(database=database) | Q(database="")).order_by("-at", "-pk")
    gone += happened.filter(at__lt=now - DAYS.kept).delete()[0]
    return gone + _beyond(Mark, happened, marks.MOST)


def _beyond(model: type[SampledStatement] | type[Mark], rows, most: int) -> int:  # type: ignore[no-untyped-def]
    keys = list(rows.values_list("pk", flat=True)[most : most + 5000])
    if not keys:
        return 0
    gone: int = model._default_manager.filter(pk__in=keys).delete()[0]
    return gone
