"""The site's own clock: a thread in the web process that does what is due. With OPSADMIN["SCHEDULER"] = True it begins at the
first request; a call in wsgi.py begins it with the process:

    from opsadmin.jobs.scheduler import start_scheduler

    application = get_wsgi_application()
    start_scheduler()

Each process of the site has one, and whoever has the lease does the work (opsadmin/jobs/turn.py). It asks the site database
alone: what PostgreSQL is asked is the tasks' business. It never begins in a test, a migration, a shell or a command."""

from __future__ import annotations

import atexit
import logging
import threading
from typing import Any

from django.conf import settings
from django.core import mail
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone

from opsadmin.jobs.tick import next_at, tick

logger = logging.getLogger(__name__)

#: The longest pause between two looks: another process may have changed the schedule.
POLL_SECONDS = 15.0
#: How long the end of the process waits for it.
END_SECONDS = 0.8


class Scheduler(threading.Thread):
    """Looks for what is due until it is stopped."""

    def __init__(self) -> None:
        super().__init__(name="scheduler", daemon=True)
        self._stopped = threading.Event()
        self._trouble = ""

    def stop(self, seconds: float = END_SECONDS) -> bool:
        """Have it end; a task under way is no longer waited for, and is done again by the next process. False where it has
        not ended by then."""
        self._stopped.set()
        self.join(seconds)
        return not self.is_alive()

    def run(self) -> None:
        """The thread."""
        while not self._stopped.is_set():
            self._stopped.wait(self._look())

    def _look(self) -> float:
        """Do what is due; how many seconds to wait for the next look."""
        try:
            tick(is_stopped=self._stopped.is_set)
            due = next_at()
            self._trouble = ""
        except DatabaseError as error:
            self._say_once(f"the site database does not answer ({type(error).__name__})")
            return POLL_SECONDS
        except Exception as error:
            self._say_once(type(error).__name__, with_trace=True)
            return POLL_SECONDS
        finally:
            connections.close_all()
        if due is None:
            return POLL_SECONDS
        return min(POLL_SECONDS, max(1.0, (due - timezone.now()).total_seconds()))

    def _say_once(self, trouble: str, *, with_trace: bool = False) -> None:
        if trouble != self._trouble:
            logger.warning("[schedule] nothing is done at the moment: %s", trouble, exc_info=with_trace)
        self._trouble = trouble


_lock = threading.Lock()
_scheduler: Scheduler | None = None


def start_scheduler() -> bool:
    """Begin in this process, where OPSADMIN["SCHEDULER"] is on and it has not begun. Whether it runs then."""
    global _scheduler
    if not getattr(settings, "OPSADMIN", {}).get("SCHEDULER") or _is_test():
        return False
    with _lock:
        # After a fork the thread is the parent's.
        if _scheduler is None or not _scheduler.is_alive():
            _scheduler = Scheduler()
            _scheduler.start()
            atexit.register(_scheduler.stop)
    return True


def stop_scheduler() -> bool:
    """End it in this process. False where it does not end at once."""
    with _lock:
        return _scheduler is None or _scheduler.stop()


def start_with_requests() -> None:
    """Begin with the first request that a server hands on."""
    request_started.connect(_on_request, dispatch_uid="opsadmin.scheduler")


def _on_request(sender: Any, **kwargs: Any) -> None:
    # Django's test client has handlers of its own.
    if isinstance(sender, type) and issubclass(sender, WSGIHandler | ASGIHandler):
        request_started.disconnect(dispatch_uid="opsadmin.scheduler")
        start_scheduler()


def _is_test() -> bool:
    """Django's test environment keeps the mail that is sent."""
    return hasattr(mail, "outbox")
