"""One writer at a time, over processes and threads: a kernel lock on a file of its own. The kernel drops it when
its holder dies, so there is no stale lock to remove; the file itself stays and means nothing."""

from __future__ import annotations

import fcntl
import os
import random
import time

from stores.backends.durable_file import give_to_owner
from stores.errors import StoreBusy

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
#: Waiting is asking again: flock() knows no time limit. Long enough not to burn a processor, short beside an fsync.
_LONGEST_PAUSE = 0.004

#: Descriptors of locks held or waited for. A child made by fork inherits their descriptors, and would keep a lock alive beyond its
#: holder's death; it closes them.
_held: set[int] = set()


def _close_inherited() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_close_inherited)


class FileLock:
    """A held lock. `release` it; a forked child must not (it holds nothing)."""

    def __init__(self, path: str, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._process = os.getpid()

    def is_ours(self) -> bool:
        """Whether the file that is locked is still the one others would lock (someone may have removed it)."""
        return self._process == os.getpid() and _same_file(self._descriptor, self.path)

    def was_interrupted(self) -> bool:
        """Whether a former holder died between `begin` and `end`."""
        return os.pread(self._descriptor, 1, 0) == b"1"

    def begin(self) -> None:
        """Note that files are being changed."""
        os.pwrite(self._descriptor, b"1", 0)

    def end(self) -> None:
        """Note that nothing is left over."""
        os.pwrite(self._descriptor, b"0", 0)

    def release(self) -> None:
        if self._process != os.getpid():
            return
        _held.discard(self._descriptor)
        try:
            # A child may hold a copy of the descriptor for a moment; unlocking ends the lock for all copies.
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        finally:
            os.close(self._descriptor)


def acquire(path: str, deadline: float) -> FileLock:
    """Lock `path` (made if missing), waiting at most `deadline` seconds.

    Raises `StoreBusy` after that, and OSError where the file cannot be opened."""
    until: float | None = None
    pause = 0.0005
    while True:
        descriptor = os.open(path, _FLAGS, 0o600)
        _held.add(descriptor)
        try:
            give_to_owner(descriptor, os.path.dirname(path))
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    now = time.monotonic()
                    if until is None:
                        until = now + deadline
                    if now >= until:
                        raise StoreBusy(_busy(path, descriptor, deadline)) from None
                    time.sleep(min(pause * random.uniform(0.5, 1.5), until - now))  # noqa: S311 - spreads waiters
                    pause = min(pause * 1.5, _LONGEST_PAUSE)
            if _same_file(descriptor, path):
                return FileLock(path, descriptor)
        except BaseException:
            _held.discard(descriptor)
            os.close(descriptor)
            raise
        # Removed while we waited: others lock a new file.
        _held.discard(descriptor)
        os.close(descriptor)


def _same_file(descriptor: int, path: str) -> bool:
    try:
        there = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    here = os.fstat(descriptor)
    return (here.st_ino, here.st_dev) == (there.st_ino, there.st_dev)


def _busy(path: str, descriptor: int, deadline: float) -> str:
    holder = _holder(os.fstat(descriptor).st_ino)
    who = f"Process {holder} holds" if holder else "Another process holds"
    return (
        f"{who} the lock {path} for more than {deadline:g} seconds. Nothing was written. Try again; if it stays, "
        "look at what that process does (ending it frees the lock; removing the file does not)."
    )


def _holder(inode: int) -> int | None:
    """The process that holds a flock on the file, where the system tells."""
    try:
        with open("/proc/locks", encoding="ascii") as lines:
            for line in lines:
                words = line.split()
                if words[1:2] == ["FLOCK"] and words[5].endswith(f":{inode}") and int(words[4]) > 0:
                    return int(words[4])
    except (OSError, ValueError, IndexError):
        pass
    return None
