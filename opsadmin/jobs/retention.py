"""What is forgotten: old runs, and the sessions of people who are no longer signed in."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.core.blocks import said_number
from opsadmin.jobs.patiently import patiently
from opsadmin.jobs.state import note_interrupted
from opsadmin.models import OperationRun

#: The log of runs keeps both bounds, whichever comes first.
KEPT_DAYS, KEPT_RUNS = 90, 5000
#: A run that gives no signs of life and has not ended by then lost its process.
LOST_AFTER = timedelta(days=1)


def clean_up() -> str:
    """Forget what is old; a sentence of what that was."""
    runs = forget_runs()
    forget_sessions()
    words = _("%(runs)s runs are forgotten, and the sessions that were over.") % {"runs": said_number("", runs)}
    return words if runs else _("No run is old enough to be forgotten. The sessions that were over are.")


def forget_runs() -> int:
    """Delete the runs that are too old or too many; how many. What is under way stays."""
    note_interrupted()
    now = timezone.now()
    lost = OperationRun.objects.filter(outcome=OperationRun.Outcome.RUNNING, started_at__lt=now - LOST_AFTER)
    lost = lost.filter(heartbeat_at=None)
    words = _("It never said that it had ended: its process was lost.")
    patiently(lambda: lost.update(outcome=OperationRun.Outcome.INTERRUPTED, error=words, lease=None))
    ended = OperationRun.objects.exclude(outcome=OperationRun.Outcome.RUNNING)
    old = ended.filter(started_at__lt=now - timedelta(days=KEPT_DAYS))
    gone = patiently(lambda: old.delete()[0])
    last = ended.values_list("started_at", "pk")[KEPT_RUNS - 1 : KEPT_RUNS].first()
    if last is not None:
        surplus = ended.filter(started_at__lt=last[0])
        gone += patiently(lambda: surplus.delete()[0])
    return gone


def forget_sessions() -> None:
    """As `manage.py clearsessions`; some engines have nothing to clear."""
    store = import_module(settings.SESSION_ENGINE).SessionStore
    try:
        patiently(store.clear_expired)
    except NotImplementedError:
        return
