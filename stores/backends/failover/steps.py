"""Names of the places between two durable effects. Fault tests end the process at each of them."""

from __future__ import annotations

import os
import signal

#: Every place, in the order in which a switch, a write and a resync pass them.
STEPS = (
    "switch.announced",
    "switch.alone",
    "switch.done",
    "write.answered",
    "write.known",
    "journal.based",
    "journal.appended",
    "copy.replaced",
    "resync.announced",
    "resync.alone",
    "resync.looked",
    "resync.journalled",
    "resync.sent",
    "resync.committed",
    "resync.known",
    "resync.conflicts",
    "resync.mode",
    "resync.copied",
    "resync.archived",
)

_KILLED_AT = os.environ.get("STORE_KILL_AT", "")


def reached(step: str) -> None:
    """Says that the process stands at `step`. With STORE_KILL_AT=step in its environment it dies there, as by kill -9:
    what a power cut or the kernel's out-of-memory killer does cannot be tried in another way."""
    if step == _KILLED_AT:
        os.kill(os.getpid(), signal.SIGKILL)
