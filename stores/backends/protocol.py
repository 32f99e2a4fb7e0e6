"""What every document store offers, whatever is behind it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Protocol

Document = dict[str, Any]

#: The documents the dashboard keeps.
KINDS = ("settings", "state")

#: Says who writes: `admin:lead`, `command:migrate_to_postgres`. A function, because a web worker serves many people.
WriterName = Callable[[], str]


class Transaction(Protocol):
    """The view of one document under its lock."""

    def read(self) -> Document: ...

    def write(self, document: Document) -> None: ...


@dataclass(frozen=True)
class StoreStatus:
    """A store as one look found it.

    `backend` is `postgres` or `filesystem`; `latency_ms` the time of one read; `revision` counts writes;
    `detail` holds what only one backend has (pool figures, path, size in bytes); `error` is a sentence."""

    kind: str
    backend: str
    available: bool
    latency_ms: float | None = None
    revision: int | None = None
    updated_at: datetime | None = None
    writer: str | None = None
    error: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        found = asdict(self)
        found["updated_at"] = self.updated_at.isoformat() if self.updated_at else None
        return found


class Store(Protocol):
    """One JSON document. `read` answers `{}` when there is none yet; every failure is a `StoreError`."""

    kind: str

    def read(self) -> Document: ...

    def write(self, document: Document) -> None: ...

    def transaction(self) -> AbstractContextManager[Transaction]: ...

    def health_check(self) -> bool: ...

    def status(self) -> StoreStatus: ...

    def close(self) -> None: ...
