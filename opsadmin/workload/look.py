"""One look at a PostgreSQL for its trends: three statements, one more for the texts of statements that are new, and one an hour
for the sizes of tables. It resets nothing and waits for no lock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from django.utils import timezone

from opsadmin.postgres.masking import masked
from opsadmin.postgres.names import quoted
from opsadmin.postgres.session import Session
from opsadmin.workload.recorder import Recorder, information_of, recorder_of
from opsadmin.workload.standing import COUNTERS, MOST_ENTRIES, Entry, Standing
from opsadmin.workload.sums import Sums

_HERE = Path(__file__).parent
_LARGEST_TABLES = _HERE.parent / "postgres" / "sql" / "largest_tables.sql"

#: Of a statement's text so many characters are kept.
CHARACTERS = 4000


@dataclass(frozen=True)
class Gauges:
    """What is read as it is, and not counted. `connections_most`: max_connections. `waiting`: sessions that wait for a lock, as far
    as the role sees what others wait for."""

    size_bytes: float
    connections: float
    connections_most: float
    active: float
    oldest_transaction: float
    waiting: float


@dataclass(frozen=True)
class Seen:
    """A look. `recorder`: None where pg_stat_statements could not be read."""

    standing: Standing
    gauges: Gauges
    recorder: Recorder | None


def look(session: Session, tables_at: datetime | None) -> Seen:
    """Three statements; two where nobody counts statements.

    Raises psycopg's errors."""
    row = session.one(_counters(session.raw.info.server_version))
    assert row is not None  # noqa: S101  # the database that we are in is there
    recorder, entries, is_whole = _entries(session)
    standing = Standing(
        clock=row["clock"],
        seen_at=timezone.now(),
        system=f"{row['system']}.{row['database_oid']}",
        started_at=row["started_at"],
        reset_at=row["reset_at"],
        server_reset_at=row["server_reset_at"],
        counters={name: float(row[name]) for name in COUNTERS if row[name] is not None},
        entries=entries,
        is_whole=is_whole,
        sleeps=row["sleeps"],
        idle_for=row["idle_for"],
        tables_at=tables_at,
    )
    gauges = Gauges(**{name: float(row[name]) for name in Gauges.__dataclass_fields__})
    return Seen(standing, gauges, recorder)


def texts_of(session: Session, recorder: Recorder, queryids: Collection[str]) -> dict[str, str]:
    """The texts of these statements, constants masked. One statement.

    Raises psycopg's errors."""
    values = {"queryids": [int(one) for one in queryids], "characters": CHARACTERS}
    rows = session.tuples(_named("texts", recorder), values)
    return {queryid: masked(text) for queryid, text in rows if text is not None}


def tables_of(session: Session, most: int) -> list[dict[str, Any]]:
    """The largest tables: schema, name, bytes, estimated_rows, as VACUUM and ANALYZE counted them last. One statement.

    Raises psycopg's errors."""
    return session.rows(_text(_LARGEST_TABLES), {"limit": most})


def _entries(session: Session) -> tuple[Recorder | None, dict[str, Entry] | None, bool]:
    recorder = recorder_of(session)
    if recorder.version is None or recorder.places is None or not (recorder.may_use_schema and recorder.may_execute):
        return None, None, False
    try:
        with session.attempt():
            rows = session.tuples(_named("entries", recorder), {"limit": MOST_ENTRIES + 1})
    except psycopg.Error:
        # A version of the extension that is older than what is looked after, a text file that is too large to be read.
        if session.raw.closed:
            raise
        return None, None, False
    entries = {
        f"{queryid}:{userid}:{int(toplevel)}": Entry(queryid, role, toplevel, Sums(*map(float, values)), since)
        for queryid, userid, role, toplevel, *values, since in rows[:MOST_ENTRIES]
    }
    # What the role may not see is missing.
    return recorder, entries, recorder.reads_all and len(rows) <= MOST_ENTRIES


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _counters(version: int) -> str:
    """From PostgreSQL 17 on checkpoints are counted elsewhere."""
    text = _text(_HERE / "counters.sql")
    if version >= 170_000:
        for name, newer in (("g.checkpoints_timed", "k.num_timed"), ("g.checkpoints_req", "k.num_requested")):
            text = text.replace(name, f"(SELECT {newer} FROM pg_stat_checkpointer AS k)")  # noqa: S608  # ours
    return text


def _named(name: str, recorder: Recorder) -> str:
    schema = quoted(recorder.schema or "").replace("%", "%%")
    sql = _text(_HERE / f"{name}.sql").replace('"information of pg_stat_statements"', information_of(recorder))
    return sql.replace('"schema of pg_stat_statements"', schema)
