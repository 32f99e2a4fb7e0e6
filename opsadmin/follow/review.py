"""To look at followed indexes again: what was counted since, and the verdict on each."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, router, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.advisor.drops import forbids
from opsadmin.advisor.facts import tables_of
from opsadmin.core.blocks import Note
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.finding import Status
from opsadmin.core.result import plain
from opsadmin.follow.begin import place
from opsadmin.follow.counters import Reading, scans_added
from opsadmin.follow.earlier import is_due, keep_reading
from opsadmin.follow.look import MOST, SeenIndex, Sought, Statements, alike, indexes_of, statements_of
from opsadmin.follow.names import parts_of
from opsadmin.follow.result import IndexReview, QueryReview, Review
from opsadmin.follow.verdict import Case, Compared, Rules, verdict_of
from opsadmin.follow.watched import Watched, found_again, is_missing, next_look
from opsadmin.models import FollowedIndex
from opsadmin.postgres.names import identifier
from opsadmin.postgres.session import Session, read_only

logger = logging.getLogger(__name__)

#: So long an index that is gone is still told of.
GONE_FOR = timedelta(days=30)


@dataclass(frozen=True)
class _Look:
    """What one look at PostgreSQL found: `seen` and `guards` by primary key of the followed index. `everything`: what the
    costliest statements cost, where that was asked for and could be read."""

    statements: Statements
    reading: Reading
    everything: Reading | None
    alike: Mapping[str, tuple[str, ...]]
    seen: Mapping[int, SeenIndex]
    guards: Mapping[int, str]


def review(database: str, index: str = "", rules: Rules | None = None) -> Review:
    """The verdict on every followed index of the alias, or on that one (`schema.name`, quoted where it needs it). Six
    statements, however many are followed, and one or two more where a statement is not found by its number.

    Raises `OperationError` for an index that is not followed; the errors of PostgreSQL. A site database that refuses costs
    only what was counted now."""
    rows = followed(database)
    keys = {row.pk for row in rows if not index or is_called(row, index)}
    with read_only(database) as session:
        look = _look(session, rows)
    if look.everything is not None:
        # For indexes that are made after this.
        keep_reading(database, look.everything)
    now = timezone.now()
    rows = _advanced(rows, look, now)
    # By the name that it has now, too.
    keys |= {row.pk for row in rows if index and is_called(row, index)}
    if index and not keys:
        raise OperationError(
            _("The index %(index)s is not followed; follow_index begins it.") % {"index": repr(index)},
            parameter="index",
            allowed=tuple(identity_of(row) for row in rows),
        )
    reviews = {row.pk: _review(row, look, now, rules or Rules()) for row in rows if row.pk in keys}
    _keep(rows, reviews, now)
    ordered = sorted(reviews.values(), key=lambda one: -one.status.rank)
    return Review(database=database, taken_at=now, indexes=tuple(ordered), notes=_notes(look, rows))


def last_verdicts(database: str) -> list[dict[str, Any]]:
    """What was last said of each followed index, newest first, as `IndexReview.as_dict` has it: from the site database
    alone, for a page while PostgreSQL does not answer."""
    verdicts = FollowedIndex.objects.filter(database=database, verdict__isnull=False)
    return [verdict for verdict in verdicts.values_list("verdict", flat=True) if verdict]


def followed(database: str) -> list[FollowedIndex]:
    """The followed indexes of the alias, newest first.

    Raises `OperationFailed` where the site database does not answer."""
    try:
        return list(FollowedIndex.objects.filter(database=database))
    except DatabaseError as error:
        raise OperationFailed(
            _("The site database does not answer (%(error)s), and it knows which indexes are followed.")
            % {"error": type(error).__name__}
        ) from error


def identity_of(row: FollowedIndex) -> str:
    """Its name as SQL."""
    return ".".join(identifier(part) for part in (row.schema, row.name) if part)


# --- looking -----------------------------------------------------------------------------------------------------------
def _look(session: Session, rows: Sequence[FollowedIndex]) -> _Look:
    sought = [Sought(schema=row.schema, name=row.name, oid=row.oid, relid=row.counters.get("relid")) for row in rows]
    found = indexes_of(session, sought)
    # Of several of one name, where no schema was named, nobody knows which.
    seen = {row.pk: one[0] for row, one in zip(rows, found, strict=True) if len(one) == 1}
    statements = statements_of(session)
    watched = [Watched.of(data) for row in rows for data in row.queries]
    everything = is_due(session.alias)
    most = MOST if everything else 0
    reading, costly = statements.readings([queryid for one in watched for queryid in one.queryids], most=most)
    missing = [one for one in watched if is_missing(one, reading) and one.shape]
    same: dict[str, tuple[str, ...]] = {}
    if missing and not statements.why_not:
        same = alike(statements.texts(), [(one.shape, one.sql) for one in missing])
        again = [found_again(one, same[one.shape]) for one in missing]
        if again != missing:
            reading = statements.reading([queryid for one in [*watched, *again] for queryid in one.queryids])
    whole = costly if everything and not statements.why_not else None
    return _Look(statements, reading, whole, same, seen, _guards(session, seen))


def _guards(session: Session, seen: Mapping[int, SeenIndex]) -> dict[int, str]:
    """Why each may not be dropped; empty where it may."""
    tables = tables_of(session.rows, {index.relid for index in seen.values()}, statistics=False)
    found = {}
    for key, index in seen.items():
        table = tables.get(index.relid)
        own = next((one for one in table.indexes if one.oid == index.oid), None) if table else None
        found[key] = forbids(own, table) if own is not None and table is not None else ""
    return found


# --- counting ----------------------------------------------------------------------------------------------------------
def _advanced(rows: Sequence[FollowedIndex], look: _Look, now: datetime) -> list[FollowedIndex]:
    """The rows with what was counted since they were last looked at, kept in the site database."""
    try:
        with transaction.atomic(using=router.db_for_write(FollowedIndex)):
            # Somebody else may have looked meanwhile: what they counted is not to be counted twice.
            locked = FollowedIndex.objects.select_for_update().filter(pk__in=[row.pk for row in rows])
            fresh = list(locked)
            for row in fresh:
                if row.clock is None or row.clock < look.reading.clock:
                    _advance(row, look, now)
                    row.save()
            return fresh
    except DatabaseError as error:
        logger.warning("[follow] what was counted of indexes was not kept (%s)", type(error).__name__)
        for row in rows:
            _advance(row, look, now)
        return list(rows)


def _advance(row: FollowedIndex, look: _Look, now: datetime) -> None:
    seen = look.seen.get(row.pk)
    was_there = row.oid is not None and row.gone_at is None
    # An invalid one that was never seen whole is still being built.
    there = seen is not None and (seen.is_valid or was_there)
    if not look.statements.why_not:
        row.queries = [
            next_look(_again(one, look), look.reading, row.clock, there=there, was_there=was_there).as_dict()
            for one in map(Watched.of, row.queries)
        ]
    if seen is not None and there:
        _count_scans(row, seen, now)
        if not was_there:
            row.found_at, row.gone_at = now, None
        place(row, seen)
        if _is_name_free(row, seen):
            row.schema, row.name = seen.schema, seen.name
    elif was_there:
        row.gone_at = now
    row.clock = look.reading.clock


def _again(one: Watched, look: _Look) -> Watched:
    return found_again(one, look.alike[one.shape]) if one.shape in look.alike else one


def _count_scans(row: FollowedIndex, seen: SeenIndex, now: datetime) -> None:
    last = {int(oid): scans for oid, scans in row.counters.get("scans", {}).items()}
    grown, fell = scans_added(seen.scans, last)
    row.scans += grown
    if grown:
        row.used_at = now
    if fell or (seen.reset_at is not None and row.clock is not None and seen.reset_at > row.clock):
        # What was counted between the last look and the reset, nobody knows: unused is what is unused from here on.
        row.counters = {**row.counters, "counted_since": now.isoformat()}


def _is_name_free(row: FollowedIndex, seen: SeenIndex) -> bool:
    """Whether no other followed index has the name that this one has now."""
    if (row.schema, row.name) == (seen.schema, seen.name):
        return True
    others = FollowedIndex.objects.filter(database=row.database, schema=seen.schema, name=seen.name)
    return not others.exclude(pk=row.pk).exists()


# --- saying ------------------------------------------------------------------------------------------------------------
def _review(row: FollowedIndex, look: _Look, now: datetime, rules: Rules) -> IndexReview:
    watched = [Watched.of(data) for data in row.queries]
    found_at = row.found_at or now
    counted = row.counters.get("counted_since")
    idle_since = max(
        one for one in (found_at, row.used_at, datetime.fromisoformat(counted) if counted else None) if one is not None
    )
    seen = look.seen.get(row.pk)
    case = Case(
        index=identity_of(row),
        ddl=row.ddl,
        is_there=row.oid is not None and row.gone_at is None,
        was_there=row.oid is not None,
        is_valid=seen is None or seen.is_valid,
        seconds=(now - found_at).total_seconds(),
        idle_seconds=(now - idle_since).total_seconds(),
        scans=row.scans,
        bytes=row.counters.get("bytes", 0),
        statements=[_compared(one, row) for one in watched],
        unmeasured=look.statements.why_not,
        guard=look.guards.get(row.pk, ""),
        is_single=not row.counters.get("is_partitioned", False),
    )
    verdict = verdict_of(case, rules)
    return IndexReview(
        index=case.index,
        table=row.counters.get("table", ""),
        state=verdict.state,
        status=verdict.status,
        text=verdict.text,
        hint=verdict.hint,
        command=verdict.command,
        undo=verdict.undo,
        ddl=row.ddl,
        promised_gain=_gain(verdict.measured.promise if verdict.measured.promise is not None else row.promise),
        time_gain=_gain(verdict.measured.time),
        blocks_gain=_gain(verdict.measured.blocks),
        calls=verdict.measured.calls,
        scans=row.scans,
        size_bytes=case.bytes,
        followed_since=row.started_at,
        there_since=row.found_at,
        last_used=row.used_at,
        queries=tuple(_query(one) for one in watched),
    )


def _compared(one: Watched, row: FollowedIndex) -> Compared:
    return Compared(one.before, one.after, one.promise if one.promise is not None else row.promise)


def _query(one: Watched) -> QueryReview:
    return QueryReview(
        sql=one.sql,
        queryids=one.queryids,
        calls_before=one.before.calls,
        calls_after=one.after.calls,
        mean_ms_before=one.before.mean_ms,
        mean_ms_after=one.after.mean_ms,
        mean_blocks_before=one.before.mean_blocks,
        mean_blocks_after=one.after.mean_blocks,
        before_since=one.before_since,
    )


def _gain(ratio: float | None) -> float | None:
    return None if ratio is None else 1 - ratio


def _notes(look: _Look, rows: Sequence[FollowedIndex]) -> tuple[Note, ...]:
    statements = look.statements
    if not any(row.queries for row in rows):
        return ()
    if statements.why_not:
        return (Note(Status.UNKNOWN, statements.why_not, statements.steps),)
    notes = []
    if statements.recorder.sleeps:
        notes.append(Note(Status.WARNING, statements.recorder.sleeps))
    missing = sum(is_missing(Watched.of(data), look.reading) for row in rows for data in row.queries)
    if missing and not statements.recorder.reads_all:
        text = _("The role %(role)s may not see the statements of other roles, and the statements here may be theirs.")
        role = statements.recorder.role
        notes.append(Note(Status.UNKNOWN, text % {"role": role}, command=statements.recorder.grant))
    return tuple(notes)


def is_called(row: FollowedIndex, index: str) -> bool:
    """Whether that is its name, as SQL or as it stands, with or without its schema.

    Raises `OperationError` where it is no name."""
    schema, name = parts_of(index)
    return index == row.name or (name == row.name and schema in ("", row.schema))


def _keep(rows: Sequence[FollowedIndex], reviews: Mapping[int, IndexReview], now: datetime) -> None:
    """Keep the verdicts, and forget what is gone for long."""
    try:
        for row in rows:
            if row.pk in reviews:
                FollowedIndex.objects.filter(pk=row.pk).update(verdict=plain(reviews[row.pk]))
            if row.gone_at is not None and now - row.gone_at > GONE_FOR:
                row.delete()
    except DatabaseError as error:
        logger.warning("[follow] verdicts on indexes were not kept (%s)", type(error).__name__)
