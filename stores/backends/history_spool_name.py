"""The spool's own name: six random bytes, which the ids of its batches begin with. Several hosts share the table of
ids, and each may clear away only those whose files it can look for. It is not synced: a spool whose name a power cut
took gets a new one, and a few ids of the old name stay for a year."""

from __future__ import annotations

import fcntl
import os
import re
import secrets

from stores.backends.durable_file import give_to_owner

FILE = "name"
_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


def own_name(directory: str) -> bytes:
    """The name that `directory` has, made now where it has none. Raises OSError."""
    descriptor = os.open(f"{directory}/{FILE}", _OPEN, 0o600)
    try:
        give_to_owner(descriptor, directory)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        found = os.pread(descriptor, 64, 0)
        if not re.fullmatch(rb"[0-9a-f]{12}\n", found):
            found = secrets.token_hex(6).encode() + b"\n"
            os.ftruncate(descriptor, 0)
            if os.pwrite(descriptor, found, 0) != len(found):
                raise OSError("the name was cut short")
        return bytes.fromhex(found.decode())
    finally:
        os.close(descriptor)
