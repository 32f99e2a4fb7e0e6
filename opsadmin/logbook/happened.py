"""What other parts tell the logbook: a health report, and things that happened.

    note_report("store", report)
    happened("deploy", "Version 1.4 was deployed.", database="store")
    happened("switch", "Switched to the JSON copies by itself.", database="store", severity=Status.CRITICAL, ref=id)

Neither raises nor waits for PostgreSQL. With the site database busy beyond patience the server's log says so, and the next
report tells it again."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from opsadmin.alerts.send import wake
from opsadmin.core.errors import OperationError
from opsadmin.core.finding import CheckResult, Finding, HealthReport, Status
from opsadmin.core.result import plain
from opsadmin.jobs.patiently import patiently
from opsadmin.logbook.conditions import Seen, take_in
from opsadmin.logbook.events import add_event
from opsadmin.logbook.sources import ask_sources
from opsadmin.models import Condition, Incident, IncidentEvent
from opsadmin.postgres.aliases import resolve_alias
from opsadmin.workload.marks import answered, silent

logger = logging.getLogger(__name__)

#: What happened so long before an incident opened belongs to its story.
LEAD = timedelta(minutes=15)
#: Characters of a fix that are kept.
LONGEST_FIX = 2000


def note_report(database: str, report: HealthReport) -> None:
    """Open, continue and close the incidents that follow from the report, and alert. It may be of some checks only: the
    others stay as they were."""
    ask_sources()
    _note_outage(database, report)
    try:
        with override(settings.LANGUAGE_CODE):
            seen = [_seen(one) for one in report.checks]
        take_in(database, seen, report.taken_at)
    except DatabaseError as error:
        logger.error("[logbook] the report of %s was not noted (%s)", database, type(error).__name__)
        return
    wake()


def _note_outage(database: str, report: HealthReport) -> None:
    """The trends' mark of it begins and ends with the looks that tell; a report of other origin says nothing of that."""
    answers = report.detail.get("answers")
    if answers:
        answered(database, report.taken_at)
    elif answers is False:
        silent(database, "PostgreSQL does not answer.", report.taken_at)


def happened(
    kind: str,
    text: str,
    *,
    database: str = "",
    severity: Status | str = "",
    title: str = "",
    object: str = "",
    data: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    ref: str = "",
) -> bool:
    """Something happened; whether it could be written down. With a `severity` it stands for how `kind` (of `object`) is from now on: warning and critical
    open an incident, ok lets it close, and alerts tell each change. Without one it is an entry of the incidents that are
    open. `ref`: what it is told by, so that telling it again does nothing."""
    at = at or timezone.now()
    try:
        alias = resolve_alias(database)
    except OperationError:
        alias = database
    subject = f"{kind}:{object}" if object else kind
    heading = title or kind.replace("_", " ").capitalize()
    try:
        if severity:
            seen = Seen(subject, heading, Status(severity), text, dict(plain(data or {})), opens=True, ref=ref)
            take_in(alias, [seen], at)
        else:
            patiently(lambda: _append(alias, heading, text, at, plain(data or {}), ref))
    except DatabaseError as error:
        logger.error("[logbook] %s was not noted (%s): %s", kind, type(error).__name__, text)
        return False
    wake()
    return True


def settle(at: datetime | None = None) -> None:
    """What follows from the time that has passed since things happened, of every database: incidents that close, and
    alerts that waited."""
    at = at or timezone.now()
    try:
        for database in list(Condition.objects.filter(always=True).values_list("database", flat=True).distinct()):
            take_in(database, (), at)
    except DatabaseError as error:
        logger.error("[logbook] the incidents could not be gone through (%s)", type(error).__name__)
        return
    wake()


def _append(database: str, heading: str, text: str, at: datetime, data: dict[str, Any], ref: str) -> None:
    with transaction.atomic():
        for incident in Incident.objects.filter(database=database, closed_at=None, opened_at__lte=at + LEAD):
            add_event(incident, IncidentEvent.Kind.HAPPENED, at, subject=heading, text=text, data=data, ref=ref)


def _seen(result: CheckResult) -> Seen:
    severity = Status.UNKNOWN if result.unavailable else result.status
    # A check's title names what it looks for; of this one that is the good case.
    title = _("PostgreSQL does not answer") if result.check == "connection.answers" else str(result.title)
    if not result.findings:
        return Seen(result.check, title, severity)
    worst = max(result.findings, key=lambda one: one.severity.rank)
    return Seen(result.check, title, severity, worst.message, _told(worst, result.findings))


def _told(worst: Finding, findings: Iterable[Finding]) -> dict[str, Any]:
    """What helps with the check's worst finding, and of how many more it speaks."""
    said = {
        "check": worst.check,
        "area": worst.area,
        "severity": worst.severity.value,
        "object": worst.object,
        "hint": worst.hint,
        "why": worst.why,
        # A part of one would do a part of it.
        "fix_sql": worst.fix_sql if len(worst.fix_sql) <= LONGEST_FIX else "",
        "fix_command": worst.fix_command if len(worst.fix_command) <= LONGEST_FIX else "",
        "docs": worst.docs,
        "more": sum(one.severity is worst.severity for one in findings) - 1,
    }
    return {name: value for name, value in said.items() if value}
