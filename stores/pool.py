"""The runbook's "validation pool psycopg": check every connection of this process's pool, fill it, rebuild it."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings

from stores import registry
from stores.backends.line import REQUEST
from stores.errors import StoreError, StoreReadOnly


@dataclass(frozen=True)
class PoolReport:
    """`checked` connections answered or were found `dead` and replaced; `connections` of `size` are open. What was
    not done is None. `stats`: the pool's figures afterwards. `error`: a sentence; None where all is well."""

    ok: bool
    checked: int | None
    dead: int | None
    connections: int | None
    size: int
    recreated: bool
    elapsed_ms: float
    stats: dict[str, int]
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def validate_pool(*, recreate: bool = False, timeout: float = 10, check: bool = True, wait: bool = True) -> PoolReport:
    """Check every resting connection, open connections until the pool is full, and with `recreate` put a new pool,
    full, in its place; running calls finish. `timeout`: seconds that each step may take. Never raises `StoreError`."""
    line = registry.line()
    start = monotonic()
    checked = dead = connections = None
    recreated = False
    error = None
    try:
        if check:
            found = line.check(timeout)
            checked, dead = found["checked"], found["dead"]
        if recreate:
            connections = line.recreate(timeout)
            recreated = True
        elif wait:
            connections = line.wait_full(timeout)
    except StoreError as failure:
        error = str(failure)
    return PoolReport(
        ok=error is None,
        checked=checked,
        dead=dead,
        connections=connections,
        size=line.size,
        recreated=recreated,
        elapsed_ms=round((monotonic() - start) * 1000, 1),
        stats=line.stats(),
        error=error,
    )


def request_rebuild() -> Path:
    """Ask every process on this host to rebuild its pool at its next call; answers the request's file.

    Raises `StoreReadOnly` where the file cannot be written."""
    path = Path(settings.STORE_DIR) / REQUEST
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.utime(descriptor)
        finally:
            os.close(descriptor)
    except OSError as failure:
        raise StoreReadOnly(
            f"The request could not be written to STORE_DIR ({failure.strerror}). Make the directory writable for this user."
        ) from None
    return path
