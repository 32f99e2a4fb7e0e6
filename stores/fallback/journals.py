"""How much waits in this host's journals, and how that came about. A page looks without the documents' locks, so what
it sees may be a moment old; it changes nothing."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from stores.backends.failover.host import Host
from stores.backends.failover.journal import Journal, journal_files
from stores.errors import StoreError

#: A chart needs no more points than it has pixels.
_MOST_POINTS = 300

_lock = threading.Lock()
_followed: dict[tuple[str, str, int], Journal] = {}
_archived: dict[tuple[str, int, int], list[datetime]] = {}


@dataclass(frozen=True)
class Waiting:
    """Of one document in the present epoch: `writes` that PostgreSQL lacks, `doubtful` ones among them whose outcome
    only PostgreSQL knows, `size` in bytes, `damaged` places. `base_revision` is PostgreSQL's when the host left it.
    `error`: why it cannot be told."""

    writes: int = 0
    doubtful: int = 0
    size: int = 0
    damaged: int = 0
    base_revision: int | None = None
    error: str = ""


def waiting(host: Host, kind: str, epoch: int) -> Waiting:
    """Costs a stat() or two where nothing was written since the last look. Never raises `StoreError`."""
    key = host.directory, kind, epoch
    with _lock:
        journal = _followed.get(key)
        if journal is None:
            for old in [found for found in _followed if found[:2] == key[:2]]:
                del _followed[old]
            journal = _followed[key] = Journal(host.journals, kind, epoch)
        try:
            state = journal.state()
            return Waiting(
                state.writes,
                len(state.tokens),
                journal.size(),
                len(state.damage),
                state.base.revision if state.base is not None else None,
            )
        except StoreError as error:
            return Waiting(error=str(error))


def waiting_writes(host: Host) -> int:
    """Over all documents."""
    mode = host.mode()
    return 0 if mode.backend == "postgres" else sum(waiting(host, kind, mode.epoch).writes for kind in host.documents())


@dataclass(frozen=True)
class Growth:
    """How many writes of a document waited: `steps` as (time, number from then on), oldest first."""

    kind: str
    steps: list[tuple[datetime, int]]

    @property
    def points(self) -> list[tuple[datetime, float | None]]:
        """The steps as the corners of a line."""
        found: list[tuple[datetime, float | None]] = []
        for moment, number in self.steps:
            if found:
                found.append((moment, found[-1][1]))
            found.append((moment, float(number)))
        return found


def growth(host: Host, start: datetime, end: datetime) -> list[Growth]:
    """Told by the times in the journals, also in those that were brought back and are still kept."""
    ends = _ends_of_epochs(host)
    found = []
    for kind in sorted(host.documents()):
        steps = [(start, 0)]
        for epoch, times in sorted(_times(host, kind, start).items()):
            over = ends.get(epoch)
            if over is not None and over < start:
                continue
            inside = [moment for moment in times if start <= moment <= end]
            before = len(times) - len(inside)
            if before:
                steps.append((start, before))
            every = max(1, len(inside) // _MOST_POINTS)
            steps += [
                (moment, before + position)
                for position, moment in enumerate(inside, start=1)
                if position % every == 0 or position in (1, len(inside))
            ]
            if over is not None and over <= end:
                steps.append((over, 0))
        steps.append((end, steps[-1][1]))
        found.append(Growth(kind, steps))
    return found


def _ends_of_epochs(host: Host) -> dict[int, datetime]:
    """When the writes of an epoch had been brought back: at the switch that followed it."""
    switches = sorted(host.log.latest(), key=lambda record: (record.epoch, record.at))
    pairs = zip(switches, switches[1:], strict=False)
    return {before.epoch: after.at for before, after in pairs if after.epoch > before.epoch}


def _times(host: Host, kind: str, start: datetime) -> dict[int, list[datetime]]:
    """When the writes of each epoch were made, oldest first."""
    found: dict[int, list[datetime]] = {}
    for directory in (os.path.join(host.journals, "done"), host.journals):
        for name, epoch, _, path in journal_files(directory):
            if name == kind:
                with suppress(OSError, StoreError):
                    if os.stat(path).st_mtime >= start.timestamp():
                        found.setdefault(epoch, []).extend(_times_in(path, directory, kind, epoch))
    # A segment repeats at its head what the one before left in doubt.
    return {epoch: sorted(set(times)) for epoch, times in found.items()}


def _times_in(path: str, directory: str, kind: str, epoch: int) -> list[datetime]:
    """Segments only grow, so one of the same size is the same."""
    about = os.stat(path)
    key = path, about.st_ino, about.st_size
    with _lock:
        known = _archived.get(key)
    if known is not None:
        return known
    only = _OneSegment(directory, kind, epoch, path)
    times = [record.at for record in only.records() if record.what in ("write", "adopted")]
    with _lock:
        if len(_archived) > 100:
            _archived.clear()
        _archived[key] = times
    return times


class _OneSegment(Journal):
    """A journal of which only the segment `path` is read."""

    def __init__(self, directory: str, kind: str, epoch: int, path: str) -> None:
        super().__init__(directory, kind, epoch)
        self._only = path

    def segments(self) -> list[tuple[int, str]]:
        return [(0, self._only)]
