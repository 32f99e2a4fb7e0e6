"""Our questions to the catalogue: one .sql file each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from opsadmin.postgres.session import MARKER

_DIRECTORY = Path(__file__).parent / "sql"


@cache
def question(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (_DIRECTORY / f"{name}.sql").read_text(encoding="utf-8")


def rows(connection: psycopg.Connection[Any], name: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What `sql/<name>.sql` brings back.

    Raises psycopg's errors."""
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(f"{question(name)}\n{MARKER}".encode(), values)
        return cursor.fetchall()
