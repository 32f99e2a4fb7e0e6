"""Looks at the health that no page waits for long: each goes on by itself, one at a time for each database, and what it
found is kept. A page gets the newest report within moments, also while PostgreSQL hangs."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from opsadmin.core.errors import OperationError
from opsadmin.core.finding import HealthReport
from opsadmin.core.operation import Caller
from opsadmin.logbook.happened import note_report
from opsadmin.models import HealthSnapshot
from opsadmin.pages.facts import facts_of
from opsadmin.perform import perform
from opsadmin.snapshots import keep, latest

logger = logging.getLogger(__name__)

OPERATION = "analyze_db_health"
#: A report younger than that is shown again.
FRESH = timedelta(seconds=30)
#: After a look without an answer the next page looks again only then, unless asked to.
PAUSE = timedelta(seconds=10)
#: How long a page waits for a look, and how long where it has an earlier report to show meanwhile.
PATIENCE_SECONDS = 1.0
SHORT_PATIENCE_SECONDS = 0.2


@dataclass
class Look:
    """One look. `snapshot`: what PostgreSQL had to tell; without an answer None, then `silent` is the report that says so
    (with what other families found), or `error` why there is none."""

    done: threading.Event = field(default_factory=threading.Event)
    ended_at: datetime | None = None
    snapshot: HealthSnapshot | None = None
    silent: dict[str, Any] | None = None
    error: str = ""


@dataclass(frozen=True)
class Seen:
    """What a page can show now. `snapshot`: the newest report with an answer. `running`: a newer one is being made.
    `failed`: the look after it, which had no answer."""

    snapshot: HealthSnapshot | None
    running: bool
    failed: Look | None


_lock = threading.Lock()
_looks: dict[str, Look] = {}


def see(database: str, caller: Caller, *, fresh: bool = False, patience: float | None = None) -> Seen:
    """The newest report of the database, after a look where that is due. `fresh`: look in any case. `patience`: wait for it
    so long, and not as long as there is reason to. `caller` holds the permission for it."""
    snapshot = latest(database)
    if patience is None:
        patience = PATIENCE_SECONDS if snapshot is None or fresh else SHORT_PATIENCE_SECONDS
    look = _present(database, caller, fresh=fresh, snapshot=snapshot)
    if look is None:
        return Seen(snapshot, running=False, failed=None)
    running = not look.done.wait(patience)
    snapshot = _newer(snapshot, look.snapshot)
    failed = not running and look.snapshot is None and _is_after(look.ended_at, snapshot)
    return Seen(snapshot, running, look if failed else None)


def join(seconds: float = 30.0) -> bool:
    """Wait for the looks that go on. False where one is not done by then."""
    return all(look.done.wait(seconds) for look in list(_looks.values()))


def _present(database: str, caller: Caller, *, fresh: bool, snapshot: HealthSnapshot | None) -> Look | None:
    """The look that goes on, or was the last one; a new one where that is due."""
    with _lock:
        look = _looks.get(database)
        if look is not None and not look.done.is_set():
            return look
        now = timezone.now()
        is_young = snapshot is not None and now - snapshot.taken_at < FRESH
        has_paused = look is None or look.ended_at is None or now - look.ended_at >= PAUSE or look.snapshot is not None
        if not fresh and (is_young or not has_paused):
            return look
        look = _looks[database] = Look()
        # The page asked for the permission; the user of its request is another thread's.
        trusted = replace(caller, may=lambda permission: True)
        threading.Thread(target=_look, args=(database, trusted, look), name=f"look-{database}", daemon=True).start()
        return look


def _look(database: str, caller: Caller, look: Look) -> None:
    try:
        report: HealthReport = perform(OPERATION, {"database": database}, caller)
        if report.detail.get("answers", True):
            look.snapshot = keep(database, report, facts_of(database))
        else:
            look.silent = report.as_dict()
            note_report(database, report)
    except OperationError as error:
        look.error = error.message
    except Exception as error:
        logger.exception("[health] the look at %s failed", database)
        look.error = f"The look itself failed ({type(error).__name__}). The site's log says where."
    finally:
        look.ended_at = timezone.now()
        connections.close_all()
        look.done.set()


def _newer(one: HealthSnapshot | None, other: HealthSnapshot | None) -> HealthSnapshot | None:
    found = [each for each in (one, other) if each is not None]
    return max(found, key=lambda each: each.taken_at, default=None)


def _is_after(moment: datetime | None, snapshot: HealthSnapshot | None) -> bool:
    return snapshot is None or moment is None or moment > snapshot.taken_at
