"""The store's tasks that come round by themselves."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from opsadmin.core.operation import Caller
from opsadmin.jobs.schedule import register_task
from opsadmin.perform import perform


def prune() -> str:
    """Delete the readings beyond the retention; a sentence of how many."""
    done = perform("prune_history", {"max_seconds": 120}, Caller("schedule", "schedule"), confirmed=True)
    words = {"deleted": f"{done.deleted:,}", "cutoff": f"{done.cutoff:%Y-%m-%d %H:%M} UTC"}
    if done.more_remain:
        return (
            _now("%(deleted)s readings from before %(cutoff)s are deleted, and some remain for the next time.") % words
        )
    return _now("%(deleted)s readings from before %(cutoff)s are deleted.") % words


# What deletes for good is offered, and not begun before somebody said so.
register_task(
    "prune_history",
    title=_("Prune the history"),
    summary=_("Deletes readings older than HISTORY_RETENTION_HOURS for good. Off until somebody switches it on."),
    every=timedelta(hours=6),
    run=prune,
    enabled=False,
    is_logged=False,
    operation="prune_history",
)
