"""Doing what is due, one process at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from opsadmin.jobs.one_task import TaskDone, do
from opsadmin.jobs.planned import Planned, note_dead, planned, planned_one
from opsadmin.jobs.turn import Turn, new_holder

logger = logging.getLogger(__name__)

LEASE = "tick"


def tick(*, is_stopped: Callable[[], bool] = lambda: False) -> list[TaskDone]:
    """Do every task that is due, once, the longest awaited first; what was done. Empty where nothing is due, and where
    another process is at it. A task that fails stops no other.

    Raises Django's database errors where the site database does not answer."""
    if not has_work():
        return []
    turn = Turn(LEASE, new_holder())
    if not turn.take():
        return []
    found: list[TaskDone] = []
    tried: set[str] = set()
    try:
        note_dead()
        while not is_stopped() and (one := _next(tried)) is not None and turn.renew():
            tried.add(one.task.name)
            one = planned_one(one.task.name)
            # A person may have done it a moment ago.
            if not one.is_due(timezone.now()):
                continue
            done = do(one, turn.holder, is_stopped=is_stopped, beat=turn.renew)
            if done is not None:
                found.append(done)
                logger.info("[schedule] %s: %s, %s", done.task, done.outcome, done.message)
    finally:
        turn.give_back()
    return found


def has_work() -> bool:
    """Whether something is due, or was begun by a process that died."""
    now = timezone.now()
    return any(one.is_due(now) or (one.row.holder and not one.is_under_way(now)) for one in planned())


def due() -> list[Planned]:
    """What is due now."""
    now = timezone.now()
    return [one for one in planned() if one.is_due(now)]


def next_at() -> datetime | None:
    """When something is due next; None where nothing ever is."""
    now = timezone.now()
    return min((one.row.next_at or now for one in planned() if one.enabled and not one.row.holder), default=None)


def _next(tried: set[str]) -> Planned | None:
    now = timezone.now()
    left = [one for one in due() if one.task.name not in tried]
    return min(left, key=lambda one: one.row.next_at or now, default=None)
