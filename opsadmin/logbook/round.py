"""What the schedule does for the logbook between the looks: take over what happened, look whether each PostgreSQL answers, and
one that was silent does again, close what is over, and send what waits."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.core.errors import OperationError
from opsadmin.health.report import health_report
from opsadmin.logbook.happened import note_report, settle
from opsadmin.logbook.outages import FAMILY, look_for_outages
from opsadmin.logbook.sources import ask_sources
from opsadmin.models import Condition, Incident
from opsadmin.postgres.aliases import postgres_aliases


def go_round() -> str:
    """Do it; a sentence of how things stand.

    Raises Django's database errors."""
    ask_sources()
    silent = _silent()
    look_for_outages(silent)
    for database in silent:
        try:
            note_report(database, health_report(database, FAMILY))
        except OperationError:
            continue  # the alias is gone from the settings
    settle()
    count = Incident.objects.filter(closed_at=None).count()
    if not count:
        return _("No incident is open.")
    return ngettext("%(n)d incident is open.", "%(n)d incidents are open.", count) % {"n": count}


def _silent() -> list[str]:
    """The databases that did not answer, and those of which nobody is sure yet that they do for good."""
    # Closing takes a look that finds it well, after it has been so for a while.
    rows = Condition.objects.filter(subject="connection.answers", incident__isnull=False, incident__closed_at=None)
    there = postgres_aliases()
    return [alias for alias in rows.values_list("database", flat=True) if alias in there]
