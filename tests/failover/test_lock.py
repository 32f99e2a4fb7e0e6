"""The lock of a host: shared by writes, alone for a switch, gone with its holder."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from stores.backends.failover.lock import HostLock
from stores.errors import StoreBusy, StoreError
from tests.failover.conftest import end, run_python


@pytest.fixture
def lock(tmp_path: Path) -> HostLock:
    return HostLock(str(tmp_path / "lock"))


def later() -> float:
    return time.monotonic() + 20


def in_a_thread(act: object) -> list[str]:
    """What became of it."""
    told: list[str] = []

    def run() -> None:
        try:
            act()  # type: ignore[operator]
        except StoreError as error:
            told.append(type(error).__name__)
        else:
            told.append("held")

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    return told


def takes(lock: HostLock, how: str, until: float = 0.0) -> object:
    def take() -> None:
        with getattr(lock, how)(until):
            pass

    return take


@pytest.mark.parametrize("own", [True, False])
def test_threads_share_or_exclude(lock: HostLock, own: bool) -> None:
    """A flock belongs to the open file: each thread needs one of its own."""
    other = lock if own else HostLock(lock.path)
    with lock.shared(later()):
        assert in_a_thread(takes(other, "shared")) == ["held"]
        assert in_a_thread(takes(other, "exclusive")) == ["StoreBusy"]
    with lock.exclusive(later()):
        assert in_a_thread(takes(other, "shared")) == ["StoreBusy"]
        assert in_a_thread(takes(other, "exclusive")) == ["StoreBusy"]
    assert in_a_thread(takes(other, "exclusive")) == ["held"]
    assert os.stat(lock.path).st_mode & 0o777 == 0o600


def test_who_waits_gets_it_when_it_is_free(lock: HostLock) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.shared(later()):
            entered.set()
            leave.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(20)
    threading.Timer(0.05, leave.set).start()
    with lock.exclusive(later()):
        assert leave.is_set()
    thread.join()


def test_an_error_in_the_block_lets_go(lock: HostLock) -> None:
    with pytest.raises(ValueError, match="out"):
        with lock.exclusive(later()):
            raise ValueError("out")
    assert in_a_thread(takes(lock, "exclusive")) == ["held"]


def test_a_removed_file_is_locked_anew(lock: HostLock) -> None:
    with lock.shared(later()):
        pass
    os.unlink(lock.path)
    with lock.exclusive(later()):
        assert in_a_thread(takes(HostLock(lock.path), "shared")) == ["StoreBusy"]


def test_a_place_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        takes(HostLock(str(tmp_path / "missing" / "lock")), "shared", later())()  # type: ignore[operator]


_HOLD = """
import sys, time
from stores.backends.failover.lock import HostLock
with getattr(HostLock(sys.argv[1]), sys.argv[2])(time.monotonic() + 20):
    print("held", flush=True)
    sys.stdin.readline()
print("left", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("how", ["shared", "exclusive"])
def test_a_killed_holder_holds_nothing(lock: HostLock, how: str) -> None:
    """Trap 13."""
    holder = run_python(_HOLD, lock.path, how)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreBusy):
            takes(lock, "exclusive")()  # type: ignore[operator]
        holder.kill()
        takes(lock, "exclusive", later())()  # type: ignore[operator]
    finally:
        end(holder)


_FORK = """
import os, sys, time
from stores.backends.failover.lock import HostLock
lock = HostLock(sys.argv[1])
with lock.exclusive(time.monotonic() + 20):
    child = os.fork()
    if child == 0:
        os.setsid()
        print("child", flush=True)
        sys.stdin.readline()
        with lock.shared(time.monotonic() + 20):
            print("child holds", flush=True)
        os._exit(0)
    time.sleep(60)
"""


def test_a_child_keeps_no_lock_of_its_killed_parent(lock: HostLock) -> None:
    parent = run_python(_FORK, lock.path)
    try:
        assert parent.stdout is not None
        assert parent.stdin is not None
        assert parent.stdout.readline() == "child\n"
        with pytest.raises(StoreBusy):
            takes(lock, "shared")()  # type: ignore[operator]
        parent.kill()
        parent.wait()
        takes(lock, "exclusive", later())()  # type: ignore[operator]
        parent.stdin.write("\n")
        parent.stdin.flush()
        assert parent.stdout.readline() == "child holds\n"
    finally:
        end(parent)


def test_a_child_of_fork_locks_for_itself(lock: HostLock) -> None:
    with lock.shared(later()):
        child = os.fork()
        if child == 0:
            try:
                takes(lock, "shared")()  # type: ignore[operator]
                try:
                    takes(lock, "exclusive")()  # type: ignore[operator]
                except StoreBusy:
                    os._exit(0)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert in_a_thread(takes(lock, "exclusive")) == ["StoreBusy"]
    assert in_a_thread(takes(lock, "exclusive")) == ["held"]
