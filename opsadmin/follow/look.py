"""What PostgreSQL says of followed indexes and their statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from opsadmin.core.errors import OperationFailed
from opsadmin.follow.counters import Counters, Entry, Reading
from opsadmin.follow.shape import shape_of, words_of
from opsadmin.postgres.names import identifier, quoted
from opsadmin.postgres.session import Session
from opsadmin.workload.recorder import Recorder, information_of, readable_recorder, recorder_of

_HERE = Path(__file__).parent
#: Of all statements so many are kept as an earlier reading, those that cost the most: 100 KB.
MOST = 1000


@cache
def _question(name: str) -> str:
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, kw_only=True)
class Statements:
    """Whether and how the statements can be read. `why_not`, `steps`: why they cannot be, and what helps; empty where they
    can."""

    session: Session
    recorder: Recorder
    why_not: str = ""
    steps: str = ""

    def reading(self, queryids: Collection[str]) -> Reading:
        """The counters of those statements. As many statements as `readings`.

        Raises psycopg's errors."""
        return self.readings(queryids, most=0)[0]

    def readings(self, queryids: Collection[str], *, most: int = MOST) -> tuple[Reading, Reading]:
        """The counters of those statements, and of the `most` that cost the most. One statement, two where none is counted.

        Raises psycopg's errors."""
        if self.why_not:
            nothing = Reading(self.clock(), is_whole=False, sees_all=False)
            return nothing, nothing
        numbers = [int(one) for one in queryids]
        rows = self.session.rows(self._sql("counted", "%"), {"queryids": numbers, "most": most})
        clock = max((row["clock"] for row in rows), default=None) or self.clock()
        sees_all = self.recorder.reads_all
        costly = [row for row in rows if row["place"] <= most]
        wanted = set(map(str, numbers))
        return (
            Reading(clock, _entries(row for row in rows if row["queryid"] in wanted), sees_all, sees_all),
            Reading(clock, _entries(costly), sees_all and len(costly) < most, sees_all),
        )

    def clock(self) -> datetime:
        """PostgreSQL's time now."""
        ((now,),) = self.session.tuples("SELECT clock_timestamp()")
        found: datetime = now
        return found

    def texts(self) -> dict[str, str]:
        """The texts of all statements by their numbers. One statement.

        Raises psycopg's errors."""
        if self.why_not:
            return {}
        return dict(self.session.tuples(self._sql("texts", "")))

    def _sql(self, name: str, percent: str) -> str:
        schema = quoted(self.recorder.schema or "").replace("%", percent + "%")
        sql = _question(name).replace('"information of pg_stat_statements"', information_of(self.recorder))
        return sql.replace('"schema of pg_stat_statements"', schema)


def _entries(rows: Iterable[Mapping[str, Any]]) -> dict[str, Entry]:
    return {
        f"{row['queryid']}:{row['userid']}:{int(row['toplevel'])}": Entry(
            row["queryid"], Counters(row["calls"], row["ms"], row["blocks"], row["rows"]), row["since"]
        )
        for row in rows
    }


def alike(texts: Mapping[str, str], wanted: Collection[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """For each wanted shape the numbers of all statements that have it. `wanted`: shapes, with a text of each."""
    # The longest first: what is rare is mostly long.
    words = [sorted(words_of(sql), key=len, reverse=True) for sql in dict(wanted).values()]
    found: dict[str, tuple[str, ...]] = {shape: () for shape, _ in wanted}
    for queryid, sql in texts.items() if found else ():
        # To read all of 5,000 texts by their tokens would take seconds.
        lower = sql.lower()
        if any(all(word in lower for word in each) for each in words) and (shape := shape_of(sql)) in found:
            found[shape] += (queryid,)
    return found


def statements_of(session: Session) -> Statements:
    """One statement, two where they cannot be read.

    Raises psycopg's errors."""
    recorder = recorder_of(session)
    try:
        readable_recorder(session, recorder)
    except OperationFailed as error:
        return Statements(session=session, recorder=recorder, why_not=error.message, steps=error.hint)
    return Statements(session=session, recorder=recorder)


@dataclass(frozen=True, kw_only=True)
class SeenIndex:
    """An index as it is now. `scans`: by oid, of each part of a partitioned one. `reset_at`: since when they are counted."""

    oid: int
    schema: str
    name: str
    relid: int
    table_schema: str
    table_name: str
    is_partitioned: bool
    is_valid: bool
    scans: dict[int, int]
    bytes: int
    reset_at: datetime | None

    @property
    def identity(self) -> str:
        return f"{identifier(self.schema)}.{identifier(self.name)}"

    @property
    def table(self) -> str:
        return f"{identifier(self.table_schema)}.{identifier(self.table_name)}"


@dataclass(frozen=True, kw_only=True)
class Sought:
    """An index to look for. `schema`: empty for any. `oid`, `relid`: its own and its table's when it was last seen."""

    schema: str
    name: str
    oid: int | None = None
    relid: int | None = None


def indexes_of(session: Session, sought: Sequence[Sought]) -> list[list[SeenIndex]]:
    """For each of them the indexes that it can be now, mostly one: those of its name, else the one that has its oid and
    stands on its table (it was renamed). A rebuilt index has the name, and what is left of the old one may have the oid.
    One statement.

    Raises psycopg's errors."""
    values = {
        "places": list(range(len(sought))),
        "oids": [one.oid for one in sought],
        "schemas": [one.schema for one in sought],
        "names": [one.name for one in sought],
    }
    named: list[list[SeenIndex]] = [[] for _ in sought]
    numbered: list[list[SeenIndex]] = [[] for _ in sought]
    for row in session.rows(_question("indexes"), values) if sought else ():
        place, by_oid = row.pop("place"), row.pop("by_oid")
        index = _seen(row)
        if not by_oid:
            named[place].append(index)
        elif index.relid == sought[place].relid:
            numbered[place].append(index)
    return [one or other for one, other in zip(named, numbered, strict=True)]


def _seen(row: dict[str, Any]) -> SeenIndex:
    scans = dict(zip(row.pop("oids"), row.pop("scans"), strict=True))
    return SeenIndex(**row, scans=scans)
