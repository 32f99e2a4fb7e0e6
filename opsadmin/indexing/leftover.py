"""What an index statement leaves behind when it does not come to its end, and its removal."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationFailed
from opsadmin.core.operation import Progress
from opsadmin.indexing.errand import Errand, Seen, Watcher
from opsadmin.indexing.questions import rows
from opsadmin.postgres.direct import own_connection

logger = logging.getLogger(__name__)

#: How long the removal may take: it waits for those that use the table, and for PostgreSQL after a restart.
CLEAN_SECONDS = 60.0
PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Left:
    """What there was to remove. `finished`: the index is valid, there was nothing; `remains`: what could not be removed."""

    finished: bool = False
    removed: tuple[str, ...] = ()
    remains: tuple[str, ...] = ()
    unknown: bool = False

    def said(self, index: str) -> str:
        """As a sentence for who reads why it failed."""
        if self.unknown:
            return _(
                "PostgreSQL could not be asked whether the unfinished index is left: look with analyze_db_health "
                "(index.invalid), and drop it with drop_index."
            )
        if self.remains:
            names = ", ".join(self.remains)
            return _("The unfinished index is still there: drop it with drop_index later: %(names)s.") % {
                "names": names
            }
        return _("Nothing is left of it.")


def invalid_indexes(connection: psycopg.Connection[Any], table: int) -> dict[int, str]:
    """The invalid indexes of the table that nobody builds, by oid.

    Raises psycopg's errors."""
    found = rows(connection, "invalid", {"table": table})
    return {int(row["oid"]): str(row["identity"]) for row in found}


def clean(
    alias: str,
    table: int,
    *,
    before: Collection[int] = (),
    index: str = "",
    report: Callable[[Progress], None] = lambda progress: None,
    seconds: float | None = None,
) -> Left:
    """Remove the invalid `index` (its quoted name), or every invalid one of the table that was not there `before`. Where the
    index is valid, it was finished after all."""
    until = time.monotonic() + (CLEAN_SECONDS if seconds is None else seconds)
    while True:
        try:
            return _clean(alias, table, frozenset(before), index, report, until)
        except (psycopg.Error, OperationFailed) as error:
            logger.info("[ops] what is left of an index could not be removed yet: %s", type(error).__name__)
            if time.monotonic() + PAUSE_SECONDS > until:
                return _remaining(alias, table, frozenset(before), index)
            time.sleep(PAUSE_SECONDS)


def _clean(
    alias: str, table: int, before: frozenset[int], index: str, report: Callable[[Progress], None], until: float
) -> Left:
    with (
        own_connection(alias, lock_seconds=max(1.0, until - time.monotonic())) as connection,
        Watcher(alias) as watcher,
    ):
        if index and _is_valid(connection, index):
            return Left(finished=True)
        names = _new(connection, table, before, index)
        for name in names:

            def watch(seen: Seen | None, name: str = name) -> None:
                waits = (
                    _("; it waits for %(who)s") % {"who": seen.blockers} if seen is not None and seen.blockers else ""
                )
                report(Progress(0, None, _("Removing the unfinished index %(name)s") % {"name": name} + waits + "."))

            Errand(connection, f"DROP INDEX CONCURRENTLY IF EXISTS {name}").run(watcher, watch)
        return Left(removed=tuple(names))


def _remaining(alias: str, table: int, before: frozenset[int], index: str) -> Left:
    try:
        with own_connection(alias, lock_seconds=1) as connection:
            return Left(remains=tuple(_new(connection, table, before, index)))
    except (psycopg.Error, OperationFailed):
        return Left(unknown=True)


def _new(connection: psycopg.Connection[Any], table: int, before: frozenset[int], index: str) -> list[str]:
    found = invalid_indexes(connection, table)
    if index:
        row = connection.execute("SELECT pg_catalog.to_regclass(%s)::oid::bigint /* opsadmin */", [index]).fetchone()
        return [name for oid, name in found.items() if row is not None and oid == row[0]]
    return [name for oid, name in found.items() if oid not in before]


def _is_valid(connection: psycopg.Connection[Any], index: str) -> bool:
    row = connection.execute(
        "SELECT i.indisvalid FROM pg_catalog.pg_index AS i"
        " WHERE i.indexrelid = pg_catalog.to_regclass(%s) /* opsadmin */",
        [index],
    ).fetchone()
    return row is not None and bool(row[0])
