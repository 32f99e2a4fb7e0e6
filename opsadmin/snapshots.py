"""Health reports as they were, in the site database: shown while PostgreSQL does not answer."""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError

from opsadmin.core.finding import HealthReport
from opsadmin.core.result import plain
from opsadmin.logbook.happened import note_report
from opsadmin.models import HealthSnapshot
from opsadmin.retention import surplus
from opsadmin.retention.kept import amount
from opsadmin.workload.sampler import look_along

logger = logging.getLogger(__name__)


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
        surplus.delete(surplus.reports(amount("health_reports"), database))
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
