"""The process's stores, made from the site's settings at first use."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db import connections
from psycopg.conninfo import make_conninfo

from stores.backends.protocol import KINDS
from stores.errors import StoreMisconfigured
from stores.writer import current_reason, current_writer

if TYPE_CHECKING:
    from stores.backends.failover import FailoverStore, Host
    from stores.backends.failover.mode import Backend
    from stores.backends.history import HistoryService
    from stores.backends.line import Line

_lock = threading.RLock()
_stores: dict[str, FailoverStore] = {}
_line: Line | None = None
_history: HistoryService | None = None


def store_dsn(alias: str = "store") -> str:
    """libpq text of the address behind a Django alias (in tests: of the worker's test database).

    Holds the password: never print or log it."""
    parts = connections[alias].get_connection_params()
    unwanted = {"cursor_factory", "context", "prepare_threshold"}
    return make_conninfo(**{key: value for key, value in parts.items() if key not in unwanted})


def store_for(kind: str) -> FailoverStore:
    """The store of the document `kind`. STORE_BACKEND names the backend that this host starts on.

    Raises `StoreMisconfigured` for a kind or a backend that does not exist."""
    if kind not in KINDS:
        raise StoreMisconfigured(f"There is no document {kind!r}. The documents are: {', '.join(KINDS)}.")
    with _lock:
        host()  # STORE_BACKEND may have changed
        store = _stores.get(kind)
        if store is None:
            store = _stores[kind] = _make(kind)
        return store


def _make(kind: str) -> FailoverStore:
    from stores.backends.failover import FailoverStore
    from stores.backends.json_file import JsonStore
    from stores.backends.postgres import PostgresStore

    primary = PostgresStore(
        line(), kind, deadline=settings.STORE_DEADLINE_SECONDS, writer=current_writer, reason=current_reason
    )
    fallback = JsonStore(settings.STORE_PATHS[kind], kind=kind, writer=current_writer)
    return FailoverStore(primary, fallback, journal_dir=settings.STORE_DIR, start=_start())


def host() -> Host:
    """This host's part of the failover: its mode, its journals, its log of switches."""
    from stores.backends.failover import host_at

    return host_at(settings.STORE_DIR, start=_start())


def _start() -> Backend:
    found: Any = settings.STORE_BACKEND
    if found not in ("postgres", "filesystem"):
        raise StoreMisconfigured(f"STORE_BACKEND is {found!r}; it must be postgres or filesystem.")
    return cast("Backend", found)


def line() -> Line:
    """The process's one line to the store's PostgreSQL: both documents and the history use it."""
    from stores.backends.line import Line

    global _line
    with _lock:
        if _line is None:
            _line = Line(
                store_dsn(),
                size=settings.STORE_POOL_SIZE,
                deadline=settings.STORE_DEADLINE_SECONDS,
                requests_dir=settings.STORE_DIR,
            )
        return _line


def history() -> HistoryService:
    """The process's history service."""
    from stores.backends.history import HistoryService

    global _history
    with _lock:
        if _history is None:
            _history = HistoryService(
                line(),
                spool_dir=settings.STORE_DIR / "spool",
                spool_bytes=settings.HISTORY_SPOOL_MB * 2**20,
                retention_hours=settings.HISTORY_RETENTION_HOURS,
            )
        return _history


def close_all() -> None:
    """Close every store of this process, the history (which writes what it holds) and the line; the next use makes
    new ones."""
    global _line, _history
    with _lock:
        past, _history = _history, None
        stores = list(_stores.values())
        _stores.clear()
        old, _line = _line, None
    if past is not None:
        past.close()
    for store in stores:
        store.close()
    if old is not None:
        old.close()
