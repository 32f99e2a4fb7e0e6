"""The files of the spool. Each is one batch of readings with an id: `TIME-ID.open` while its process appends to it,
`TIME-ID.ready` once it is complete and waits for PostgreSQL. TIME is the first reading's in microseconds, so names
sort by time. Whoever works on a file holds its kernel lock, which the kernel drops when the process dies: an open
file without a lock was left behind."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from stores.backends.durable_file import give_to_owner

_NAME = re.compile(r"(?P<time>\d{17})-(?P<id>[0-9a-f]{32})\.(?P<state>open|ready)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CREATE = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_OPEN = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW

#: Descriptors of locked files. A child made by fork inherits them, and would keep a lock alive beyond its holder's
#: death; it closes them.
_held: set[int] = set()


def _close_inherited() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_close_inherited)


@dataclass(frozen=True, order=True)
class Name:
    """A spool file's name, in the order of time."""

    microseconds: int
    id: UUID
    ready: bool

    @property
    def time(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.microseconds)

    def in_state(self, state: str) -> str:
        return f"{self.microseconds:017d}-{self.id.hex}.{state}"

    def __str__(self) -> str:
        return self.in_state("ready" if self.ready else "open")


def name_of(text: str) -> Name | None:
    """The name as its parts; None for a file that is not one of ours."""
    found = _NAME.fullmatch(text)
    return Name(int(found["time"]), UUID(found["id"]), found["state"] == "ready") if found else None


class Locked:
    """A file whose lock we hold, until `release`."""

    def __init__(self, directory: str, name: Name, descriptor: int) -> None:
        self.name = name
        self.path = f"{directory}/{name}"
        self.descriptor = descriptor
        _held.add(descriptor)

    def read(self) -> bytes:
        """The whole content; files of ours are small (`spool.FILE_BYTES`)."""
        with open(self.path, "rb") as file:
            return file.read()

    def make_ready(self) -> None:
        """Give it the name of a complete file. Raises OSError."""
        ready = Name(self.name.microseconds, self.name.id, ready=True)
        path = f"{os.path.dirname(self.path)}/{ready}"
        os.rename(self.path, path)
        self.name, self.path = ready, path

    def remove(self) -> None:
        os.unlink(self.path)

    def release(self) -> None:
        if self.descriptor in _held:
            _held.discard(self.descriptor)
            os.close(self.descriptor)


class OpenFile(Locked):
    """The file that this process appends to; `size` in bytes, `count` of readings. `broken`: a part of a line could
    not be cut off again, so nothing may be appended any more."""

    size = 0
    count = 0
    broken = False

    def append(self, line: bytes) -> None:
        """Write a line whole, or raise OSError and leave none of it."""
        rest: bytes | memoryview = line
        try:
            while True:
                written = os.write(self.descriptor, rest)
                if written == len(rest):
                    break
                rest = memoryview(rest)[written:]
        except BaseException:
            try:
                os.ftruncate(self.descriptor, self.size)
            except OSError:
                self.broken = True
            raise
        self.size += len(line)
        self.count += 1


def create(directory: str, time: datetime, host: bytes) -> OpenFile:
    """A new, locked, empty file for readings from `time` on. `host`: six bytes that its id begins with. Raises OSError."""
    while True:
        # A UUID of version 8: the layout is ours.
        mine = UUID(bytes=host + secrets.token_bytes(10))
        mine = UUID(int=mine.int & ~(0xF << 76) & ~(0x3 << 62) | 8 << 76 | 2 << 62)
        name = Name(max(0, (time - _EPOCH) // timedelta(microseconds=1)), mine, ready=False)
        path = f"{directory}/{name}"
        descriptor = os.open(path, _CREATE, 0o600)
        file = OpenFile(directory, name, descriptor)
        try:
            give_to_owner(descriptor, directory)
            if _lock(file):
                return file
        except BaseException:
            file.release()
            with suppress(OSError):
                os.unlink(path)
            raise
        # Somebody who looks for files left behind was quicker than our lock, and removes this empty one.
        file.release()


def take(directory: str, name: Name) -> Locked | None:
    """The file with its lock; None where somebody else has it or it is gone. Raises OSError."""
    try:
        descriptor = os.open(f"{directory}/{name}", _OPEN)
    except FileNotFoundError:
        return None
    file = Locked(directory, name, descriptor)
    try:
        if _lock(file):
            return file
    except BaseException:
        file.release()
        raise
    file.release()
    return None


def _lock(file: Locked) -> bool:
    """Whether the lock could be had, on a file that still has this name (no other file ever gets it)."""
    try:
        fcntl.flock(file.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.path.lexists(file.path)
