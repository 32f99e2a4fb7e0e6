"""A home-automation workload after the dashboard's tables: 26 queries on three tables of two million rows. With two sets
of constants: advice found on `tune` must hold on `check`, else it was made for one literal."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.advisor.workload import Query, Workload, fill, read_queries

HERE = Path(__file__).parent
ROWS = 2_000_000


def request_of(number: int) -> str:
    """The request_id of an event, as the data have it."""
    return str(UUID(hashlib.md5(f"request{number}".encode(), usedforsecurity=False).hexdigest()))


CONSTANTS: dict[str, dict[str, object]] = {
    "tune": {
        "device": 14,
        "home": 777,
        "day": "2026-09-14 00:00:00+00",
        "month": "2026-10-01 00:00:00+00",
        "oldest": "2026-05-01 04:00:00+00",
        "hot": 35.4,
        "action": "setAll failed: quota exhausted",
        "remaining": 7,
        "rule": "rule-1234",
        "kind": "command",
        "request": request_of(12_345),
        "topic": "home/1204/%",
        "fault": "%filter CLOGGED%",
        "code": "E417",
        "words": "thermostat battery",
        "email": "bruno.777@example.com",
    },
    "check": {
        "device": 31,
        "home": 2901,
        "day": "2026-06-21 00:00:00+00",
        "month": "2026-10-06 00:00:00+00",
        "oldest": "2026-05-01 03:00:00+00",
        "hot": 35.3,
        "action": "setAll failed: device offline",
        "remaining": 23,
        "rule": "rule-3071",
        "kind": "answer",
        "request": request_of(19_876),
        "topic": "home/333/%",
        "fault": "%compressor Stalled%",
        "code": "E3999",
        "words": "condensate customer",
        "email": "felix.2901@example.com",
    },
}


def load(connection: psycopg.Connection[Any], scale: float) -> None:
    rows = int(ROWS * scale)
    sizes = {"rows": rows, "homes": max(100, rows // 500), "devices": max(500, rows // 100), "notes": rows // 40}
    # One transaction: rows of a table made in it need no WAL.
    with connection.transaction():
        connection.execute((HERE / "schema.sql").read_text(encoding="utf-8"))
        connection.execute(fill((HERE / "data.sql").read_text(encoding="utf-8"), sizes))


def queries(constants: str = "tune") -> Sequence[Query]:
    values = CONSTANTS[constants]
    return [Query(query.name, fill(query.sql, values)) for query in read_queries(HERE / "queries.sql")]


HOME = Workload(
    "home", "home automation, 26 queries", load, queries, constants=tuple(CONSTANTS), extensions=("pg_trgm",)
)
