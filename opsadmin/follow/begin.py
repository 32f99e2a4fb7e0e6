"""To begin following an index: what its statements cost up to now is kept, with what was promised."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DatabaseError, router, transaction
from django.utils import timezone

from opsadmin.core.errors import OperationError
from opsadmin.follow.counters import scans_added
from opsadmin.follow.earlier import earlier_reading
from opsadmin.follow.look import SeenIndex, Sought, Statements, alike, indexes_of, statements_of
from opsadmin.follow.shape import shape_of
from opsadmin.follow.watched import CHARACTERS, Watched, first_look
from opsadmin.models import FollowedIndex
from opsadmin.postgres.masking import masked
from opsadmin.postgres.session import Session, read_only

logger = logging.getLogger(__name__)

#: Of the statements that an index helps so many are followed, those with the greatest weight.
MOST_STATEMENTS = 50


def begin(
    database: str,
    ddl: str,
    name: str,
    *,
    schema: str = "",
    queries: Sequence[Mapping[str, Any]] = (),
    promise: float | None = None,
) -> FollowedIndex | None:
    """Follow an index that was just made, or that is about to be: until it is there, its statements are counted without it.
    For whoever made it: a database that does not answer costs nothing but this record (the answer is None then, and the log
    says so). What was followed under this name before is forgotten.

    `ddl`: the CREATE INDEX. `name`, `schema`: plain, not quoted; an empty schema is any. `queries`: what it is to serve,
    each with `sql` or `queryid` or both, and maybe `weight`, `cost_before`, `cost_after`. `promise`: cost after / before of
    these statements, for those without costs of their own."""
    try:
        with read_only(database) as session:
            return begin_in(session, ddl, name, schema=schema, queries=queries, promise=promise)
    except DatabaseError as error:
        logger.warning("[follow] %s of %s is not followed (%s)", name, database, type(error).__name__)
        return None


def begin_in(
    session: Session,
    ddl: str,
    name: str,
    *,
    schema: str = "",
    queries: Sequence[Mapping[str, Any]] = (),
    promise: float | None = None,
    is_new: bool = True,
) -> FollowedIndex:
    """As `begin`, within a look. `is_new`: it is not there yet, or was made just now, so that what was counted until now was
    counted without it.

    Raises `OperationError` where several schemas have an index of that name; the errors of both databases."""
    (seen,) = indexes_of(session, [Sought(schema=schema, name=name)])
    if len(seen) > 1:
        schemas = tuple(index.schema for index in seen)
        raise OperationError(
            f"There is an index {name!r} in the schemas {', '.join(schemas)}: say which one is meant.",
            parameter="index",
            allowed=tuple(index.identity for index in seen),
        )
    row = FollowedIndex(database=session.alias, schema=schema, name=name, ddl=ddl, promise=_ratio(promise))
    statements = statements_of(session)
    watched = _watched(statements, queries)
    reading = statements.reading([queryid for one in watched for queryid in one.queryids])
    earlier = earlier_reading(session.alias) if is_new else None
    row.queries = [first_look(one, reading, earlier, is_new=is_new).as_dict() for one in watched]
    row.clock = reading.clock
    if seen and (seen[0].is_valid or not is_new):
        place(row, seen[0])
        row.schema = seen[0].schema
        row.found_at = timezone.now()
        if is_new:
            row.scans, _ = scans_added(seen[0].scans, {})
    with transaction.atomic(using=router.db_for_write(FollowedIndex)):
        FollowedIndex.objects.filter(database=row.database, schema=row.schema, name=row.name).delete()
        row.save()
    return row


def place(row: FollowedIndex, seen: SeenIndex) -> None:
    """Note where the index is and what is counted of it."""
    row.oid = seen.oid
    row.counters = {
        **row.counters,
        "scans": {str(oid): scans for oid, scans in seen.scans.items()},
        "relid": seen.relid,
        "table": seen.table,
        "bytes": seen.bytes,
        "is_partitioned": seen.is_partitioned,
    }


def _watched(statements: Statements, queries: Sequence[Mapping[str, Any]]) -> list[Watched]:
    wanted = sorted(queries, key=lambda one: -float(one.get("weight") or 0))[:MOST_STATEMENTS]
    if not wanted:
        return []
    texts = statements.texts()
    named = [(str(one.get("sql") or texts.get(_queryid(one), "")), one) for one in wanted]
    shaped = [(shape_of(sql), sql, one) for sql, one in named if sql or _queryid(one)]
    same = alike(texts, [(shape, sql) for shape, sql, _ in shaped if sql])
    found: dict[tuple[str, ...], Watched] = {}
    for shape, sql, one in shaped:
        queryid, twins = _queryid(one), same.get(shape, ())
        # One that nobody counted yet is found by what it says.
        known = bool(queryid) and (queryid in texts or not twins)
        watched = Watched(
            sql=masked(sql)[:CHARACTERS],
            shape=shape if sql else "",
            weight=float(one.get("weight") or 0),
            promise=_promise(one),
            queryids=(queryid,) if known else twins,
            others=tuple(twin for twin in twins if twin != queryid) if known else (),
        )
        # Two writings of one statement are one.
        found.setdefault(watched.queryids or (shape,), watched)
    return list(found.values())


def _queryid(one: Mapping[str, Any]) -> str:
    """Its number as text; empty where it has none, or what cannot be one."""
    try:
        number = int(one.get("queryid") or 0)
    except (TypeError, ValueError):
        return ""
    return str(number) if number and -(1 << 63) <= number < 1 << 63 else ""


def _promise(one: Mapping[str, Any]) -> float | None:
    before, after = one.get("cost_before"), one.get("cost_after")
    return _ratio(float(after) / float(before)) if before and after is not None else None


def _ratio(value: float | None) -> float | None:
    return None if value is None else max(0.0, float(value))
