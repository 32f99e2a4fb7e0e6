"""What is forgotten: whatever there is more of than is kept (`opsadmin.retention`), and the sessions of people who are no longer
signed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from itertools import chain

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.jobs.patiently import patiently
from opsadmin.jobs.state import note_interrupted
from opsadmin.models import OperationRun
from opsadmin.retention import surplus
from opsadmin.retention.kept import all_kept
from opsadmin.workload.retention import forget as forget_samples

#: A run that gives no signs of life and has not ended by then lost its process.
LOST_AFTER = timedelta(days=1)


def clean_up() -> str:
    """Forget what is old; a sentence of what that was."""
    now = timezone.now()
    amounts = {one.bound.name: one.value for one in all_kept()}
    runs = forget_runs(timedelta(days=amounts["run_days"]), amounts["runs"], now)
    others = forget_others(amounts, now)
    forget_sessions()
    said = [
        ngettext("%(n)d run is forgotten.", "%(n)d runs are forgotten.", runs) % {"n": runs}
        if runs
        else _("No run is old enough to be forgotten."),
        *(
            [ngettext("%(n)d other row is, too.", "%(n)d other rows are, too.", others) % {"n": others}]
            if others
            else []
        ),
        _("The sessions that were over are."),
    ]
    return " ".join(said)


def forget_runs(kept: timedelta, most: int, now: datetime) -> int:
    """Delete the runs that are too old or too many; how many. What is under way stays."""
    note_interrupted()
    lost = OperationRun.objects.filter(outcome=OperationRun.Outcome.RUNNING, started_at__lt=now - LOST_AFTER)
    lost = lost.filter(heartbeat_at=None)
    words = _("It never said that it had ended: its process was lost.")
    patiently(lambda: lost.update(outcome=OperationRun.Outcome.INTERRUPTED, error=words, lease=None))
    gone = patiently(lambda: surplus.delete(surplus.old_runs(kept, now)))
    return gone + patiently(lambda: surplus.delete(surplus.runs(most)))


def forget_others(amounts: dict[str, int], now: datetime) -> int:
    """Delete whatever else there is too much of; how many rows. Most of it is kept within its bounds as it is written; this is
    for a bound that was made tighter."""
    gone = patiently(lambda: forget_samples(None, now))
    return gone + patiently(
        lambda: surplus.delete(
            chain(
                surplus.reports(amounts["health_reports"]),
                surplus.incidents(amounts["incidents"]),
                surplus.alerts(amounts["alerts"]),
                surplus.asked(amounts["asked_statements"]),
            )
        )
    )


def forget_sessions() -> None:
    """As `manage.py clearsessions`; some engines have nothing to clear."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    try:
        patiently(store.clear_expired)
    except NotImplementedError:
        return
