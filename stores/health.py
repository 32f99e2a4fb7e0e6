"""One look at the store, and what its checks say of it. The command `store_health`, the page of the same name and
/readyz show this."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

import stores.checks
from opsadmin.core.check import checks_of, load_checks, run_checks
from opsadmin.core.finding import HealthReport
from stores import registry
from stores.backends.json_file import JsonStore
from stores.backends.protocol import KINDS, Document, StoreStatus
from stores.documents import validate
from stores.errors import StoreError
from stores.schema.expected import TABLES

ROW_ESTIMATES = (Path(__file__).parent / "sql" / "row_estimates.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class CopyLook:
    """The JSON file of a document: its age in seconds, and whether it holds what the store holds (None where one
    of the two cannot be read)."""

    path: str
    exists: bool
    age_seconds: float | None = None
    size_bytes: int | None = None
    same_as_store: bool | None = None
    error: str | None = None


@dataclass(frozen=True)
class DocumentLook:
    """One document as a look found it. `remarks` says what its content breaks of the dashboard's rules."""

    kind: str
    status: StoreStatus
    empty: bool | None
    remarks: tuple[str, ...]
    notes: tuple[str, ...]
    copy: CopyLook
    automation_locked_at: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "status": self.status.as_dict()}


@dataclass(frozen=True)
class TableLook:
    """A table's rows by PostgreSQL's estimate (None: never analysed) and its size in bytes, indexes included."""

    name: str
    rows: int | None
    size_bytes: int


@dataclass(frozen=True)
class StoreLook:
    """What the checks judge."""

    taken_at: datetime
    backend: str
    documents: tuple[DocumentLook, ...]
    tables: tuple[TableLook, ...]
    tables_error: str | None
    pool: dict[str, Any]
    history: dict[str, Any]
    server: str


def _look_at_copy(path: Path, held: Document | None) -> CopyLook:
    try:
        found = path.stat()
    except FileNotFoundError:
        return CopyLook(str(path), exists=False)
    except OSError as error:
        return CopyLook(str(path), exists=True, error=error.strerror)
    age = max(0.0, time.time() - found.st_mtime)
    try:
        with_copy = JsonStore(path).read()
    except StoreError as error:
        return CopyLook(str(path), True, age, found.st_size, error=str(error))
    same = None if held is None else with_copy == held
    return CopyLook(str(path), True, age, found.st_size, same)


def _look_at_document(kind: str) -> DocumentLook:
    store = registry.store_for(kind)
    status = store.status()
    held: Document | None = None
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    if status.available:
        try:
            held = store.read()
        except StoreError as error:
            remarks = (str(error),)
        else:
            found = validate(kind, held, strict=False)
            remarks = tuple(str(remark) for remark in found if remark.code != "unknown")
            notes = tuple(str(remark) for remark in found if remark.code == "unknown")
    return DocumentLook(
        kind=kind,
        status=status,
        empty=None if held is None else not held,
        remarks=remarks,
        notes=notes,
        copy=_look_at_copy(settings.STORE_PATHS[kind], held),
        automation_locked_at=_lock_time(held) if kind == "state" else None,
    )


def _lock_time(state: Document | None) -> str | None:
    if state and state.get("automation_in_progress") and isinstance(state.get("automation_locked_at"), str):
        return str(state["automation_locked_at"])
    return None


def _look_at_tables() -> tuple[tuple[TableLook, ...], str, str | None]:
    """The tables, the server's name and version, and why they could not be read."""
    names = [table.name for table in TABLES]
    try:
        with registry.line().connection() as connection:
            rows = connection.execute(ROW_ESTIMATES, {"names": names}).fetchall()
            major, minor = divmod(connection.info.server_version, 10_000)
            server = f"{connection.info.dbname}, PostgreSQL {major}.{minor}"
    except StoreError as error:
        return (), "", str(error)
    return tuple(TableLook(name, rows, size) for name, rows, size in rows), server, None


def look_at_store() -> StoreLook:
    """Look once: a read of each document, one catalogue query, the files. Bounded by the store's deadline; when
    PostgreSQL is down it costs one failed call, because the later ones are answered by the pool's memory of it."""
    documents = tuple(_look_at_document(kind) for kind in KINDS)
    tables, server, error = _look_at_tables()
    return StoreLook(
        taken_at=datetime.now(UTC),
        backend=settings.STORE_BACKEND,
        documents=documents,
        tables=tables,
        tables_error=error,
        pool=registry.line().stats(),
        history=registry.history().status().as_dict(),
        server=server,
    )


def store_health() -> HealthReport:
    """Look, and judge by every check in `stores.checks`, worst first."""
    started = time.perf_counter()
    load_checks(stores.checks)
    look = look_at_store()
    results = run_checks(checks_of("store"), look)
    return HealthReport(
        checks=results,
        server=look.server or "PostgreSQL does not answer",
        taken_at=look.taken_at,
        elapsed_ms=(time.perf_counter() - started) * 1000,
        detail={
            "backend": look.backend,
            "documents": [document.as_dict() for document in look.documents],
            "tables": [asdict(table) for table in look.tables],
            "pool": look.pool,
            "history": look.history,
        },
    )
