"""Copies of tables, as temporary tables of one transaction: nobody else sees them, no writer waits for them, they pass by
the cache that everybody shares, write no WAL, and the server itself removes their files, also after it was killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.advisor.verify.ddl import index_on, statistics_on
from opsadmin.advisor.verify.facts import Column, Relation
from opsadmin.advisor.verify.statements import COPIES
from opsadmin.advisor.verify.trial_session import TrialSession
from opsadmin.console.session import Limits, console_session
from opsadmin.console.wire import OutOfTime
from opsadmin.postgres.names import identifier

#: Of what the server sends while a table is read; the copy's own limit is what bounds it.
LINE_BYTES = 1 << 42
#: A sample of fewer bytes says nothing of a table.
LEAST_BYTES = 1 << 20
#: How much is copied between two looks at the clock.
PIECE_BYTES = 1 << 18
_STORAGE = {"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}


@dataclass(frozen=True)
class Part:
    """How much of a table is copied: all of it where `share` is 1."""

    relation: Relation
    share: float


def why_no_copy(relation: Relation) -> str:
    """Why there can be no copy that a statement reads as it reads the table; empty where there can."""
    values = {"name": relation.identity, "role": identifier(relation.role)}
    if relation.kind == "v":
        return _("%(name)s is a view: it leads to the tables themselves.") % values
    if relation.kind == "p" or relation.has_children:
        return _("%(name)s has partitions or children, and a copy is one table.") % values
    if not relation.is_table or relation.is_temporary:
        return _("%(name)s is no table that can be copied.") % values
    if relation.has_policies:
        return _("%(name)s has row security: a copy would not have the same rows for everybody.") % values
    if not relation.may_read:
        return _("%(role)s may not read %(name)s: GRANT SELECT ON %(name)s TO %(role)s;") % values
    if relation.name.startswith("pg_"):
        return _("%(name)s is called as one of PostgreSQL's own tables.") % values
    return ""


def parts_of(relations: Collection[Relation], new_bytes: Mapping[int, int], most_bytes: int) -> list[Part]:
    """How much of each table fits, the small ones whole. `new_bytes`: of the indexes to try, by oid."""
    needs = {one.oid: max(1, one.bytes + one.index_bytes + new_bytes.get(one.oid, 0)) for one in relations}
    left, found = most_bytes, []
    ordered = sorted(relations, key=lambda one: (needs[one.oid], one.oid))
    for number, relation in enumerate(ordered):
        need = needs[relation.oid]
        given = min(need, left // (len(ordered) - number))
        left -= given
        found.append(Part(relation, given / need))
    return found


def make(session: TrialSession, part: Part) -> None:
    """The empty copy. It is written from the catalogue and not LIKE the table, whose lock would be kept to the end."""
    relation = part.relation
    columns = ", ".join(_column(one) for one in relation.columns)
    options = f" WITH (fillfactor = {int(relation.fillfactor)})" if relation.fillfactor else ""
    session.do(f"CREATE TEMPORARY TABLE {copy_of(relation)} ({columns}){options}")
    changes = [
        *(
            f"ALTER {identifier(one.name)} SET STORAGE {_STORAGE[one.storage]}"
            for one in relation.columns
            if one.storage
        ),
        *(
            f"ALTER {identifier(one.name)} SET STATISTICS {one.target}"
            for one in relation.columns
            if one.target is not None
        ),
    ]
    if changes:
        session.do(f"ALTER TABLE {copy_of(relation)} {', '.join(changes)}")


def fill(
    session: TrialSession,
    part: Part,
    address: Mapping[str, Any],
    role: str,
    progress: Callable[[int], None],
) -> None:
    """Its rows, through here: FREEZE leaves pages that index-only scans need not look into, as VACUUM does, and a copy within
    the server cannot. The table is locked (ACCESS SHARE) while it is read and no longer.

    Raises psycopg's errors, `OutOfTime`, `Stopped`."""
    relation = part.relation
    style = "FORMAT binary" if all(one.is_binary for one in relation.columns) else "FORMAT text"
    seconds = max(1.0, session.seconds_left - 1)
    limits = Limits(
        seconds=seconds, statement_ms=int(1000 * seconds), resolve_ms=5000, lock_ms=500, line_bytes=LINE_BYTES
    )
    names = ", ".join(identifier(one.name) for one in relation.columns)
    sample = f" TABLESAMPLE SYSTEM ({100 * part.share:.4f}) REPEATABLE (0)" if part.share < 1 else ""
    source = f"SELECT {names} FROM ONLY {relation.identity}{sample}"  # noqa: S608  # quoted by the server
    with console_session(address, limits, role=role) as reader:
        reader.ready(as_usual=False)
        # The rows in the order in which they lie, and the search path is nobody's business here.
        reader.set({"synchronize_seqscans": "off", "search_path": "pg_catalog"})
        _pump(session, reader.connection, f"COPY ({source}) TO STDOUT ({style})", relation, style, progress)


def _pump(
    session: TrialSession,
    reader: Any,
    source: str,
    relation: Relation,
    style: str,
    progress: Callable[[int], None],
) -> None:
    session.set({"statement_timeout": str(max(1, int(1000 * session.seconds_left)))})
    done = told = 0
    with (
        reader.cursor() as from_there,
        session.connection.cursor() as to_here,
        from_there.copy(source.encode()) as rows,
        to_here.copy(f"COPY {copy_of(relation)} FROM STDIN ({style}, FREEZE)".encode()) as copy,
    ):
        for data in rows:
            copy.write(data)
            done += len(data)
            if done - told < PIECE_BYTES:  # a piece is one row
                continue
            told = done
            session.check()
            if time.monotonic() > session.deadline:
                raise OutOfTime
            progress(done)
    progress(done)


def finish(session: TrialSession, part: Part) -> None:
    """Its indexes, and what ANALYZE says of it."""
    relation = part.relation
    for index in relation.indexes:
        session.do(index_on(index.ddl, index.name, copy_of(relation)))
        if index.is_primary:  # GROUP BY its columns is GROUP BY all of them
            session.do(f"ALTER TABLE {copy_of(relation)} ADD PRIMARY KEY USING INDEX {identifier(index.name)}")
    for number, ddl in enumerate(relation.statistics):
        session.do(statistics_on(ddl, f"{COPIES}.opsadmin_statistics_{relation.oid}_{number}", copy_of(relation)))
    session.do(f"ANALYZE {copy_of(relation)}")


def twice(relations: Sequence[Relation]) -> frozenset[str]:
    """Names of tables that more than one schema has: the copies stand in one."""
    names = [one.name for one in relations]
    return frozenset(name for name in names if names.count(name) > 1)


def copy_of(relation: Relation) -> str:
    """The copy's name as SQL writes it."""
    return f"{COPIES}.{identifier(relation.name)}"


def _column(one: Column) -> str:
    collation = f" COLLATE {one.collation}" if one.collation else ""
    return f"{identifier(one.name)} {one.type}{collation}{' NOT NULL' if one.not_null else ''}"
