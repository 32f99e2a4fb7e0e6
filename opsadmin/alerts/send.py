"""Sending what waits, in a thread of its own: neither a page nor a look waits for a mail server. What is left over goes
with the next look, or the schedule."""

from __future__ import annotations

import logging
import threading
import time

from django.db import DatabaseError, connections

from opsadmin.alerts.channels import channels
from opsadmin.alerts.outbox import next_due, note_failed, note_sent
from opsadmin.alerts.post import NotSent, post
from opsadmin.jobs.patiently import patiently
from opsadmin.models import AlertDelivery

logger = logging.getLogger(__name__)

#: A thread sends for no longer than that, so that a process that ends waits no longer either.
ROUND_SECONDS = 20.0

_lock = threading.Lock()
_thread: threading.Thread | None = None
_again = False


def wake() -> None:
    """Have what waits sent now. Costs nothing where no alerts are wanted."""
    global _thread, _again
    if not channels():
        return
    with _lock:
        if _thread is not None and _thread.is_alive():
            _again = True
            return
        _again = False
        _thread = threading.Thread(target=_work, name="alerts", daemon=False)
        _thread.start()


def join(seconds: float = 30.0) -> bool:
    """Wait for the thread. False where it is not done by then."""
    thread = _thread
    if thread is not None:
        thread.join(seconds)
        return not thread.is_alive()
    return True


def send_waiting(seconds: float = ROUND_SECONDS) -> tuple[int, int]:
    """Send what waits, on this thread; how many were sent, and how many attempts failed."""
    until = time.monotonic() + seconds
    sent = failed = 0
    while time.monotonic() < until and (row := patiently(next_due)) is not None:
        if _send(row):
            sent += 1
        else:
            failed += 1
    return sent, failed


def _work() -> None:
    global _thread, _again
    try:
        while True:
            send_waiting()
            with _lock:
                if not _again:
                    _thread = None
                    return
                _again = False
    except DatabaseError as error:
        logger.warning("[alerts] what waits could not be read (%s)", type(error).__name__)
    finally:
        connections.close_all()


def _send(row: AlertDelivery) -> bool:
    way = next((one for one in channels() if one.name == row.channel), None)
    if way is None:
        patiently(lambda: note_failed(row, f"{row.channel} is no longer in the settings.", for_good=True))
        return False
    try:
        post(way, str(row.key), row.subject, row.message)
    except NotSent as error:
        words, refused = error.words, error.refused
    except Exception as error:
        # No trace: it may hold the address.
        words, refused = f"Sending failed ({type(error).__name__}).", False
    else:
        patiently(lambda: note_sent(row))
        return True
    logger.warning("[alerts] alert %s was not sent: %s", row.key, words)
    patiently(lambda: note_failed(row, words, refused=refused))
    return False
