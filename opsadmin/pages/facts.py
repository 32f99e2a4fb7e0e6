"""Sizes and counts that the Overview shows beside the findings."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from django.db import Error as DatabaseError

from opsadmin.catalogue.tables import list_tables
from opsadmin.postgres.session import read_only

logger = logging.getLogger(__name__)

SQL = Path(__file__).parents[1] / "postgres" / "sql"
VITALS = (SQL / "vitals.sql").read_text(encoding="utf-8")

#: Shown, of those that the page Tables begins with: what no VACUUM has counted yet is measured there, and may be large.
LARGEST, LOOKED_AT = 8, 50
#: They are an extra: a server that is slow at them is left alone.
STATEMENT_MS = 2000


def facts_of(database: str) -> dict[str, Any]:
    """`size_bytes`, `connections`, `max_connections`, and `tables` (the largest ones: schema, name, estimated_rows,
    bytes); what could not be had is left out. Never raises for a database that fails."""
    facts: dict[str, Any] = {}
    try:
        with read_only(database, statement_ms=STATEMENT_MS) as session:
            facts |= session.one(VITALS) or {}
            found = list_tables(session, limit=LOOKED_AT)
            facts["tables"] = [
                {"schema": one.schema, "name": one.name, "estimated_rows": one.rows or 0, "bytes": one.total_bytes or 0}
                for one in found[:LARGEST]
            ]
    except DatabaseError as error:
        logger.info("[health] sizes and counts of %s could not be read (%s)", database, type(error).__name__)
    return facts
