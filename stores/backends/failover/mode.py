"""Where a host's documents live now. All processes of the host read it from one small file, replaced whole; looking
whether it changed is one stat()."""

from __future__ import annotations

import json
import os
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from stores.backends import durable_file
from stores.backends.file_errors import read_failed, write_failed

Backend = Literal["postgres", "filesystem"]

#: What a host does between two modes. "switching": PostgreSQL failed, calls in flight give up; "draining": an
#: operator switches, calls in flight end as they would; "catching up": the copies go back into PostgreSQL.
SWITCHING, DRAINING, CATCHING_UP = "switching", "draining", "catching up"


@dataclass(frozen=True)
class Mode:
    """`backend`: where reads and writes go. `automatic`: the host came here by itself; on the filesystem it then
    looks for PostgreSQL and returns by itself. `epoch` counts the changes of backend. `since` (UTC), `reason` and
    `who` belong to the latest change. `phase`: a change that is under way, "" where none is. `stop`: why a person must
    decide before the host can return to PostgreSQL. `start_value`: what STORE_BACKEND said when it last counted.
    `fenced`: the epoch that PostgreSQL was last told of; 0 where it never was."""

    backend: Backend
    automatic: bool
    epoch: int
    since: datetime
    reason: str = ""
    who: str = ""
    phase: str = ""
    stop: str = ""
    start_value: str = ""
    fenced: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "since": self.since.isoformat()}

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Mode:
        known = {name: found[name] for name in cls.__dataclass_fields__ if name in found}
        return cls(**{**known, "since": datetime.fromisoformat(found["since"])})


#: The file's size says, beyond a multiple of this, which change of the file it is.
_SIZE = 2048


class ModeFile:
    """The file `path`. `read` answers None where there is none, or none that can be understood."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._seen: tuple[tuple[int, int, int], Mode] | None = None
        self._changes = 0

    def read(self) -> Mode | None:
        """Costs one stat() while nothing changed."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise read_failed(self.path, error) from error
        identity = (found.st_ino, found.st_mtime_ns, found.st_size)
        seen = self._seen
        if seen is not None and seen[0] == identity:
            return seen[1]
        return self._load()

    def _load(self) -> Mode | None:
        try:
            with open(self.path, "rb") as file:
                found = os.fstat(file.fileno())
                content = json.loads(file.read())
            if content.pop("check") != _check(content):
                return None
            mode = Mode.from_dict(content)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise read_failed(self.path, error) from error
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        with suppress(TypeError, ValueError):
            self._changes = int(content.get("changes", 0))
        self._seen = (found.st_ino, found.st_mtime_ns, found.st_size), mode
        return mode

    def write(self, mode: Mode, *, durable: bool = True) -> None:
        """Replace the file; the caller holds the lock of switches. Raises `StoreError`."""
        self.read()
        self._changes += 1
        content = {**mode.as_dict(), "changes": self._changes}
        data = json.dumps({**content, "check": _check(content)}).encode()
        # Two files of one size within one tick of the clock could share inode and time, and look like one: the size
        # tells the number of the change.
        data = data.ljust(_SIZE * (len(data) // _SIZE + 1) + self._changes % _SIZE - 1) + b"\n"
        try:
            durable_file.replace(self.path, data, lambda made: None, durable=durable)
        except OSError as error:
            raise write_failed(self.path, error) from error

    def set_aside(self) -> None:
        """Keep a file that cannot be understood under another name."""
        with suppress(OSError):
            durable_file.set_aside(self.path, f"{os.path.basename(self.path)}.damaged-{_stamp()}")
            os.unlink(self.path)


def _check(content: dict[str, Any]) -> int:
    """A bit that fell over must not send a host to another epoch."""
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
