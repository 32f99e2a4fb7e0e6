"""What the operating system says about a file, as a `StoreError` for a person."""

from __future__ import annotations

import errno
import os

from stores.errors import StoreError, StoreMisconfigured, StoreReadOnly, StoreUnavailable

_FULL = {errno.ENOSPC: "The disk is full", errno.EDQUOT: "The disk quota is used up"}
_DENIED = (errno.EACCES, errno.EPERM)
_WRONG_PATH = {
    errno.ENOTDIR: "a part of the path is a file, not a directory",
    errno.EISDIR: "it is a directory",
    errno.ELOOP: "its symbolic links lead nowhere, or one stands where a file of ours should be",
    errno.ENAMETOOLONG: "the name is too long",
}


def read_failed(path: str, error: OSError) -> StoreError:
    """Why `path` could not be read."""
    if error.errno in _DENIED:
        return StoreMisconfigured(
            f"{path} cannot be read: the process runs as user {os.geteuid()}, who has no permission. Give the file and its "
            "directory to that user (chown), or run the site as their owner."
        )
    return _other(path, error, "read") or StoreError(
        f"{path} cannot be read ({error.strerror}). Look at the disk and the kernel's log."
    )


def write_failed(path: str, error: OSError) -> StoreError:
    """Why `path` could not be written. The former content is in place."""
    if error.errno == errno.EROFS:
        return StoreReadOnly(f"{path} lies on a file system that is mounted read-only. Nothing was written.")
    if error.errno in _DENIED:
        directory = os.path.dirname(path)
        if os.path.isdir(directory) and not os.access(directory, os.W_OK):
            return StoreReadOnly(
                f"The directory {directory} is not writable for user {os.geteuid()}. Nothing was written. Give it to that "
                "user (chown, chmod u+w)."
            )
        return StoreMisconfigured(
            f"{path} cannot be written: user {os.geteuid()} has no permission for it or for the lock beside it. Nothing was "
            "written. Give the files and their directory to that user (chown)."
        )
    if error.errno in _FULL:
        return StoreError(f"{_FULL[error.errno]}: {path} was not written and has its former content. Free some space.")
    if error.errno == errno.EFBIG:
        return StoreError(f"{path} was not written: it would exceed the limit for a file's size (ulimit -f).")
    return _other(path, error, "written") or StoreError(
        f"The disk did not take {path} ({error.strerror}). The write failed and the former content is in place. Look "
        "at the disk and the kernel's log before trying again."
    )


def _other(path: str, error: OSError, done: str) -> StoreError | None:
    if error.errno in _WRONG_PATH:
        return StoreMisconfigured(f"{path} cannot be {done}: {_WRONG_PATH[error.errno]}. Correct the configured path.")
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        return StoreUnavailable(
            f"{path} cannot be {done} now ({error.strerror}). Try again; raise the limit if it stays."
        )
    return None
