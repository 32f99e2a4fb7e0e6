"""Where work that takes long is done: here and now, in a thread that goes on without the page, or in a process that goes on
without the terminal."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.operation import Call, Caller, Progress
from opsadmin.core.params import LongOnDatabase
from opsadmin.core.result import plain
from opsadmin.jobs.state import find_run, state_of
from opsadmin.jobs.track import Tracked
from opsadmin.models import OperationRun

logger = logging.getLogger(__name__)

#: How long an answer over HTTP or MCP waits: a proxy or a client gives up after a minute.
ANSWER_SECONDS = 50.0
#: Doors behind which nobody waits longer than that.
_SHORT = ("http", "mcp")

Work = Callable[[Call], Any]


def carry_out(
    run: OperationRun, parameters: LongOnDatabase, caller: Caller, report: Callable[[Progress], None], work: Work
) -> Any:
    """What the work returns; a `RunState` where it goes on by itself: behind a page always, and where the caller does not
    want to wait, or can not for so long.

    Raises what the work raises."""
    if caller.door == "command" and not parameters.wait:
        _detach(run, parameters, caller)
        return state_of(find_run(run.pk))
    if caller.door not in ("page", *_SHORT) and parameters.wait:
        return here(run.pk, caller, report, work)
    job = _Job(run.pk, caller, work)
    if caller.door == "page" or not parameters.wait:
        return state_of(find_run(run.pk))
    return job.result(report)


def here(run: int, caller: Caller, report: Callable[[Progress], None], work: Work) -> Any:
    """What the work returns, done on this thread under the log's eyes."""
    with Tracked(run, report) as tracked:
        return work(Call(caller, tracked.report, tracked.is_stopped, run))


def join(seconds: float = 30.0) -> bool:
    """Wait for the work of this process. False where some is not done by then."""
    for thread in list(_threads):
        thread.join(seconds)
    return not any(thread.is_alive() for thread in _threads)


_threads: set[threading.Thread] = set()


class _Job:
    """Work in a thread of its own."""

    def __init__(self, run: int, caller: Caller, work: Work) -> None:
        self.run = run
        # The door asked for the permission; the user of its request belongs to another thread.
        self._caller = replace(caller, may=lambda permission: True)
        self._work = work
        self._language = get_language()
        self._done = threading.Event()
        self._begun = threading.Event()
        self._latest: Progress | None = None
        self._value: Any = None
        self._error: BaseException | None = None
        # A server that is told to end must not wait for it; a program that asked for it must.
        thread = threading.Thread(target=self._do, name=f"job-{run}", daemon=caller.door != "python")
        _threads.add(thread)
        thread.start()
        self._begun.wait(5)

    def result(self, report: Callable[[Progress], None]) -> Any:
        """What it returns; where that takes too long how it stands."""
        until, told = time.monotonic() + ANSWER_SECONDS, None
        while not self._done.wait(0.5):
            if (latest := self._latest) is not told and latest is not None:
                report(latest)
                told = latest
            if time.monotonic() > until:
                return state_of(find_run(self.run))
        if self._error is not None:
            raise self._error
        return self._value

    def _do(self) -> None:
        try:
            with override(self._language), Tracked(self.run, self._keep) as tracked:
                self._begun.set()
                self._value = self._work(Call(self._caller, tracked.report, tracked.is_stopped, self.run))
        except OperationError as error:
            self._error = error
        except Exception as error:
            logger.exception("[ops] run %s failed", self.run)
            self._error = error
        finally:
            connections.close_all()
            self._done.set()
            _threads.discard(threading.current_thread())

    def _keep(self, progress: Progress) -> None:
        self._latest = progress


def _detach(run: OperationRun, parameters: LongOnDatabase, caller: Caller) -> None:
    """The work in a process that outlives the terminal.

    Raises `OperationFailed` where it does not begin."""
    order = {
        "run": run.pk,
        "operation": run.operation,
        "parameters": {**plain(parameters), "wait": True},
        "caller": {"name": caller.name, "door": caller.door, "address": caller.address},
        "language": get_language(),
    }
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "opsadmin.jobs.detached"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    assert process.stdin is not None  # noqa: S101  # a pipe
    assert process.stdout is not None  # noqa: S101  # a pipe
    try:
        process.stdin.write(json.dumps(order).encode())
        process.stdin.close()
        begun = process.stdout.readline().strip() == b"begun"
    except BrokenPipeError:
        begun = False
    finally:
        process.stdout.close()
    # It is not waited for: whoever asked goes on, and it becomes a child of init.
    process.returncode = 0
    if not begun:
        error = OperationFailed(_("The process that was to do it did not begin. The site's log says more."))
        OperationRun.objects.filter(pk=run.pk).update(outcome=OperationRun.Outcome.FAILED, error=error.message)
        raise error
