"""Which of the project's databases an operation is about."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections

from opsadmin.core.errors import OperationError


def postgres_aliases() -> tuple[str, ...]:
    """The aliases of settings.DATABASES that are PostgreSQL, in their order."""
    return tuple(alias for alias in connections if connections[alias].vendor == "postgresql")


def default_alias() -> str:
    """OPSADMIN["DATABASE"], else the first PostgreSQL alias.

    Raises `OperationError` where there is none."""
    options: dict[str, Any] = getattr(settings, "OPSADMIN", {})
    if options.get("DATABASE"):
        return str(options["DATABASE"])
    aliases = postgres_aliases()
    if not aliases:
        raise OperationError("No alias of settings.DATABASES is a PostgreSQL: there is nothing to look after.")
    return aliases[0]


def resolve_alias(alias: str = "") -> str:
    """The alias that is meant; empty means the default one.

    Raises `OperationError` with the aliases that are allowed."""
    wanted = alias or default_alias()
    allowed = postgres_aliases()
    if wanted not in allowed:
        raise OperationError(
            f"database is {wanted!r}; it must be one of {', '.join(allowed)}.", parameter="database", allowed=allowed
        )
    return wanted
