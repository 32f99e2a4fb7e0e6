"""Bring a database's schema to the expected one, from wherever it starts, without touching a row."""

from __future__ import annotations

from typing import Any

from stores.schema import create
from stores.schema.expected import TABLES


def adopt(cursor: Any, schema: str = "public") -> None:
    """Run in one transaction what is missing. `cursor`: any DB-API cursor on PostgreSQL."""
    for table in TABLES:
        cursor.execute("SELECT to_regclass(%s)", [f"{create.quoted(schema)}.{create.quoted(table.name)}"])
        if cursor.fetchone()[0] is None:
            cursor.execute(create.create_table(schema, table))
            for index in table.indexes:
                cursor.execute(create.create_index(schema, table, index))
    cursor.execute(create.create_functions(schema))
    for table in TABLES:
        for trigger in table.triggers:
            cursor.execute(create.create_trigger(schema, table, trigger))
    cursor.execute(create.create_rows(schema))
    cursor.execute(create.first_revisions(schema))
