"""The dashboard's storage: `from stores import get_store, get_history`.

`stores.backends` and `stores.errors` work without Django; the two functions here read the site's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stores.backends.history import HistoryService
    from stores.backends.protocol import Store


def get_store(kind: str) -> Store:
    """The process's store of the document `kind` ("settings" or "state"), on the configured backend.

    Raises `StoreMisconfigured` for an unknown kind."""
    from stores.registry import store_for

    return store_for(kind)


def get_history() -> HistoryService:
    """The process's history service on the `store` database."""
    from stores.registry import history

    return history()
