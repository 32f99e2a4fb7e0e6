"""Adoption as a step of a Django migration: `RunPython(adopt_schema, RunPython.noop)`.

Each migration of the store's tables runs it anew. It brings a database to the schema of today from wherever it is, so
the first of them does all the work on a new database, and a later one what was added since on an older database."""

from __future__ import annotations

from typing import Any

from django.core.management import CommandError

from stores.errors import StoreError
from stores.schema.adopt import adopt
from stores.schema.inspect import store_schema

#: Without these the store cannot work at all; anything else that adoption leaves, `adopt_database --check` shows.
ESSENTIAL = ("table", "column", "type", "primary key")


def adopt_schema(apps: Any, schema_editor: Any) -> None:
    try:
        with schema_editor.connection.cursor() as cursor:
            report = adopt(cursor, store_schema(cursor))
    except StoreError as error:
        raise CommandError(str(error)) from error  # `migrate` prints it as a sentence, not as a traceback
    for difference in report.undecided:
        if difference.kind in ESSENTIAL and difference.severity == "critical":
            raise CommandError(
                f"{difference.object} is {difference.found}, expected {difference.expected}. {difference.why} "
                "Nothing was changed. All differences: manage.py adopt_database --check"
            )
