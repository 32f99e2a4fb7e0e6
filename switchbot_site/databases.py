"""The databases as Django wants them, from one address each."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict, make_conninfo

#: What Django calls the parts of an address.
_DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def parse_dsn(name: str, dsn: str) -> dict[str, str]:
    """The parts of a PostgreSQL address, URL or libpq key=value text. `name` is the variable it came from.

    Raises `ImproperlyConfigured` without repeating the address: it may hold a password."""
    try:
        parts = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise ImproperlyConfigured(
            f"{name} is neither a PostgreSQL URL nor libpq key=value text. It looks like "
            "postgresql://ROLE:PASSWORD@HOST/DATABASE?sslmode=require, or host=/run/postgresql dbname=NAME. "
            "Special characters of a password in a URL are written as %XX."
        ) from None
    return {key: str(value) for key, value in parts.items()}


def is_pooled(parts: dict[str, str]) -> bool:
    """Whether the host is a transaction pooler's (Neon names them so)."""
    return "-pooler." in parts.get("host", "")


def direct_dsn(parts: dict[str, str]) -> dict[str, str]:
    """The same address past Neon's pooler."""
    return {**parts, "host": parts.get("host", "").replace("-pooler.", ".", 1)} if is_pooled(parts) else parts


def with_ssl_mode(parts: dict[str, str], ssl_mode: str) -> dict[str, str]:
    host = parts.get("host", "")
    if "sslmode" in parts or not host or host.startswith(("/", "@")):
        return parts
    return {**parts, "sslmode": ssl_mode}


def conninfo(parts: dict[str, str], **more: Any) -> str:
    """libpq text of the parts."""
    return make_conninfo(**{**parts, **more})


def store_database(parts: dict[str, str], statement_timeout_ms: int) -> dict[str, Any]:
    """The alias `store`: our engine (deadline and breaker on the line), short timeouts, no persistent connection
    (Neon cuts idle ones, and an outage must show at once)."""
    options: dict[str, Any] = {key: value for key, value in parts.items() if key not in _DJANGO_NAMES and value != ""}
    options.setdefault("connect_timeout", "5")
    options.setdefault("application_name", "switchbot-store-ops")
    options.setdefault("keepalives_idle", "30")
    return {
        "ENGINE": "stores.engine",
        **{django: parts.get(libpq, "") for libpq, django in _DJANGO_NAMES.items()},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": is_pooled(parts),
        "OPTIONS": options,
        "STATEMENT_TIMEOUT_MS": statement_timeout_ms,
    }


def more_databases(
    names: Iterable[str],
    environment: Mapping[str, str],
    ssl_mode: str,
    statement_timeout_ms: int,
    taken: Collection[str] = ("default", "store"),
) -> dict[str, dict[str, Any]]:
    """Further PostgreSQL databases that are looked after, by alias: the address of `staging` is POSTGRES_URL_STAGING. They
    have no tables of ours.

    Raises `ImproperlyConfigured` at a name that is none or is taken, or has no address."""
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        variable = f"POSTGRES_URL_{name.upper()}"
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ImproperlyConfigured(
                f"MORE_DATABASES names {name!r}; a name has small letters, digits and _, and begins with a letter."
            )
        if name in taken or name in found:
            raise ImproperlyConfigured(f"MORE_DATABASES names {name}, which is taken. Choose another name.")
        address = environment.get(variable, "").strip()
        if not address:
            raise ImproperlyConfigured(f"MORE_DATABASES names {name}, but {variable} is not set: give it the address.")
        found[name] = store_database(with_ssl_mode(parse_dsn(variable, address), ssl_mode), statement_timeout_ms)
    return found


def sqlite_database(path: Path) -> dict[str, Any]:
    """The site database: WAL so that readers do not wait for a writer, IMMEDIATE so that two writers queue
    instead of failing halfway."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "timeout": 10,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=10000;",
        },
    }


def site_database(url: str | None, path: Path) -> dict[str, Any]:
    """The site database from SITE_DATABASE_URL (sqlite:///path or a PostgreSQL address), else SQLite at `path`."""
    if not url:
        return sqlite_database(path)
    if url.startswith("sqlite:"):
        return sqlite_database(Path(unquote(urlsplit(url).path.removeprefix("/"))))
    parts = parse_dsn("SITE_DATABASE_URL", url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{django: parts.get(libpq, "") for libpq, django in _DJANGO_NAMES.items()},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": is_pooled(parts),
        "OPTIONS": {key: value for key, value in parts.items() if key not in _DJANGO_NAMES},
    }


def local_cluster(var_dir: Path) -> dict[str, str]:
    """The address of the private cluster, as its start script wrote it; before its first start, where it will be."""
    address = var_dir / "postgres.dsn"
    if address.exists():
        return parse_dsn(str(address), address.read_text(encoding="utf-8").strip())
    return {"host": str(var_dir / "postgres"), "dbname": "store", "user": "store"}
