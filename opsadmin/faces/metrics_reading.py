"""What the metrics say of each database: its health and a few figures, read at most once in a while whoever asks."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError

from opsadmin.core.errors import OperationError, UnknownOperation
from opsadmin.core.finding import HealthReport
from opsadmin.core.operation import Caller
from opsadmin.perform import perform
from opsadmin.postgres.aliases import postgres_aliases, resolve_alias
from opsadmin.postgres.session import read_only

logger = logging.getLogger(__name__)

QUESTION = (Path(__file__).parent / "metrics.sql").read_text(encoding="utf-8")

#: Seconds for which one reading serves every scraper of a process; OPSADMIN["METRICS_SECONDS"].
SECONDS = 60.0
#: A scraper that meets another one's reading in progress takes the former one, unless that is older than so many spans.
STALE_SPANS = 5
#: The report is read once for all scrapers, so it is nobody's own.
CALLER = Caller("metrics", "http")


@dataclass(frozen=True)
class Reading:
    """`report` is None where the health could not be read, `figures` where PostgreSQL did not answer."""

    database: str
    report: HealthReport | None
    figures: dict[str, Any] | None

    @property
    def up(self) -> bool:
        return self.figures is not None


def read(database: str) -> Reading:
    """A reading of now; a PostgreSQL that does not answer is one too. At most one attempt to connect is waited for."""
    report = _report(database)
    answers = report is None or report.detail.get("answers", True)
    return Reading(database, report, _figures(database) if answers else None)


def databases() -> tuple[str, ...]:
    """OPSADMIN["METRICS_DATABASES"], else every PostgreSQL alias.

    Raises `OperationError` for one that there is not."""
    chosen = getattr(settings, "OPSADMIN", {}).get("METRICS_DATABASES")
    return tuple(resolve_alias(alias) for alias in chosen) if chosen else postgres_aliases()


def _report(database: str) -> HealthReport | None:
    try:
        found = perform("analyze_db_health", {"database": database}, CALLER)
    except UnknownOperation:
        return None
    except OperationError as error:
        logger.warning("[metrics] the health of %s could not be read: %s", database, error.message)
        return None
    except Exception:  # whatever is wrong with the report, whether PostgreSQL answers must still be told
        logger.exception("[metrics] the health of %s could not be read", database)
        return None
    return found if isinstance(found, HealthReport) else None


def _figures(database: str) -> dict[str, Any] | None:
    try:
        with read_only(database) as session:
            row = session.one(QUESTION) or {}
        return {**row, "connections": json.loads(row.get("connections") or "{}")}
    except DatabaseError as error:
        logger.warning("[metrics] %s could not be read: %s", database, type(error).__name__)
        return None


class Readings:
    """The latest reading of each database. One thread reads at a time: a scraper, or ten of them, never ask PostgreSQL
    more than once per span."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._flight = threading.Lock()
        self._kept: tuple[float, tuple[Reading, ...]] | None = None

    def latest(self) -> tuple[Reading, ...]:
        """Readings that are young enough, made now where there are none.

        Raises `OperationError` where the settings name a database that there is not."""
        span = float(getattr(settings, "OPSADMIN", {}).get("METRICS_SECONDS", SECONDS))
        if (found := self._younger(span)) is not None:
            return found
        stale = self._younger(span * STALE_SPANS)
        if not self._flight.acquire(blocking=stale is None):
            return stale or ()
        try:
            if (found := self._younger(span)) is not None:  # made while this thread waited
                return found
            fresh = tuple(read(database) for database in databases())
            self._kept = (self._clock(), fresh)
            return fresh
        finally:
            self._flight.release()

    def _younger(self, seconds: float) -> tuple[Reading, ...] | None:
        kept = self._kept
        return kept[1] if kept is not None and self._clock() - kept[0] < seconds else None
