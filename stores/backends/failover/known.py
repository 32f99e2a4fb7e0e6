"""The last document of PostgreSQL that this host saw, with its revision: what a fallback starts from, and the common
base when both sides meet again.

A write to PostgreSQL notes it before it is acknowledged, so this must cost microseconds: the note is written in place,
without fsync, into the older of two slots of one file. It survives the process. A power cut may take the newest notes;
the fallback then starts from an older base, and the merge that follows still finds PostgreSQL's newer one."""

from __future__ import annotations

import fcntl
import os
import struct
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from stores.backends import durable_file
from stores.backends.file_errors import read_failed, write_failed
from stores.errors import StoreBusy

_HEADER = struct.Struct(">4sIQqdI")  # magic, checksum of the rest, turn, revision, time, length of the text
_MAGIC = b"SBK1"
_CHECKED_FROM = 8
#: Reserved on the disk at once, so that a full disk does not stop a note of ordinary size.
_SLOT = 64 * 1024
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_PATIENCE = 1.0
#: Seconds after which seeing the same revision again is worth a note.
_SEEN_AGAIN = 30.0


@dataclass(frozen=True)
class KnownDocument:
    """`text` is the document as JSON; `seen_at` when PostgreSQL was last seen to hold it."""

    revision: int
    text: str
    seen_at: datetime


class Known:
    """The file `path`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._mutex = threading.Lock()
        self._descriptor = -1
        self._process = 0
        self._revision = -1
        self._noted_at = 0.0
        self._epoch = -1

    def revision(self, epoch: int) -> int:
        """The highest revision that this process knows of in this epoch: at least 0. PostgreSQL cannot be behind it,
        unless it was restored, emptied or exchanged."""
        if epoch != self._epoch:
            found = self.latest()
            with self._mutex:
                self._epoch, self._revision, self._noted_at = epoch, found.revision if found else 0, 0.0
        return max(self._revision, 0)

    @property
    def seen(self) -> int:
        """The revision that this process noted last; -1 before."""
        return self._revision

    def latest(self) -> KnownDocument | None:
        """The newest note; None where there is none. Raises `StoreError` where the file cannot be read."""
        for _ in range(5):
            try:
                descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise read_failed(self.path, error) from error
            try:
                length = os.fstat(descriptor).st_size
                slots = _slots(descriptor, length)
                if not slots:
                    return None
                found = _read_slot(descriptor, length, slots[0])
                if found is None and len(slots) > 1 and _slots(descriptor, length) == slots:
                    found = _read_slot(descriptor, length, slots[1])  # the newest one is damaged
                if found is not None:
                    return found
                # A writer came round while we read.
            except OSError as error:
                raise read_failed(self.path, error) from error
            finally:
                os.close(descriptor)
        return None

    def offer(self, revision: int, text: str) -> bool:
        """Note the document unless a newer one is; answers whether it was. Raises `StoreError`."""
        if revision < self._revision or (
            revision == self._revision and time.monotonic() - self._noted_at < _SEEN_AGAIN
        ):
            return False
        return self._note(revision, text, force=False)

    def force(self, revision: int, text: str) -> None:
        """Note the document, whatever was known: PostgreSQL may have gone back by a person's decision."""
        self._note(revision, text, force=True)

    def sync(self) -> None:
        """Bring the notes to the disk."""
        with suppress(OSError), open(self.path, "rb") as file:
            os.fdatasync(file.fileno())

    def _note(self, revision: int, text: str, *, force: bool) -> bool:
        data = text.encode()
        try:
            with self._mutex:
                descriptor, length = self._lock()
                try:
                    slots = _slots(descriptor, length)
                    turn, known, newest = slots[0] if slots else (0, -1, -1)
                    if not force and known > revision:
                        self._revision = known
                        return False
                    capacity = length // 2
                    if len(data) + _HEADER.size > capacity:
                        self._grow(len(data), turn + 1, revision, data)
                    else:
                        os.pwrite(descriptor, _slot(turn + 1, revision, data), capacity if newest == 0 else 0)
                finally:
                    fcntl.flock(descriptor, fcntl.LOCK_UN)
                self._revision = revision
                self._noted_at = time.monotonic()
                return True
        except OSError as error:
            raise write_failed(self.path, error) from error

    def _grow(self, length: int, turn: int, revision: int, data: bytes) -> None:
        capacity = _SLOT
        while capacity < 2 * (length + _HEADER.size):
            capacity *= 2
        content = _slot(turn, revision, data).ljust(2 * capacity, b"\0")
        durable_file.replace(self.path, content, lambda made: None)

    def _lock(self) -> tuple[int, int]:
        """The locked file and its length. Raises `StoreBusy`, OSError."""
        until = time.monotonic() + _PATIENCE
        while True:
            descriptor = self._opened()
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise StoreBusy(f"Another process holds {self.path} for more than {_PATIENCE:g} s.") from None
                time.sleep(0.0002)
                continue
            found = os.fstat(descriptor)
            if found.st_nlink:
                return descriptor, found.st_size
            os.close(descriptor)  # replaced by a larger one
            self._descriptor = -1

    def _opened(self) -> int:
        if self._descriptor >= 0 and self._process != os.getpid():
            os.close(self._descriptor)  # the parent's: its locks would be ours too
            self._descriptor = -1
        if self._descriptor < 0:
            self._descriptor = os.open(self.path, _FLAGS, 0o600)
            self._process = os.getpid()
            durable_file.give_to_owner(self._descriptor, os.path.dirname(self.path))
        return self._descriptor

    def after_fork(self) -> None:
        """Another thread of the parent may have held the mutex."""
        self._mutex = threading.Lock()

    def close(self) -> None:
        with self._mutex:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1


def _slot(turn: int, revision: int, data: bytes) -> bytes:
    rest = _HEADER.pack(_MAGIC, 0, turn, revision, time.time(), len(data))[_CHECKED_FROM:] + data
    return _MAGIC + struct.pack(">I", zlib.crc32(rest)) + rest


def _slots(descriptor: int, length: int) -> list[tuple[int, int, int]]:
    """(turn, revision, start) of the slots that hold something, newest first."""
    found = []
    for start in (0, length // 2) if length else ():
        header = os.pread(descriptor, _HEADER.size, start)
        if len(header) == _HEADER.size and header.startswith(_MAGIC):
            unpacked = _HEADER.unpack(header)
            found.append((unpacked[2], unpacked[3], start))
    return sorted(found, reverse=True)


def _read_slot(descriptor: int, file_length: int, slot: tuple[int, int, int]) -> KnownDocument | None:
    turn, _, start = slot
    data = os.pread(descriptor, file_length // 2, start)
    magic, check, found_turn, revision, seen_at, length = _HEADER.unpack(data[: _HEADER.size])
    rest = data[_CHECKED_FROM : _HEADER.size + length]
    if magic != _MAGIC or found_turn != turn or zlib.crc32(rest) != check:
        return None
    return KnownDocument(revision, rest[_HEADER.size - _CHECKED_FROM :].decode(), datetime.fromtimestamp(seen_at, UTC))
