"""`python -m opsadmin.jobs.detached`: does one run whose row is in the log, as standard input says, and says `begun` once
it is under way."""

from __future__ import annotations

import json
import os
import signal
import sys
from types import FrameType

import django


def main() -> None:
    """Do it; how it ends stands in the log of runs."""
    order = json.loads(sys.stdin.buffer.read())
    django.setup()
    from django.utils.translation import override

    from opsadmin.core.errors import OperationError
    from opsadmin.core.operation import Caller
    from opsadmin.perform import carry_on

    signal.signal(signal.SIGTERM, _end)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with override(order["language"]):
        try:
            carry_on(order["run"], order["operation"], order["parameters"], Caller(**order["caller"]))
        except (OperationError, KeyboardInterrupt):
            sys.exit(1)


def _end(number: int, frame: FrameType | None) -> None:
    """As Ctrl+C: what is under way is stopped and cleaned up."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
