"""The last document of PostgreSQL that this host saw, with its revision: what a fallback starts from, and the common
base when both sides meet again.

A write to PostgreSQL notes it before it is acknowledged, so this must cost microseconds: the note is written in place,
without fsync, into the older of two slots of one file. It survives the process. A power cut may take the newest notes;
the fallback then starts from an older base, and the merge that follows still finds PostgreSQL's newer one."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from stores.backends import durable_file
from stores.backends.file_errors import read_failed, write_failed
from stores.errors import StoreBusy

_HEADER = struct.Struct(">4sIQqd36sI")  # magic, checksum of the rest, turn, revision, time, boot, length of the text
_MAGIC = b"SBK2"
_CHECKED_FROM = 8
_REVISION_AT = 16
#: Reserved on the disk at once, so that a full disk does not stop a note of ordinary size.
_SLOT = 64 * 1024
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_PATIENCE = 1.0
#: How often a reader begins again because writers came round.
_LOOKS = 100
#: Seconds after which seeing the same revision again is worth a note.
_SEEN_AGAIN = 30.0


@dataclass(frozen=True)
class KnownDocument:
    """`text` is the document as JSON; `seen_at` when PostgreSQL was last seen to hold it. `newest`: no newer note can be
    missing, because the machine has not been restarted since."""

    revision: int
    text: str
    seen_at: datetime
    newest: bool = False


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
        # Turn, revision, start and header of this process's latest note.
        self._last: tuple[int, int, int, bytes] | None = None

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
        for _ in range(_LOOKS):
            try:
                descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            except FileNotFoundError:
                return None
            except OSError as error:
                raise read_failed(self.path, error) from error
            try:
                length = os.fstat(descriptor).st_size
                slots = _slots(descriptor, length)
                for slot in slots:
                    text = _text(descriptor, slot)
                    if text is not None:
                        seen_at = datetime.fromtimestamp(slot.seen_at, UTC)
                        newest = slot.boot.strip(b"\0") == _boot() != b""
                        return KnownDocument(slot.revision, text.decode(), seen_at, newest)
                    if _slots(descriptor, length) != slots:
                        break  # a writer came round while we read
                else:
                    return None
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
                    turn, known, newest = self._newest(descriptor, length)
                    if not force and known > revision:
                        self._revision = known
                        return False
                    capacity = length // 2
                    slot = _slot(turn + 1, revision, data)
                    if len(slot) > capacity:
                        self._last = None
                        self._grow(slot)
                    else:
                        start = capacity if newest == 0 else 0
                        self._last = None
                        _put(descriptor, slot, start)
                        self._last = turn + 1, revision, start, slot[: _HEADER.size]
                finally:
                    fcntl.flock(descriptor, fcntl.LOCK_UN)
                self._revision = revision
                self._noted_at = time.monotonic()
                return True
        except OSError as error:
            raise write_failed(self.path, error) from error

    def _newest(self, descriptor: int, length: int) -> tuple[int, int, int]:
        """Turn, revision and start of the newest whole note; 0 and twice -1 where there is none."""
        last = self._last
        if last is not None and os.pread(descriptor, _HEADER.size, last[2]) == last[3]:
            # The usual case: this process wrote it, to its end, and nobody came after.
            other = os.pread(descriptor, _REVISION_AT, 0 if last[2] else length // 2)
            if not other.startswith(_MAGIC) or int.from_bytes(other[_CHECKED_FROM:], "big") < last[0]:
                return last[:3]
        for slot in _slots(descriptor, length):
            # What a killed writer left half done is no note: the next one goes there, not over the last good one.
            if _text(descriptor, slot) is not None:
                return slot.turn, slot.revision, slot.start
        return 0, -1, -1

    def _grow(self, slot: bytes) -> None:
        capacity = _SLOT
        while capacity < 2 * len(slot):
            capacity *= 2
        durable_file.replace(self.path, slot.ljust(2 * capacity, b"\0"), lambda made: None)

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
        """Another thread of the parent may have held the mutex, and the lock: that one must end with the parent."""
        self._mutex = threading.Lock()
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def close(self) -> None:
        with self._mutex:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1


class _Slot(NamedTuple):
    """What a slot's header says; `check` is the checksum of all that follows it."""

    turn: int
    revision: int
    start: int
    seen_at: float
    boot: bytes
    length: int
    capacity: int
    check: bytes
    rest: bytes


def _slot(turn: int, revision: int, data: bytes) -> bytes:
    rest = _HEADER.pack(_MAGIC, 0, turn, revision, time.time(), _boot(), len(data))[_CHECKED_FROM:] + data
    return _MAGIC + struct.pack(">I", zlib.crc32(rest)) + rest


def _put(descriptor: int, slot: bytes, start: int) -> None:
    if os.pwrite(descriptor, slot, start) != len(slot):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _slots(descriptor: int, length: int) -> list[_Slot]:
    """The slots that hold something, newest first."""
    capacity = length // 2
    found = []
    for start in (0, capacity) if capacity > _HEADER.size else ():
        header = os.pread(descriptor, _HEADER.size, start)
        if len(header) == _HEADER.size and header.startswith(_MAGIC):
            _, _, turn, revision, seen_at, boot, size = _HEADER.unpack(header)
            rest = header[_CHECKED_FROM:]
            found.append(_Slot(turn, revision, start, seen_at, boot, size, capacity, header[4:_CHECKED_FROM], rest))
    return sorted(found, reverse=True)


def _text(descriptor: int, slot: _Slot) -> bytes | None:
    """The slot's text; None where it is not what its checksum says."""
    if slot.length > slot.capacity - _HEADER.size:
        return None
    text = os.pread(descriptor, slot.length, slot.start + _HEADER.size)
    return text if zlib.crc32(text, zlib.crc32(slot.rest)) == int.from_bytes(slot.check, "big") else None


@lru_cache(maxsize=1)
def _boot() -> bytes:
    """Which start of the machine this is; empty where the system does not tell."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            return file.read(36)
    except OSError:
        return b""
