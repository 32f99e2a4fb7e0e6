"""The lock of a host: writes hold it shared, a change of mode holds it alone. It is the kernel's (flock), so it ends
with its holder; each thread has a descriptor of its own, because a flock belongs to the open file, not to a thread."""

from __future__ import annotations

import fcntl
import os
import threading
import time
import weakref

from stores.backends import durable_file
from stores.backends.file_errors import write_failed
from stores.errors import StoreBusy

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_PAUSE = 0.001

_open: weakref.WeakSet[_Descriptor] = weakref.WeakSet()


class _Descriptor:
    """An open lock file, closed when its thread ends. A forked child closes its copy at once: it would keep the
    parent's lock beyond the parent's death."""

    number = -1

    def __init__(self, path: str) -> None:
        self.number = os.open(path, _FLAGS, 0o600)
        durable_file.give_to_owner(self.number, os.path.dirname(path))
        _open.add(self)

    def close(self) -> None:
        number, self.number = self.number, -1
        if number >= 0:
            os.close(number)

    __del__ = close


def _close_inherited() -> None:
    for descriptor in list(_open):
        descriptor.close()


os.register_at_fork(after_in_child=_close_inherited)


class HostLock:
    """The lock file `path`, made if missing."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._mine = threading.local()

    def shared(self, until: float) -> Hold:
        """`with` it: held together with other writes. Raises `StoreBusy` where a switch takes longer than `until`
        (`time.monotonic()`)."""
        return Hold(self, fcntl.LOCK_SH, until)

    def exclusive(self, until: float) -> Hold:
        """`with` it: held alone, no write of this host is under way. Raises `StoreBusy`. The thread must not hold it
        shared."""
        return Hold(self, fcntl.LOCK_EX, until)

    def take(self, how: int, until: float) -> _Descriptor:
        while True:
            descriptor = self._descriptor()
            while True:
                try:
                    fcntl.flock(descriptor.number, how | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise StoreBusy(self._busy(how)) from None
                    time.sleep(_PAUSE)
            if os.fstat(descriptor.number).st_nlink:
                return descriptor
            descriptor.close()  # removed by somebody: the others lock a new one

    def _descriptor(self) -> _Descriptor:
        found: _Descriptor | None = getattr(self._mine, "descriptor", None)
        if found is None or found.number < 0:
            try:
                found = self._mine.descriptor = _Descriptor(self.path)
            except OSError as error:
                raise write_failed(self.path, error) from error
        return found

    def _busy(self, how: int) -> str:
        if how == fcntl.LOCK_SH:
            return "The store is being switched, which takes longer than this call could wait. Nothing was written. Try again."
        return (
            f"A write of another process holds {self.path} for too long: the store was not switched. Try again; if it "
            "stays, look for a process of this host that is stopped."
        )


class Hold:
    """The block in which the lock is held. Not a generator: every write passes here."""

    __slots__ = ("_descriptor", "_how", "_lock", "_until")

    def __init__(self, lock: HostLock, how: int, until: float) -> None:
        self._lock = lock
        self._how = how
        self._until = until

    def __enter__(self) -> None:
        self._descriptor = self._lock.take(self._how, self._until)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._descriptor.number, fcntl.LOCK_UN)
