"""Whether each PostgreSQL answers, asked every minute: the looks at the health come every quarter of an hour, and nobody may
wait that long to hear of an outage."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone
from django.utils.translation import override

from opsadmin.core.errors import OperationError
from opsadmin.health.report import health_report
from opsadmin.logbook.happened import note_report
from opsadmin.models import Mark
from opsadmin.postgres.aliases import postgres_aliases
from opsadmin.postgres.sentences import sentence_of
from opsadmin.postgres.session import read_only
from opsadmin.workload.marks import answered, silent
from opsadmin.workload.sampler import is_answer, may_sleep

#: The family of checks that says whether PostgreSQL answers.
FAMILY = "connection"
#: Silence that lasts so long is an outage that people are told of, and no restart.
SURE_AFTER = timedelta(seconds=40)
#: Milliseconds for an answer.
STATEMENT_MS = 2000


def look_for_outages(known: Collection[str]) -> None:
    """Mark where a silence begins or ends, and report one that lasts. `known`: databases whose silence was reported already.
    One that its host suspends while nobody is at work is only asked where a look found it silent: asking would wake it.

    Raises Django's database errors for the site's own."""
    for database in postgres_aliases():
        if database in known:
            continue
        mark = Mark.objects.filter(database=database, kind=Mark.Kind.OUTAGE, until=None).order_by("at").first()
        if mark is None and may_sleep(database):
            continue
        why = _silence(database)
        now = timezone.now()
        if not why:
            if mark is not None:
                answered(database, now)
        elif mark is None:
            silent(database, why, now)
        elif now - mark.at >= SURE_AFTER:
            _report(database)


def _silence(database: str) -> str:
    """Why it does not answer; empty where it does, if only to refuse."""
    try:
        with read_only(database, statement_ms=STATEMENT_MS) as session:
            session.rows("SELECT 1")
    except DatabaseError as error:
        # A line that broke stays broken; the next question takes a new one.
        if not connections[database].in_atomic_block:
            connections[database].close()
        if not is_answer(error):
            with override(settings.LANGUAGE_CODE):
                return sentence_of(error)
    return ""


def _report(database: str) -> None:
    try:
        note_report(database, health_report(database, FAMILY))
    except OperationError:
        return  # the alias is gone from the settings
