"""Samples into the site database: each look once, whoever else looks and whenever a process dies.

A look is written in one transaction, its figures and where the counters stood. The row of the counters is changed first, so
that writers of one database come one after the other; who finds another version there than they began with was overtaken, and
leaves their look unwritten: what it counted is in the next one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import router, transaction
from django.db.models import F

from opsadmin.jobs.patiently import patiently
from opsadmin.models import Sample, SampledCounters, SampledStatement
from opsadmin.workload.cells import Cells, add_cells, cells_of, packed
from opsadmin.workload.levels import LEVELS, Level
from opsadmin.workload.standing import Standing
from opsadmin.workload.sums import StatementSums


@dataclass(frozen=True)
class Before:
    """Where the counters stood. `standing`: None before the first look. `tried_at`: the last look, one without an answer
    too."""

    version: int
    standing: Standing | None
    tried_at: datetime | None


@dataclass(frozen=True)
class Figures:
    """What a look brings. `texts`: of statements, by number. `tables`: None where their sizes were not read."""

    cells: Cells
    statements: StatementSums | None = None
    texts: Mapping[str, str] | None = None
    tables: Sequence[Mapping[str, Any]] | None = None


def before(database: str) -> Before:
    """Where the counters of the database stood at the last look."""
    row, _new = SampledCounters.objects.get_or_create(database=database)
    return Before(row.version, Standing.unpacked(bytes(row.data)) if row.data else None, row.tried_at)


def keep(
    database: str,
    version: int,
    at: datetime,
    figures: Figures,
    standing: Standing | None = None,
    also: Callable[[], None] = lambda: None,
) -> bool:
    """Write a look at `at`; False where another one was written since `version`. `standing`: None where PostgreSQL did not
    answer, and counters stand where they stood. `also` is done in the same transaction.

    Raises Django's database errors."""

    def write() -> bool:
        with transaction.atomic(using=router.db_for_write(Sample)):
            values: dict[str, Any] = {"version": F("version") + 1, "tried_at": at}
            if standing is not None:
                values |= {"data": standing.packed(), "seen_at": at}
            if not SampledCounters.objects.filter(database=database, version=version).update(**values):
                return False
            _add(database, at, figures)
            also()
            return True

    return patiently(write)


def add(database: str, at: datetime, cells: Cells) -> None:
    """Add figures that were not read by a look of the sampler.

    Raises Django's database errors."""

    def write() -> None:
        with transaction.atomic(using=router.db_for_write(Sample)):
            # Others wait for this row, too.
            if not SampledCounters.objects.filter(database=database).update(version=F("version")):
                SampledCounters.objects.get_or_create(database=database)
            _add(database, at, Figures(cells))

    patiently(write)


def known_texts(database: str, queryids: Sequence[str]) -> set[str]:
    """Of which of these statements the text is kept."""
    rows = SampledStatement.objects.filter(database=database, queryid__in=queryids)
    return set(rows.values_list("queryid", flat=True))


def _add(database: str, at: datetime, figures: Figures) -> None:
    for level in LEVELS:
        if figures.cells:
            _merge(database, Sample.Kind.METRICS, level, at, _cells(figures.cells))
        if figures.statements is not None and figures.statements.total.calls:
            _merge(database, Sample.Kind.STATEMENTS, level, at, _statements(figures.statements, level.statements))
        if figures.tables is not None and level.tables:
            newest = [
                [one["schema"], one["name"], one["bytes"], one["estimated_rows"]]
                for one in figures.tables[: level.tables]
            ]
            _merge(database, Sample.Kind.TABLES, level, at, _tables(newest))
    if figures.statements is not None:
        queryids = {queryid for queryid, _role in figures.statements.by}
        SampledStatement.objects.filter(database=database, queryid__in=queryids).update(seen_at=at)
    SampledStatement.objects.bulk_create(
        [
            SampledStatement(database=database, queryid=queryid, text=text, seen_at=at)
            for queryid, text in (figures.texts or {}).items()
        ],
        ignore_conflicts=True,
    )


Change = Callable[[Mapping[str, Any] | None], dict[str, Any]]


def _cells(more: Cells) -> Change:
    return lambda old: packed(add_cells(cells_of(old or {}), more))


def _statements(more: StatementSums, most: int) -> Change:
    def change(old: Mapping[str, Any] | None) -> dict[str, Any]:
        both = more if old is None else StatementSums.of_data(old) + more
        return both.cut(most).as_data()

    return change


def _tables(newest: list[list[Any]]) -> Change:
    """A size is what it was last."""
    return lambda old: {"tables": newest}


def _merge(database: str, kind: Sample.Kind, level: Level, at: datetime, change: Change) -> None:
    begin = level.begin(at)
    row = Sample.objects.filter(database=database, kind=kind, level=level.name, at=begin).first()
    if row is None:
        Sample.objects.create(database=database, kind=kind, level=level.name, at=begin, last_at=at, data=change(None))
        return
    row.data = change(row.data)
    row.last_at = max(row.last_at, at)
    row.save(update_fields=["data", "last_at"])
