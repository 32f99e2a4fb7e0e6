"""The history of readings: record, query, prune. It serves a home automation, which must go on when PostgreSQL does
not: no call here raises because PostgreSQL is away."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool

from stores.backends.history_batch import Batch
from stores.backends.history_gate import Gate
from stores.backends.history_prune import BATCH, PruneReport, delete_before
from stores.backends.history_questions import (
    Aggregates,
    BucketQuestion,
    HistoryQuestionError,
    as_metrics,
    ask_aggregates,
    ask_latest,
    check_count,
    check_hours,
)
from stores.backends.history_row import HistoryRow, row_from_state
from stores.backends.line import Line
from stores.errors import StoreError, StoreUnavailable

__all__ = ["Aggregates", "HistoryQuestionError", "HistoryService", "HistoryStatus", "PruneReport"]

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

#: Most readings that wait for PostgreSQL: 10,000 are seven days at one a minute.
MOST_PENDING = 10_000
#: Most readings of one transaction.
MOST_AT_ONCE = 1_000
#: Readings of one process are kept apart and in order where the clock does not.
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class HistoryStatus:
    """The service as one look finds it. `enabled` False: PostgreSQL is away since `since` because of `reason`, and
    the service tries again by itself. `pending` readings wait to be written; `refused` were not kept, because the
    buffer was full or the table took them in no way; `last_error` is the latest failure of any call, also of one
    that left the service enabled (a query that took too long)."""

    enabled: bool
    since: datetime
    reason: str | None
    pending: int
    refused: int
    written: int
    last_flush_at: datetime | None
    last_error: str | None

    def as_dict(self) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }


class HistoryService:
    """`dsn_or_pool`: DSN text, a `psycopg_pool.ConnectionPool` or a `Line`; what is given open stays open.

    `record` puts a reading into a buffer and returns in microseconds; a thread writes the buffer when it holds
    `batch_rows` readings or its oldest is `batch_seconds` old. While PostgreSQL is away the service is switched off
    (`enabled`, `status()`): readings stay in the buffer, questions are answered empty at once, and the thread looks
    every 1 to 30 seconds whether it is back; then the readings are written, each once. The buffer is in memory: what
    waits in it is lost when the process is killed. `spool_dir` is where such readings will be kept on disk; today
    it is only remembered and nothing is written there.

    After a fork the child starts with an empty buffer (the parent writes its own), its own thread and its own
    connections; only a pool that was given is its owner's to make anew."""

    def __init__(
        self,
        dsn_or_pool: str | ConnectionPool[Any] | Line,
        *,
        spool_dir: str | os.PathLike[str] | None = None,
        retention_hours: float = 24,
        batch_rows: int = 50,
        batch_seconds: float = 5.0,
        deadline: float = 5.0,
    ) -> None:
        self.retention = check_hours(retention_hours)
        self.spool_dir = Path(spool_dir) if spool_dir is not None else None
        self._given = dsn_or_pool
        self._batch_rows = batch_rows
        self._batch_seconds = batch_seconds
        self._deadline = deadline
        self._line = self._make_line()
        self._start_empty()
        _services.add(self)

    def _make_line(self) -> Line:
        if isinstance(self._given, Line):
            return self._given
        if isinstance(self._given, ConnectionPool):
            return Line(pool=self._given, deadline=self._deadline)
        # One for the writing thread, one for who asks.
        return Line(self._given, size=2, deadline=self._deadline)

    def _start_empty(self) -> None:
        self._gate = Gate()
        self._wake = threading.Condition()
        self._flushing = threading.Lock()
        self._rows: deque[HistoryRow] = deque()
        self._batch: Batch | None = None
        self._oldest_since = 0.0
        self._last_time = datetime.min.replace(tzinfo=UTC)
        self._thread: threading.Thread | None = None
        self._closed = False
        self._refused = 0
        self._written = 0
        self._last_flush_at: datetime | None = None
        self._last_error: str | None = None

    def _after_fork(self) -> None:
        # Locks may be held by threads that the child does not have: all of it is made anew. A Line does the same.
        closed = self._closed
        self._start_empty()
        self._closed = closed

    # --- what it holds ---------------------------------------------------------------------------------------------

    @property
    def enabled(self) -> bool:
        """Whether PostgreSQL answered last time."""
        return self._gate.state.open

    @property
    def pending(self) -> int:
        """Readings that wait to be written."""
        batch = self._batch
        return len(self._rows) + (len(batch.rows) if batch is not None else 0)

    def status(self) -> HistoryStatus:
        """How the service is, without asking PostgreSQL."""
        gate = self._gate.state
        return HistoryStatus(
            enabled=gate.open,
            since=gate.since,
            reason=gate.reason,
            pending=self.pending,
            refused=self._refused,
            written=self._written,
            last_flush_at=self._last_flush_at,
            last_error=self._last_error,
        )

    # --- writing ---------------------------------------------------------------------------------------------------

    def record(self, state: Mapping[str, Any], timezone: str = "UTC") -> None:
        """Keep a reading of the state document as of now. Never raises and never waits for PostgreSQL."""
        if not isinstance(state, Mapping):
            self._refuse(f"a state document must be an object, not {type(state).__name__}")
            return
        now = datetime.now(UTC)
        try:
            row = row_from_state(state, timezone, now)
        except Exception as error:  # a mapping that another thread changes meanwhile, or of a foreign kind
            self._refuse(f"it could not be read ({type(error).__name__})")
            return
        with self._wake:
            if self._closed:
                refusal = "the history service is closed"
            elif self.pending >= MOST_PENDING:
                refusal = f"{MOST_PENDING:,} readings wait for PostgreSQL already"
            else:
                refusal = ""
                if timedelta(0) <= self._last_time - now < timedelta(milliseconds=1):
                    row = replace(row, timestamp=self._last_time + TICK)
                self._last_time = row.timestamp
                if not self._rows:
                    self._oldest_since = time.monotonic()
                self._rows.append(row)
                self._start_thread()
                if len(self._rows) in (1, self._batch_rows):
                    self._wake.notify_all()
        if refusal:
            self._refuse(refusal)

    def _refuse(self, why: str) -> None:
        with self._wake:
            self._refused += 1
            count = self._refused
        # 1, 2, 4, 8 ...: an outage of days must not fill the log.
        if count & (count - 1) == 0:
            logger.error("[history] A reading was not kept: %s. %d were not kept so far.", why, count)

    def flush(self) -> int:
        """Write what is pending, now; returns how many readings were written. 0 at once while switched off."""
        written = 0
        with self._flushing:
            while self._take_batch():
                done = self._attempt(self._write_batch, None, patient=False)
                if done is None:
                    break
                written += done
        return written

    def _take_batch(self) -> bool:
        """Make the next batch, unless one is unfinished."""
        with self._wake:
            if self._batch is None and self._rows:
                self._batch = Batch([self._rows.popleft() for _ in range(min(len(self._rows), MOST_AT_ONCE))])
                self._oldest_since = time.monotonic()
        return self._batch is not None

    def _write_batch(self, connection: psycopg.Connection[Any]) -> int:
        batch = self._batch
        if batch is None:
            return 0
        batch.write(connection)
        with self._wake:
            self._refused += batch.refused
            self._written += len(batch.rows)
            self._last_flush_at = datetime.now(UTC)
            self._batch = None
        return len(batch.rows)

    def _start_thread(self) -> None:
        if self._closed or (self._thread is not None and self._thread.is_alive()):
            return
        thread = threading.Thread(target=self._keep_flushing, name="history-flusher", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads, or the process is ending: the next reading tries again
            self._last_error = f"The writing thread could not be started: {error}."
        else:
            self._thread = thread

    def _keep_flushing(self) -> None:
        while self._wait_for_work():
            if self._rows or self._batch is not None:
                self.flush()
            else:
                self._attempt(_look, None, patient=False)

    def _wait_for_work(self) -> bool:
        """Until there is something to write or PostgreSQL to look for; False once closed."""
        with self._wake:
            while not self._closed:
                if not self.enabled:
                    wait: float | None = self._gate.seconds_to_next_try()
                elif self._batch is not None or len(self._rows) >= self._batch_rows:
                    wait = 0.0
                elif self._rows:
                    wait = self._oldest_since + self._batch_seconds - time.monotonic()
                else:
                    wait = None
                if wait is not None and wait <= 0:
                    return True
                self._wake.wait(wait)
        return False

    def close(self) -> None:
        """Write what is pending, if PostgreSQL takes it, and stop. Called at the end of the process too."""
        with self._wake:
            if self._closed:
                return
            self._closed = True
            self._wake.notify_all()
        self.flush()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=self._deadline)
        if self.pending:
            logger.error(
                "[history] %d readings could not be written before the end of the process and are lost: %s",
                self.pending,
                self._gate.state.reason,
            )
        if self._line is not self._given:
            self._line.close()

    def __enter__(self) -> HistoryService:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- asking ----------------------------------------------------------------------------------------------------

    def query(
        self,
        start: datetime,
        end: datetime,
        granularity: str = "minute",
        metrics: Iterable[str] | None = None,
        limit: int | None = None,
        *,
        timezone: str = "UTC",
    ) -> list[dict[str, Any]]:
        """The readings of [start, end) as `{"bucket": ..., "count": ..., metric: ...}`, in order of time; a bucket
        without a reading is left out, and `limit` keeps the earliest. Days and hours are `timezone`'s.

        `granularity`: minute, 5min, 15min, hour, day. `metrics` (None: all): temperature and humidity (means),
        assumed_aircon_power and last_action (most frequent), api_requests_today (highest), error_count (sum),
        last_temperature_stale (any). Raises HistoryQuestionError for anything else; [] while switched off."""
        question = BucketQuestion(start, end, granularity, as_metrics(metrics), limit, timezone)
        return self._ask(question.ask, [])

    def aggregates(self, hours: float = 24) -> Aggregates:
        """Figures of the last `hours`; with no reading in them while switched off."""
        check_hours(hours)
        return self._ask(lambda cursor: ask_aggregates(cursor, hours), Aggregates(hours))

    def latest(self, n: int = 10) -> list[dict[str, Any]]:
        """The newest `n` readings (at most 10,000), newest first; [] while switched off."""
        check_count(n)
        return self._ask(lambda cursor: ask_latest(cursor, n), [])

    def prune(
        self,
        *,
        hours: float | None = None,
        batch: int = BATCH,
        deadline: float | None = 60.0,
        progress: Callable[[PruneReport], None] | None = None,
    ) -> PruneReport:
        """Delete readings older than `hours` (None: the retention) in batches; the report says how many, and whether
        more remain because `deadline` seconds were over. While switched off it deletes nothing and says why."""
        cutoff = datetime.now(UTC) - (self.retention if hours is None else check_hours(hours))
        if not self._gate.lets_through():
            return PruneReport(cutoff, more_remain=True, error=self._gate.state.reason)
        report = delete_before(self._connect, cutoff, batch=batch, deadline=deadline, progress=progress)
        if report.error is None:
            self._worked()
        return report

    # --- PostgreSQL, there or not ----------------------------------------------------------------------------------

    @contextmanager
    def _connect(self, *, patient: bool = True) -> Iterator[psycopg.Connection[Any]]:
        try:
            with self._line.connection(self._deadline) as connection:
                yield connection
        except StoreError as error:
            self._failed(error, patient=patient)
            raise
        except RuntimeError as error:  # a pool cannot start its threads any more while the process ends
            unavailable = StoreUnavailable(f"No connection could be made: {error}.")
            self._failed(unavailable, patient=patient)
            raise unavailable from error

    def _attempt(
        self, work: Callable[[psycopg.Connection[Any]], Answer], otherwise: Answer, *, patient: bool = True
    ) -> Answer:
        """What `work` answers, or `otherwise` where PostgreSQL is away. `patient`: a statement that took too long, or
        a value that PostgreSQL does not know, is the question's fault and does not switch the service off."""
        if not self._gate.lets_through():
            return otherwise
        try:
            with self._connect(patient=patient) as connection:
                answer = work(connection)
        except StoreError as error:
            if patient and isinstance(error.__cause__, psycopg.DataError):
                self._worked()
                reason = error.__cause__.diag.message_primary or "a value is out of range"
                raise HistoryQuestionError(f"PostgreSQL cannot answer this: {reason}.") from error
            return otherwise
        self._worked()
        return answer

    def _ask(self, question: Callable[[psycopg.Cursor[Any]], Answer], otherwise: Answer) -> Answer:
        """`_attempt` a question that changes nothing. The server stops it a little before our own deadline: that
        tells a question that takes too long from a server that does not answer."""
        milliseconds = int(self._deadline * 800)

        def read(connection: psycopg.Connection[Any]) -> Answer:
            # Without parameters both statements travel at once.
            connection.execute(f"BEGIN READ ONLY; SET LOCAL statement_timeout = {milliseconds:d}".encode())
            answer = question(connection.cursor())
            connection.execute("COMMIT")
            return answer

        return self._attempt(read, otherwise)

    def _worked(self) -> None:
        since = self._gate.state.since
        if self._gate.reopen():
            logger.warning(
                "[history] PostgreSQL answers again after %.0f s; %d readings wait to be written.",
                (datetime.now(UTC) - since).total_seconds(),
                self.pending,
            )
            with self._wake:
                self._wake.notify_all()

    def _failed(self, error: StoreError, *, patient: bool) -> None:
        self._last_error = str(error)
        if patient and isinstance(error.__cause__, psycopg.errors.QueryCanceled | psycopg.DataError):
            return
        if self._gate.close(str(error)):
            logger.warning("[history] Switched off: %s %d readings wait in memory.", error, self.pending)
        with self._wake:
            self._start_thread()  # it also looks for PostgreSQL's return
            self._wake.notify_all()


def _look(connection: psycopg.Connection[Any]) -> None:
    connection.execute("SELECT 1")


_services: weakref.WeakSet[HistoryService] = weakref.WeakSet()


def _renew_after_fork() -> None:
    for service in list(_services):
        service._after_fork()


def _close_all() -> None:
    for service in list(_services):
        service.close()


os.register_at_fork(after_in_child=_renew_after_fork)
atexit.register(_close_all)
