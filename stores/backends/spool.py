"""The spool: readings on disk until PostgreSQL has them, so that neither an outage nor a SIGKILL loses one.

`append` writes a line to this process's open file (no fsync: what was written survives the process's death, and
`sync` takes care of the machine's). A file that is full, or due, becomes a batch: complete, with an id, for whichever
process of the host is the first to lock it. It is deleted when PostgreSQL has committed it; its id is forgotten there
only days later, and only once that deletion is on the disk."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from uuid import UUID

from stores.backends import durable_file
from stores.backends.history_aside import DAMAGED, REFUSED
from stores.backends.history_file import Locked, Name, OpenFile, create, name_of, take
from stores.backends.history_line import encode
from stores.backends.history_row import HistoryRow
from stores.backends.history_spool_name import own_name

#: A file holds at most this much: one transaction, read whole into memory.
FILE_BYTES = 2**20
FILE_READINGS = 1_000
DEFAULT_BYTES = 64 * 2**20
#: How old the knowledge of the directory's size may be when it matters.
LOOK_AGAIN_SECONDS = 0.1


class SpoolFull(Exception):
    """The spool holds as many bytes as it may."""


@dataclass(frozen=True)
class SpoolLook:
    """The directory as one look found it: all its bytes, the files that wait (oldest first, with their sizes), those
    that are open, bytes of refused readings, files of damaged lines."""

    bytes: int = 0
    ready: dict[Name, int] = field(default_factory=dict)
    open: tuple[Name, ...] = ()
    refused_bytes: int = 0
    damaged_files: int = 0


class Spool:
    """`directory` is made at the first reading; `limit` bounds the bytes of all files in it, whoever made them.
    What other processes add is noticed with each new file: n of them may go n MiB beyond it."""

    def __init__(self, directory: str | os.PathLike[str], limit: int = DEFAULT_BYTES) -> None:
        self.directory = os.path.abspath(directory)
        self.limit = limit
        self._lock = threading.Lock()
        self._open: OpenFile | None = None
        self._opened_at = 0.0
        #: Files that this process completed and keeps for itself.
        self._mine: dict[Name, Locked] = {}
        self._counts: dict[Name, int] = {}
        self._bytes = 0
        self._looked_at = float("-inf")
        self._host = b""
        self._unsynced: set[str] = set()
        self._names_changed = False

    # --- recording -------------------------------------------------------------------------------------------------

    @property
    def unsent(self) -> int:
        """Readings in the open file."""
        file = self._open
        return file.count if file is not None else 0

    @property
    def unsent_seconds(self) -> float:
        """How long the open file has been open."""
        return monotonic() - self._opened_at

    def append(self, row: HistoryRow) -> None:
        """Keep a reading. Raises SpoolFull, or OSError where the file system does not take it; then none of it is
        in the spool."""
        line = encode(row.values())
        with self._lock:
            file = self._open
            if file is not None and (file.count >= FILE_READINGS or file.size + len(line) > FILE_BYTES):
                self._complete(file).release()
                file = None
            self._make_sure_of_room(len(line), for_new_file=file is None)
            if file is None:
                file = self._new_file(row.timestamp)
            try:
                file.append(line)
            except OSError:
                if file.count == 0:
                    self._abandon(file)
                elif file.broken:
                    self._complete(file).release()
                raise
            self._bytes += len(line)

    def _make_sure_of_room(self, wanted: int, *, for_new_file: bool) -> None:
        """Raises SpoolFull. A new file is the moment to see what other processes have added."""
        is_full = self._bytes + wanted > self.limit
        if (is_full or for_new_file) and monotonic() - self._looked_at >= LOOK_AGAIN_SECONDS:
            self.look()
            is_full = self._bytes + wanted > self.limit
        if is_full:
            raise SpoolFull(
                f"{self._bytes / 2**20:.1f} MiB of readings wait in {self.directory} already, and at most "
                f"{self.limit / 2**20:g} MiB may (HISTORY_SPOOL_MB)"
            )

    def _new_file(self, time: datetime) -> OpenFile:
        if not self._host:
            self._prepare()
        try:
            file = create(self.directory, time, self._host)
        except FileNotFoundError:  # somebody removed the directory
            self._prepare()
            file = create(self.directory, time, self._host)
        self._open, self._opened_at = file, monotonic()
        self._unsynced.add(file.path)
        self._names_changed = True
        return file

    def _prepare(self) -> None:
        if not os.path.isdir(self.directory):
            durable_file.make_directory(self.directory)
            if os.geteuid() == 0:  # as `durable_file.give_to_owner`
                owner = os.stat(os.path.dirname(self.directory))
                os.chown(self.directory, owner.st_uid, owner.st_gid)
        self._host = own_name(self.directory)

    def _abandon(self, file: OpenFile) -> None:
        self._open = None
        with suppress(OSError):
            file.remove()
        file.release()

    def _complete(self, file: OpenFile) -> OpenFile:
        self._open = None
        self._unsynced.discard(file.path)
        with suppress(OSError):  # it stays an open file that nobody holds: `waiting` tries again
            file.make_ready()
            self._counts[file.name] = file.count
        self._unsynced.add(file.path)
        self._names_changed = True
        return file

    # --- batches ---------------------------------------------------------------------------------------------------

    def complete(self) -> Name | None:
        """Make the open file a batch, which this process keeps for itself; None where there is nothing in it."""
        with self._lock:
            if self._open is None:
                return None
            file = self._complete(self._open)
            if not file.name.ready:
                file.release()
                return None
            self._mine[file.name] = file
            return file.name

    def waiting(self) -> list[Name]:
        """The batches, oldest first, those of dead processes too: they are taken over here. Raises OSError where the
        directory cannot be read."""
        look = self.look()
        own = self._open
        for name in look.open:
            if own is None or name.id != own.name.id:
                with suppress(OSError):  # somebody else's file, which others may be able to send
                    self._take_over(name)
        return sorted(self.look().ready if look.open else look.ready)

    def _take_over(self, name: Name) -> None:
        file = take(self.directory, name)
        if file is None:
            return
        try:
            if os.fstat(file.descriptor).st_size == 0:
                file.remove()
            else:
                file.make_ready()
                self._unsynced.add(file.path)
                self._names_changed = True
        finally:
            file.release()

    def take(self, name: Name) -> Locked | None:
        """The batch's file, locked; None where another process has it. Raises OSError. To be released."""
        with self._lock:
            return self._mine.pop(name, None) or take(self.directory, name)

    def remove(self, file: Locked) -> None:
        """Delete a batch that PostgreSQL has. Raises OSError; then it is found again there."""
        size = os.fstat(file.descriptor).st_size
        file.remove()
        with self._lock:
            self._bytes -= size
            self._unsynced.discard(file.path)
            self._counts.pop(file.name, None)

    def surely_gone(self, ids: list[UUID]) -> list[UUID]:
        """Those of the ids (all committed) that no file of this spool has. Raises OSError."""
        held = {name.id for name in map(name_of, os.listdir(self.directory)) if name is not None}
        # A name that changes while a directory is listed may be missed; it changes only once.
        held |= {name.id for name in map(name_of, os.listdir(self.directory)) if name is not None}
        durable_file.sync_directory(self.directory)
        return [found for found in ids if found not in held]

    def range_of_ids(self) -> tuple[UUID, UUID] | None:
        """The first and the last id that files of this spool can have; None where there is no spool yet. Raises
        OSError."""
        if not self._host:
            if not os.path.isdir(self.directory):
                return None
            self._host = own_name(self.directory)
        return UUID(bytes=self._host + bytes(10)), UUID(bytes=self._host + b"\xff" * 10)

    # --- how it is -------------------------------------------------------------------------------------------------

    def look(self) -> SpoolLook:
        """Look at the directory. A missing one is empty; one that cannot be read raises OSError."""
        total = refused = damaged = 0
        ready: dict[Name, int] = {}
        is_open: list[Name] = []
        try:
            with os.scandir(self.directory) as entries:
                for entry in entries:
                    try:
                        size = entry.stat(follow_symlinks=False).st_size
                    except FileNotFoundError:
                        continue
                    total += size
                    name = name_of(entry.name)
                    if name is None:
                        refused += size if entry.name == REFUSED else 0
                        damaged += entry.name.startswith(DAMAGED)
                    elif name.ready:
                        ready[name] = size
                    else:
                        is_open.append(name)
        except FileNotFoundError:
            pass
        self._bytes, self._looked_at = total, monotonic()
        return SpoolLook(total, dict(sorted(ready.items())), tuple(sorted(is_open)), refused, damaged)

    def count(self, look: SpoolLook) -> int:
        """Readings that wait: in batches of whichever process, and in this one's open file."""
        counts = {name: self._counts[name] if name in self._counts else self._count(name) for name in look.ready}
        self._counts = counts
        return sum(counts.values()) + self.unsent

    def _count(self, name: Name) -> int:
        try:
            with open(f"{self.directory}/{name}", "rb") as file:
                return sum(block.count(b"\n") for block in iter(lambda: file.read(2**16), b""))
        except OSError:
            return 0

    def oldest_at(self, look: SpoolLook) -> datetime | None:
        file = self._open
        names = [*list(look.ready)[:1], *([file.name] if file is not None and file.count else [])]
        return min(names).time if names else None

    # --- power cuts ------------------------------------------------------------------------------------------------

    def sync(self) -> None:
        """Bring what was written onto the disk. Raises OSError; what was not synced by then is not tried again, for
        a second fsync reports success for pages that the kernel has dropped."""
        with self._lock:
            paths, self._unsynced = self._unsynced, {self._open.path} if self._open is not None else set()
            names_changed, self._names_changed = self._names_changed, False
        for path in paths:
            with suppress(FileNotFoundError):
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        if names_changed:
            durable_file.sync_directory(self.directory)

    def close(self) -> None:
        """Complete the open file and give everything free for other processes."""
        self.complete()
        with self._lock:
            for file in self._mine.values():
                file.release()
            self._mine.clear()
