"""A run under way: a thread beside it writes its signs of life and its progress into the log of runs, and reads there
whether somebody wants it to stop."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from django.db import DatabaseError, connections
from django.utils import timezone

from opsadmin.core.operation import Progress
from opsadmin.core.result import plain
from opsadmin.jobs.patiently import patiently
from opsadmin.models import OperationRun
from opsadmin.retention.bounds import find_bound
from opsadmin.retention.kept import amount

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
#: Characters of a sentence of a run's progress that are kept.
LONGEST_LINE = 500
#: A figure with its unit.
_COUNTED = re.compile(r"\d[\d.,]*( (ms|s|min|h|d|B|kB|MB|GB|TB|%)\b)?( \d+ (s|min|h))?")

_lock = threading.Lock()
_under_way: dict[int, Tracked] = {}


def _most_lines() -> int:
    try:
        return amount("run_lines")
    except DatabaseError:
        return find_bound("run_lines").default


class Tracked:
    """`report` and `is_stopped` are for the work; `latest` is its newest progress."""

    def __init__(self, run: int, report: Callable[[Progress], None] = lambda progress: None) -> None:
        self.run = run
        self.latest: Progress | None = None
        self._report = report
        self._written: Progress | None = None
        self._lines: list[tuple[str, str]] = []
        self._most_lines = _most_lines()
        self._stopped = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"run-{run}", daemon=True)

    def report(self, progress: Progress) -> None:
        """Keep it for the next sign of life, and tell whoever waits."""
        self.latest = progress
        line = progress.message[:LONGEST_LINE]
        # One that counts is one line.
        if line and (not self._lines or _uncounted(self._lines[-1][1]) != _uncounted(line)):
            self._lines = [*self._lines[-(self._most_lines - 1) :], (timezone.now().isoformat(), line)]
        self._report(progress)

    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """As soon as it can."""
        self._stopped.set()

    def __enter__(self) -> Tracked:
        with _lock:
            _under_way[self.run] = self
        _write(self.run, None, [])  # from here on the run can be found dead
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        with _lock:
            _under_way.pop(self.run, None)

    def _beat(self) -> None:
        try:
            while not self._over.wait(BEAT_SECONDS):
                self._tell()
            self._tell()
        finally:
            connections.close_all()

    def _tell(self) -> None:
        latest = self.latest
        _write(self.run, latest if latest is not self._written else None, self._lines)
        self._written = latest
        if not self._stopped.is_set() and _is_asked_to_stop(self.run):
            self._stopped.set()


def _uncounted(line: str) -> str:
    return _COUNTED.sub("#", line)


def ask_to_stop(run: OperationRun, by: str) -> None:
    """Have it stopped, in whatever process it is; within about a second."""
    patiently(lambda: OperationRun.objects.filter(pk=run.pk).update(stop_asked_by=by[:150]))
    with _lock:
        tracked = _under_way.get(run.pk)
    if tracked is not None:
        tracked.stop()


def _write(run: int, progress: Progress | None, lines: list[tuple[str, str]]) -> None:
    values: dict[str, Any] = {"heartbeat_at": timezone.now()}
    if progress is not None:
        values |= {"progress": plain(progress), "log": lines}
    try:
        OperationRun.objects.filter(pk=run).update(**values)
    except DatabaseError as error:
        # The work goes on; the next beat may get through.
        logger.warning("[ops] run %s could not give a sign of life (%s)", run, type(error).__name__)


def _is_asked_to_stop(run: int) -> bool:
    try:
        return OperationRun.objects.filter(pk=run).exclude(stop_asked_by="").exists()
    except DatabaseError:
        return False
