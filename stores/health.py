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
from stores.backends.failover.mode import Mode
from stores.backends.json_file import JsonStore
from stores.backends.json_text import decode
from stores.backends.protocol import KINDS, Document, StoreStatus
from stores.conflicts import open_conflicts
from stores.documents import validate
from stores.errors import StoreError
from stores.fallback.asking import present_mode, refusal_of
from stores.fallback.journals import Waiting, waiting
from stores.schema.expected import TABLES
from stores.sync.differences import same

ROW_ESTIMATES = (Path(__file__).parent / "sql" / "row_estimates.sql").read_text(encoding="utf-8")

#: A change reaches the copy within about 0.1 s; a look that comes in between waits for it.
COPY_SECONDS = 0.5


@dataclass(frozen=True)
class CopyLook:
    """The JSON file of a document. `age_seconds`: since PostgreSQL was last seen to hold what the copy stands for (None
    where this host has never seen it). `same_as_store`: whether the file has what was seen then, or, on the JSON files,
    what the store reads; None where one of the two cannot be read. `foreign`: another program wrote the file."""

    path: str
    exists: bool
    age_seconds: float | None = None
    size_bytes: int | None = None
    same_as_store: bool | None = None
    error: str | None = None
    foreign: bool = False


@dataclass(frozen=True)
class DocumentLook:
    """One document as a look found it. `remarks` says what its content breaks of the dashboard's rules; `waiting` what
    the copy has that PostgreSQL lacks."""

    kind: str
    status: StoreStatus
    empty: bool | None
    remarks: tuple[str, ...]
    notes: tuple[str, ...]
    copy: CopyLook
    automation_locked_at: str | None = None
    waiting: Waiting = Waiting()

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
    """What the checks judge. `mode`: where the host is, None where its files cannot be read (`mode_error`).
    `open_conflicts`: None where the site database cannot be read."""

    taken_at: datetime
    backend: str
    mode: Mode | None
    mode_error: str | None
    open_conflicts: int | None
    documents: tuple[DocumentLook, ...]
    tables: tuple[TableLook, ...]
    tables_error: str | None
    pool: dict[str, Any]
    history: dict[str, Any]
    server: str


def _look_at_copy(kind: str, path: Path, held: Document | None, mode: Mode | None) -> CopyLook:
    try:
        known = registry.host().known(kind).latest()
    except StoreError:
        known = None
    age = None if known is None else max(0.0, time.time() - known.seen_at.timestamp())
    if mode is not None and mode.backend == "postgres":
        held = None if known is None else decode(known.text)
    until = time.monotonic() + COPY_SECONDS
    while True:
        found = _copy_now(path, held, age)
        if found.same_as_store is not False and found.exists or found.foreign or time.monotonic() > until:
            return found
        if held is None or (mode is not None and mode.backend != "postgres"):
            return found  # nobody is about to write it
        time.sleep(COPY_SECONDS / 25)


def _copy_now(path: Path, held: Document | None, age: float | None) -> CopyLook:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return CopyLook(str(path), exists=False, age_seconds=age)
    except OSError as error:
        return CopyLook(str(path), exists=True, age_seconds=age, error=error.strerror)
    file = JsonStore(path)
    try:
        copy = file.read()
    except StoreError as error:
        return CopyLook(str(path), True, age, size, error=str(error))
    return CopyLook(str(path), True, age, size, None if held is None else same(copy, held), foreign=not file.is_ours())


def _look_at_document(kind: str) -> DocumentLook:
    held: Document | None = None
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    mode: Mode | None = None
    try:
        store = registry.store_for(kind)
        try:
            # Before the look at its status: this is what makes the host go over to its copies.
            held = store.read()
        except StoreError as error:
            remarks = (str(error),)
        status = store.status()
        mode = store.host.mode()
        waits = waiting(store.host, kind, mode.epoch) if mode.backend == "filesystem" else Waiting()
    except StoreError as error:
        status, waits = StoreStatus(kind, settings.STORE_BACKEND, False, error=str(error)), Waiting()
    if not status.available:
        remarks = ()  # the check of the backends says it
    if held is not None:
        found = validate(kind, held, strict=False)
        remarks = tuple(str(remark) for remark in found if remark.code != "unknown")
        notes = tuple(str(remark) for remark in found if remark.code == "unknown")
    return DocumentLook(
        kind=kind,
        status=status,
        empty=None if held is None else not held,
        remarks=remarks,
        notes=notes,
        copy=_look_at_copy(kind, Path(settings.STORE_PATHS[kind]), held, mode),
        automation_locked_at=_lock_time(held) if kind == "state" else None,
        waiting=waits,
    )


def _lock_time(state: Document | None) -> str | None:
    if state and state.get("automation_in_progress") and isinstance(state.get("automation_locked_at"), str):
        return str(state["automation_locked_at"])
    return None


def _look_at_tables() -> tuple[tuple[TableLook, ...], str, str | None]:
    """The tables, the server's name and version, and why they could not be read."""
    names = [table.name for table in TABLES]
    refusal = refusal_of(present_mode())
    if refusal:
        return (), "", refusal
    try:
        with registry.line().connection() as connection:
            rows = connection.execute(ROW_ESTIMATES, {"names": names}).fetchall()
            major, minor = divmod(connection.info.server_version, 10_000)
            server = f"{connection.info.dbname}, PostgreSQL {major}.{minor}"
    except StoreError as error:
        return (), "", str(error)
    return tuple(TableLook(name, rows, size) for name, rows, size in rows), server, None


def _look_at_mode() -> tuple[Mode | None, str | None]:
    try:
        return registry.host().mode(), None
    except StoreError as error:
        return None, str(error)


def _look_at_conflicts() -> int | None:
    try:
        return len(open_conflicts())
    except StoreError:
        return None


def look_at_store() -> StoreLook:
    """Look once: a read of each document, one catalogue query, the files. Bounded by the store's deadline; when
    PostgreSQL is down it costs one failed call, because the later ones are answered by the pool's memory of it."""
    documents = tuple(_look_at_document(kind) for kind in KINDS)
    tables, server, error = _look_at_tables()
    mode, mode_error = _look_at_mode()
    return StoreLook(
        taken_at=datetime.now(UTC),
        backend=settings.STORE_BACKEND if mode is None else mode.backend,
        mode=mode,
        mode_error=mode_error,
        open_conflicts=_look_at_conflicts(),
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
            "mode": look.mode.as_dict() if look.mode is not None else None,
            "open_conflicts": look.open_conflicts,
            "documents": [document.as_dict() for document in look.documents],
            "tables": [asdict(table) for table in look.tables],
            "pool": look.pool,
            "history": look.history,
        },
    )
