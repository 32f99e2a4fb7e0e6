"""Our own tasks that come round by themselves."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from opsadmin.follow.task import review_followed
from opsadmin.health.task import look_at_all
from opsadmin.jobs.retention import clean_up
from opsadmin.jobs.schedule import register_task
from opsadmin.logbook.round import go_round
from opsadmin.workload.sampler import EVERY, sample_all

register_task(
    "look_at_health",
    title=_("Look at the health"),
    summary=_("Every check of every database; what is found opens and closes incidents, and alerts."),
    every=timedelta(minutes=15),
    run=look_at_all,
)
register_task(
    "logbook",
    title=_("Go through the incidents"),
    summary=_("What happened meanwhile, whether a PostgreSQL that was silent answers again, and alerts that wait."),
    every=timedelta(minutes=1),
    run=go_round,
    is_logged=False,
)
register_task(
    "sample",
    title=_("Take samples"),
    summary=_("What each PostgreSQL counted since the last time, for the trends. One that sleeps is not woken for it."),
    every=EVERY,
    run=sample_all,
    is_logged=False,
)
register_task(
    "review_indexes",
    title=_("Review followed indexes"),
    summary=_("Whether indexes that are followed keep what they promised."),
    every=timedelta(days=1),
    run=review_followed,
)
register_task(
    "clean_up",
    title=_("Clean up"),
    summary=_("Forgets what is kept no longer, as Settings says, and sessions that are over."),
    every=timedelta(days=1),
    run=clean_up,
)
