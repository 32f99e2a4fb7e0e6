"""Asking for index advice, which takes longer than a page waits: it goes on by itself, one at a time for each database
whatever process of the site began it, and every process sees how far it is.

    start("store", Wish("analyze_workload_indexes", {"database": "store"}, ...), caller)
    standing("store")       # Standing(running=..., failed=...)
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, IntegrityError, connections, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from opsadmin.advisor.advice import Advice
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.operation import Caller, Progress
from opsadmin.last_seen import recall
from opsadmin.models import SeenAnswer
from opsadmin.perform import perform

logger = logging.getLogger(__name__)

#: The row of the site database that says how an asking stands.
NAME = "index_ideas.asking"
BEAT_SECONDS = 1.0
#: How often its end is tried to be noted.
ATTEMPTS = 8
#: An asking without a sign of life for so long has lost its process.
SILENCE = timedelta(seconds=20)


@dataclass(frozen=True)
class Wish:
    """What is asked for: the operation and its parameters. `says`: of what, for people; `key` names the wish."""

    operation: str
    given: Mapping[str, Any]
    says: str
    key: str


@dataclass(frozen=True)
class Asking:
    """One that is under way, or has failed: by whom, of what and since when; `share` (0 to 1) and `step` how far it is;
    `error` and `hint` why it failed."""

    by: str
    says: str
    begun_at: datetime
    share: float = 0.0
    step: str = ""
    error: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Standing:
    """`failed`: the last one, where it gave no advice."""

    running: Asking | None = None
    failed: Asking | None = None


def standing(database: str) -> Standing:
    """How the last asking stands. PostgreSQL is not asked."""
    row = recall(database, NAME)
    if row is None:
        return Standing()
    data = row.data
    asking = Asking(
        by=data["by"],
        says=data["says"],
        begun_at=datetime.fromisoformat(data["begun_at"]),
        share=data["share"],
        step=data["step"],
        error=data["error"],
        hint=data["hint"],
    )
    if not data["ended"] and timezone.now() - row.taken_at < SILENCE:
        return Standing(running=asking)
    if data["ended"] and not data["error"]:
        return Standing()
    lost = _("The process that was at it has ended. Nothing was changed; ask again.")
    return Standing(failed=asking if data["ended"] else replace(asking, error=lost))


def start(database: str, wish: Wish, caller: Caller, keep: Callable[[Advice], None]) -> bool:
    """Begin it in a thread of its own. `caller` holds the permission; `keep` takes the advice. False where one is under
    way in this database already.

    Raises `OperationFailed` where the site's own database does not take a note of it."""
    data = {
        "key": wish.key,
        "by": caller.name,
        "says": wish.says,
        "begun_at": timezone.now().isoformat(),
        "share": 0.0,
        "step": "",
        "error": "",
        "hint": "",
        "ended": False,
    }
    try:
        if not _take(database, data):
            return False
    except DatabaseError as error:
        logger.error("[ideas] an asking could not be noted (%s)", type(error).__name__)
        raise OperationFailed(_("The site's own database could not be written, so nothing was begun.")) from error
    # The page asked for the permission; the user of its request is another thread's.
    trusted = replace(caller, may=lambda permission: True)
    thread = threading.Thread(
        target=_Job(database, wish, trusted, keep, data, get_language()).do, name=f"ideas-{database}", daemon=True
    )
    _threads.add(thread)
    thread.start()
    return True


def join(seconds: float = 60.0) -> bool:
    """Wait for what this process is at. False where it is not done by then."""
    for thread in list(_threads):
        thread.join(seconds)
    return not any(thread.is_alive() for thread in list(_threads))


_threads: set[threading.Thread] = set()


def _take(database: str, data: dict[str, Any]) -> bool:
    """Have the row, unless a living process has it."""
    rows = SeenAnswer.objects.filter(database=database, name=NAME)
    free = Q(data__ended=True) | Q(taken_at__lt=timezone.now() - SILENCE)
    if rows.filter(free).update(data=data, taken_at=timezone.now()):
        return True
    try:
        with transaction.atomic():
            SeenAnswer.objects.create(database=database, name=NAME, data=data, taken_at=timezone.now())
    except IntegrityError:
        return False
    return True


class _Job:
    """Asks, while a second thread notes how far it is."""

    def __init__(
        self,
        database: str,
        wish: Wish,
        caller: Caller,
        keep: Callable[[Advice], None],
        data: dict[str, Any],
        language: str | None,
    ) -> None:
        self._database = database
        self._wish = wish
        self._caller = caller
        self._keep = keep
        self._data = data
        self._language = language
        self._over = threading.Event()

    def do(self) -> None:
        beat = threading.Thread(target=self._beat, name=f"ideas-{self._database}-beat", daemon=True)
        beat.start()
        outcome: dict[str, Any] = {}
        try:
            with override(self._language):
                outcome = self._outcome()
        finally:
            self._over.set()
            beat.join()
            self._end({**self._data, "share": 1.0, **outcome, "ended": True})
            connections.close_all()
            _threads.discard(threading.current_thread())

    def _outcome(self) -> dict[str, Any]:
        try:
            self._keep(perform(self._wish.operation, self._wish.given, self._caller, report=self._report))
        except OperationError as error:
            return {"error": error.message, "hint": error.hint}
        except Exception as error:
            logger.exception("[ideas] %s of %s failed", self._wish.operation, self._database)
            words = _("The advisor itself failed (%(kind)s). The site's log says where.")
            return {"error": words % {"kind": type(error).__name__}}
        return {}

    def _report(self, progress: Progress) -> None:
        share = progress.done / progress.total if progress.total else 0.0
        self._data = {**self._data, "share": min(max(share, 0.0), 1.0), "step": progress.message}

    def _beat(self) -> None:
        try:
            while not self._over.wait(BEAT_SECONDS):
                self._note(self._data)
        finally:
            connections.close_all()

    def _end(self, data: dict[str, Any]) -> None:
        """An end that is not noted holds the next one up."""
        for _attempt in range(ATTEMPTS):
            if self._note(data):
                return
            time.sleep(BEAT_SECONDS / 4)

    def _note(self, data: dict[str, Any]) -> bool:
        mine = SeenAnswer.objects.filter(database=self._database, name=NAME, data__key=self._wish.key)
        try:
            mine.update(data=data, taken_at=timezone.now())
            return True
        except DatabaseError as error:
            # It goes on; the next beat may get through.
            logger.warning("[ideas] how the asking stands could not be noted (%s)", type(error).__name__)
            return False
