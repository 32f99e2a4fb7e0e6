"""Health reports as they were, in the site database: shown while PostgreSQL does not answer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from opsadmin.core.finding import HealthReport
from opsadmin.core.result import plain
from opsadmin.logbook.happened import note_report
from opsadmin.models import HealthSnapshot
from opsadmin.workload.sampler import look_along

logger = logging.getLogger(__name__)

#: How many are kept of each database: the newest ones, and of the older ones one an hour.
NEWEST = 40
MOST = 200


def keep(database: str, report: HealthReport, facts: dict[str, Any]) -> HealthSnapshot:
    """Keep the report of a PostgreSQL that answered, forget the oldest ones, and tell the logbook and the trends. Where the site database
    refuses, the snapshot comes back unsaved."""
    snapshot = HealthSnapshot(
        database=database,
        taken_at=report.taken_at,
        status=report.overall_status.value,
        score=report.score,
        facts=plain(facts),
        report=plain(report.as_dict()),
    )
    try:
        snapshot.save()
        HealthSnapshot.objects.filter(pk__in=superfluous(_times(database))).delete()
    except DatabaseError as error:
        logger.warning("[health] the report of %s was not kept (%s)", database, type(error).__name__)
    note_report(database, report)
    look_along(database, report)
    return snapshot


def latest(database: str, *, whole: bool = True) -> HealthSnapshot | None:
    """The newest report; None where there is none, or the site database fails. Not `whole`: how it came out, without the
    report itself, which is large where the catalogue is."""
    try:
        found = HealthSnapshot.objects.filter(database=database)
        return (found if whole else found.defer("report", "facts")).first()
    except DatabaseError as error:
        logger.warning("[health] the last report of %s could not be read (%s)", database, type(error).__name__)
        return None


def superfluous(times: Sequence[tuple[int, datetime]]) -> list[int]:
    """Which of (key, time), newest first, are kept no longer."""
    kept, gone = 0, []
    hour: datetime | None = None
    for number, (key, at) in enumerate(times):
        its_hour = at.replace(minute=0, second=0, microsecond=0)
        if kept < MOST and (number < NEWEST or its_hour != hour):
            kept += 1
        else:
            gone.append(key)
        hour = its_hour
    return gone


def _times(database: str) -> list[tuple[int, datetime]]:
    return list(HealthSnapshot.objects.filter(database=database).values_list("pk", "taken_at"))
