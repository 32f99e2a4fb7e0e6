"""The look at the health that comes round by itself."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.finding import HealthReport
from opsadmin.core.operation import Caller
from opsadmin.logbook.happened import note_report
from opsadmin.pages.facts import facts_of
from opsadmin.perform import perform
from opsadmin.postgres.aliases import postgres_aliases
from opsadmin.snapshots import keep, latest
from opsadmin.workload.keeping import before
from opsadmin.workload.sampler import next_look

#: How often a server that sleeps is woken for a look.
SLEEPERS_EVERY = timedelta(days=1)


def look_at_all() -> str:
    """Look at every PostgreSQL alias and keep the reports; a sentence of what was found.

    Raises `OperationFailed` where none answered. One of several that is away fails nothing else: it is named, and it has an
    incident of its own."""
    found: list[str] = []
    silent: list[str] = []
    for database in postgres_aliases():
        if _is_left_asleep(database):
            found.append(_("%(database)s is left asleep") % {"database": database})
            continue
        try:
            report: HealthReport = perform("analyze_db_health", {"database": database}, Caller("schedule", "schedule"))
        except OperationError as error:
            silent.append(f"{database}: {error.message}")
            continue
        if not report.detail.get("answers", True):
            note_report(database, report)
            silent.append(_("%(database)s does not answer.") % {"database": database})
            continue
        keep(database, report, facts_of(database))
        found.append(f"{database}: {report.overall_status.value}")
    if silent and not found:
        raise OperationFailed(" ".join(silent))
    looked = ", ".join(found) + "." if found else _("There is no PostgreSQL to look at.")
    return " ".join([*silent, looked])


def _is_left_asleep(database: str) -> bool:
    """A host that suspends an idle server is woken once a day; while somebody else is at work there it is awake anyway."""
    if next_look(database, before(database)) is None:
        return False
    last = latest(database)
    return last is not None and timezone.now() - last.taken_at < SLEEPERS_EVERY
