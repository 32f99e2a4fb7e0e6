"""Every change of backend of a host, as lines of JSON: kept beside the copies, because it is wanted most when neither
database answers."""

from __future__ import annotations

import json
import logging
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from stores.backends import durable_file
from stores.backends.failover.mode import Backend, Mode

logger = logging.getLogger(__name__)

#: Some 3,000 switches.
_LARGEST = 1024 * 1024
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True)
class SwitchRecord:
    """`lasted`: seconds that the host had been on `from_backend`; None at the start. `detail` holds what a resync did."""

    id: str
    epoch: int
    from_backend: str
    to_backend: Backend
    automatic: bool
    who: str
    reason: str
    at: datetime
    lasted: float | None
    detail: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


def record_of(before: Mode | None, after: Mode, detail: dict[str, Any] | None = None) -> SwitchRecord:
    lasted = None if before is None else max(0.0, (after.since - before.since).total_seconds())
    return SwitchRecord(
        id=str(uuid4()),
        epoch=after.epoch,
        from_backend="" if before is None else before.backend,
        to_backend=after.backend,
        automatic=after.automatic,
        who=after.who,
        reason=after.reason,
        at=after.since,
        lasted=lasted,
        detail=detail or {},
    )


def say(record: SwitchRecord) -> None:
    """The one line in the log."""
    if not record.from_backend:
        logger.info("[store] Begins on %s: %s", record.to_backend, record.reason)
        return
    how = "by itself" if record.automatic else f"by {record.who or 'the operator'}"
    lasted = "" if record.lasted is None else f" after {record.lasted:.0f} s on {record.from_backend}"
    logger.warning("[store] Switched to %s %s%s: %s", record.to_backend, how, lasted, record.reason)


class SwitchLog:
    """The file `path`. The caller holds the lock of switches while it adds."""

    def __init__(self, path: str) -> None:
        self.path = path

    def add(self, record: SwitchRecord) -> None:
        """Never raises: a switch must not fail for its record."""
        say(record)
        line = (json.dumps(record.as_dict()) + "\n").encode()
        try:
            if os.path.exists(self.path) and os.path.getsize(self.path) > _LARGEST:
                os.replace(self.path, self.path + ".1")
            descriptor = os.open(self.path, _FLAGS, 0o600)
            try:
                durable_file.give_to_owner(descriptor, os.path.dirname(self.path))
                os.write(descriptor, line)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            logger.error("[store] The switch could not be recorded in %s: %s.", self.path, error.strerror)

    def latest(self, most: int = 1000) -> list[SwitchRecord]:
        """The newest records, newest first. Lines that cannot be read are left out."""
        found: list[SwitchRecord] = []
        for path in (self.path, self.path + ".1"):
            try:
                with open(path, "rb") as file:
                    lines = file.readlines()
            except OSError:
                continue
            for line in reversed(lines):
                if len(found) == most:
                    return found
                with suppress(ValueError, KeyError, TypeError):
                    content = json.loads(line)
                    found.append(SwitchRecord(**{**content, "at": datetime.fromisoformat(content["at"])}))
        return found
