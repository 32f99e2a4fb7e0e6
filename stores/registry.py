"""The process's stores, made from the site's settings at first use."""

from __future__ import annotations

from django.db import connections
from psycopg.conninfo import make_conninfo


def store_dsn(alias: str = "store") -> str:
    """libpq text of the address behind a Django alias (in tests: of the worker's test database).

    Holds the password: never print or log it."""
    parts = connections[alias].get_connection_params()
    unwanted = {"cursor_factory", "context", "prepare_threshold"}
    return make_conninfo(**{key: value for key, value in parts.items() if key not in unwanted})


def close_all() -> None:
    """Close every store of this process; the next use makes new ones."""
