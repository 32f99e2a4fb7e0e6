"""The note beside a document's file: what our last write put there. It tells a change by another program from our
own content. Advisory: it is written without fsync, and a missing or unreadable one only means that nothing is known.

It is written in place, at a fixed length and with its own checksum. A rename over the old note would make ext4
write it out at once, which was measured at a third of the whole write."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from contextlib import suppress
from dataclasses import dataclass

from stores.backends.durable_file import give_to_owner

_LENGTH = 2048
_LONGEST_WRITER = 150
_CHECK = b', "check": '
_encode = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class Summary:
    """`previous` is the checksum of the content before: a writer killed between this note and its rename leaves
    that. `inode` and `mtime_ns` recognize the file without reading it."""

    sha256: str
    size: int
    revision: int
    writer: str
    written_at: str
    previous: str
    inode: int
    mtime_ns: int

    def is_of(self, found: os.stat_result) -> bool:
        return (found.st_ino, found.st_mtime_ns, found.st_size) == (self.inode, self.mtime_ns, self.size)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read_summary(path: str) -> Summary | None:
    """The note at `path`; None where there is none that can be trusted."""
    for _ in range(3):  # a reader may meet a writer in the middle
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            data = os.read(descriptor, _LENGTH)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        body, _, check = data.rpartition(_CHECK)
        with suppress(ValueError, TypeError):
            if int(check.strip().removesuffix(b"}")) == zlib.crc32(body):
                return Summary(**json.loads(body + b"}"))
    return None


def write_summary(path: str, summary: Summary) -> None:
    """Raises OSError."""
    found = {**vars(summary), "writer": summary.writer[:_LONGEST_WRITER]}
    body = _encode(found).encode("utf-8", "replace")[:-1]
    data = body + _CHECK + str(zlib.crc32(body)).encode() + b"}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        give_to_owner(descriptor, os.path.dirname(path))
        os.pwrite(descriptor, data.ljust(_LENGTH - 1) + b"\n", 0)
    finally:
        os.close(descriptor)
