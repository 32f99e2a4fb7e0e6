"""Replace a file so that a crash at any moment leaves the old content or the new one, and so that the new one
survives a power cut once `replace` has returned. The caller holds a lock: one writer at a time."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress

_TEMPORARY = r"\.{name}\.[0-9a-f]{{16}}(\.old)?\.tmp"
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


def replace(target: str, data: bytes, announce: Callable[[os.stat_result], None], *, durable: bool = True) -> None:
    """Put `data` in `target`, mode 0600. `announce` is called with the new file's stat when its content is on the
    disk, before it takes its place. Not `durable`: nothing is synced, because the content is kept elsewhere too.

    Raises OSError; then the former content is in place. A failed fsync is a failed write: the kernel may have
    dropped the pages, so a second fsync would report success for data that is gone. Nothing is tried again."""
    directory, name = os.path.split(target)
    temporary = f"{directory}/.{name}.{secrets.token_hex(8)}.tmp"
    descriptor = os.open(temporary, _FLAGS, 0o600)
    try:
        try:
            give_to_owner(descriptor, directory)
            _write_all(descriptor, data)
            if durable:
                os.fsync(descriptor)
            made = os.fstat(descriptor)
            if stat.S_IMODE(made.st_mode) != 0o600:  # a umask took from it
                os.fchmod(descriptor, 0o600)
            announce(made)
        finally:
            os.close(descriptor)
        if durable:
            _put_in_place(temporary, target, directory)
        else:
            os.rename(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _put_in_place(temporary: str, target: str, directory: str) -> None:
    # A second name for the old content: the way back when the directory cannot be synced.
    former: str | None = temporary.removesuffix(".tmp") + ".old.tmp"
    existed = True
    try:
        os.link(target, former)  # type: ignore[arg-type]
    except FileNotFoundError:
        existed, former = False, None
    except OSError:  # a file system without hard links
        former = None
    try:
        os.rename(temporary, target)
        try:
            sync_directory(directory)
        except OSError:
            with suppress(OSError):
                if former:
                    os.rename(former, target)
                elif not existed:
                    os.unlink(target)
            raise
    finally:
        if former:
            with suppress(OSError):
                os.unlink(former)


def sync_directory(directory: str) -> None:
    """Make the directory's names durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(directory: str) -> None:
    """Make `directory` (0700) and what is missing above it, durably."""
    if os.path.isdir(directory):
        return
    parent = os.path.dirname(directory)
    if parent != directory:
        make_directory(parent)
    with suppress(FileExistsError):
        os.mkdir(directory, 0o700)
    sync_directory(parent)


def give_to_owner(descriptor: int, directory: str) -> None:
    """What root makes in someone's directory belongs to that person: a command run as root must not lock the
    dashboard out of its own file."""
    if os.geteuid() == 0:
        owner, here = os.stat(directory), os.fstat(descriptor)
        # With a second name it may be anyone's file, linked there to be given away.
        if owner.st_uid != here.st_uid and here.st_nlink == 1:
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def set_aside(target: str, name: str) -> str:
    """Give the file `target` a second name in its directory, so that replacing it keeps its content. An existing
    file is never overwritten: a number is added. Returns the path."""
    directory = os.path.dirname(target)
    for number in range(1, 1000):
        kept = f"{directory}/{name}" + (f"-{number}" if number > 1 else "")
        try:
            os.link(target, kept)
        except FileExistsError:
            continue
        except OSError:  # a file system without hard links
            if os.path.lexists(kept):
                continue
            os.rename(target, kept)
        return kept
    raise FileExistsError(f"{directory}/{name}")


def remove_leftovers(target: str) -> None:
    """Delete the temporary files of writers that were killed. Only under the writers' lock."""
    directory, name = os.path.split(target)
    pattern = re.compile(_TEMPORARY.format(name=re.escape(name)))
    for found in os.listdir(directory):
        if pattern.fullmatch(found):
            with suppress(OSError):
                os.unlink(f"{directory}/{found}")
