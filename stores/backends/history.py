"""The history of readings: record, query, prune. It serves a home automation, which must go on when PostgreSQL does
not: no call here raises because PostgreSQL is away."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg_pool import ConnectionPool

from stores.backends.history_buffer import Buffer
from stores.backends.history_gate import Gate, GateState
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
from stores.backends.history_row import row_from_state
from stores.backends.history_sender import Sender
from stores.backends.history_throttle import Throttle
from stores.backends.line import Line
from stores.backends.spool import DEFAULT_BYTES, Spool
from stores.errors import StoreError, StoreMisconfigured, StoreReadOnly, StoreUnavailable

__all__ = ["Aggregates", "HistoryQuestionError", "HistoryService", "HistoryStatus", "PruneReport"]

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

#: Readings of one process are kept apart and in order where the clock does not.
TICK = timedelta(microseconds=1)
#: How often the spool is looked through for what dead processes left.
SWEEP_SECONDS = 10.0
#: While PostgreSQL is away a power cut costs at most the readings of this time.
SYNC_SECONDS = 1.0


@dataclass(frozen=True)
class HistoryStatus:
    """The service as one look finds it. `enabled` False: PostgreSQL is away since `since` because of `reason`, and
    the service tries again by itself. `last_error` is the latest failure of any call, also of one that left the
    service enabled (a query that took too long).

    `pending` readings wait to be written, the oldest since `oldest_at`: this process's and those that dead processes
    left in the spool. `refused` were not kept, because the spool or the disk was full (`refused_at`: the last of
    them) or because they were no readings. `set_aside` are those that the table took in no way, `damaged` lines of
    spool files that are not as they were written: both since this process began, kept in the spool's directory.

    `spool` is that directory (None: readings wait in memory), `spool_error` why it cannot be used. Found on its disk:
    `spooled_bytes` in all files, of which `spool_limit` is the most; `refused_bytes` of readings set aside, and
    `damaged_files`."""

    enabled: bool
    since: datetime
    reason: str | None
    pending: int
    refused: int
    written: int
    last_flush_at: datetime | None
    last_error: str | None
    oldest_at: datetime | None = None
    refused_at: datetime | None = None
    set_aside: int = 0
    damaged: int = 0
    spool: str | None = None
    spool_error: str | None = None
    spooled_bytes: int = 0
    spool_limit: int = 0
    refused_bytes: int = 0
    damaged_files: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }


class HistoryService:
    """`dsn_or_pool`: DSN text, a `psycopg_pool.ConnectionPool` or a `Line`; what is given open stays open.

    `record` keeps a reading and returns in microseconds; a thread writes what is kept when that is `batch_rows`
    readings or its oldest is `batch_seconds` old. While PostgreSQL is away the service is switched off (`enabled`,
    `status()`): readings wait, questions are answered empty at once, and the thread looks every 1 to 30 seconds
    whether it is back; then the readings are written, oldest first, each once.

    With `spool_dir` they wait on disk, in at most `spool_bytes`: the death of the process costs none, and what it
    left is written by any process of the host that uses the directory. A power cut costs what was recorded in the
    last second while PostgreSQL is away, and otherwise what was not written yet (`batch_seconds`, and `deadline` where
    it has just gone). Without, or where the directory cannot be written (`status()` says so), they wait in memory,
    10,000 at most, and are lost with the process.

    After a fork the child starts with nothing (the parent writes its own), its own thread and its own connections;
    only a pool that was given is its owner's to make anew."""

    def __init__(
        self,
        dsn_or_pool: str | ConnectionPool[Any] | Line,
        *,
        spool_dir: str | os.PathLike[str] | None = None,
        spool_bytes: int = DEFAULT_BYTES,
        retention_hours: float = 24,
        batch_rows: int = 50,
        batch_seconds: float = 5.0,
        deadline: float = 5.0,
    ) -> None:
        self.retention = check_hours(retention_hours)
        self.spool_dir = Path(spool_dir) if spool_dir is not None else None
        self.spool_bytes = spool_bytes
        self._given = dsn_or_pool
        self._batch_rows = batch_rows
        self._batch_seconds = batch_seconds
        self._deadline = deadline
        self._line = self._make_line()
        self._start_empty()
        _services.add(self)
        left = self._buffer.look().spool
        if left.ready or left.open:
            with self._wake:
                self._start_thread()

    def _make_line(self) -> Line:
        if isinstance(self._given, Line):
            return self._given
        if isinstance(self._given, ConnectionPool):
            return Line(pool=self._given, deadline=self._deadline)
        # One for the writing thread, one for who asks.
        return Line(self._given, size=2, deadline=self._deadline)

    def _start_empty(self) -> None:
        self._gate = Gate()
        #: Closed where PostgreSQL answers and does not take what is written: a table is missing, or it is a replica.
        self._takes = Gate()
        self._wake = threading.Condition()
        self._flushing = threading.Lock()
        self._buffer = Buffer(Spool(self.spool_dir, self.spool_bytes) if self.spool_dir is not None else None)
        self._sender = Sender(
            self._buffer, lambda work: self._attempt(work, None, patient=False), goes_on=lambda: not self._closed
        )
        self._next_sweep = 0.0
        self._last_time = datetime.min.replace(tzinfo=UTC)
        self._thread: threading.Thread | None = None
        self._syncer: threading.Thread | None = None
        self._closed = False
        self._refused = 0
        self._refused_at: datetime | None = None
        self._said = Throttle()
        self._last_error: str | None = None

    def _after_fork(self) -> None:
        # Locks may be held by threads that the child does not have: all of it is made anew. A Line does the same.
        closed = self._closed
        self._start_empty()
        self._closed = closed

    # --- what it holds ---------------------------------------------------------------------------------------------

    @property
    def enabled(self) -> bool:
        """Whether PostgreSQL answered last time, and took what was written."""
        return self._gate.state.open and self._takes.state.open

    @property
    def _state(self) -> GateState:
        return self._takes.state if self._gate.state.open and not self._takes.state.open else self._gate.state

    def _seconds_to_next_try(self) -> float:
        return max(self._gate.seconds_to_next_try(), self._takes.seconds_to_next_try())

    @property
    def pending(self) -> int:
        """Readings that wait to be written."""
        return self._buffer.look().pending

    def status(self) -> HistoryStatus:
        """How the service is, without asking PostgreSQL."""
        state = self._state
        look = self._buffer.look()
        spool = self._buffer.spool
        return HistoryStatus(
            enabled=state.open,
            since=state.since,
            reason=state.reason,
            pending=look.pending,
            refused=self._refused + self._sender.left_out,
            written=self._sender.written,
            last_flush_at=self._sender.written_at,
            last_error=self._last_error,
            oldest_at=look.oldest_at,
            refused_at=self._refused_at,
            set_aside=self._sender.set_aside,
            damaged=self._sender.damaged,
            spool=spool.directory if spool is not None else None,
            spool_error=self._buffer.spool_error,
            spooled_bytes=look.spool.bytes,
            spool_limit=spool.limit if spool is not None else 0,
            refused_bytes=look.spool.refused_bytes,
            damaged_files=look.spool.damaged_files,
        )

    # --- writing ---------------------------------------------------------------------------------------------------

    def record(self, state: Mapping[str, Any], timezone: str = "UTC") -> bool:
        """Keep a reading of the state document as of now; answers whether it is kept. Never raises and never waits
        for PostgreSQL."""
        if not isinstance(state, Mapping):
            return self._refuse(f"a state document must be an object, not {type(state).__name__}")
        now = datetime.now(UTC)
        try:
            row = row_from_state(state, timezone, now)
        except Exception as error:  # a mapping that another thread changes meanwhile, or of a foreign kind
            return self._refuse(f"it could not be read ({type(error).__name__})")
        with self._wake:
            if self._closed:
                refusal = "the history service is closed"
            else:
                if timedelta(0) <= self._last_time - now < timedelta(milliseconds=1):
                    row = replace(row, timestamp=self._last_time + TICK)
                self._last_time = row.timestamp
                refusal = self._buffer.keep(row)
                self._start_thread()
                if self._buffer.unsent in (1, self._batch_rows):
                    self._wake.notify_all()
        return self._refuse(refusal) if refusal else True

    def _refuse(self, why: str) -> bool:
        with self._wake:
            self._refused += 1
            self._refused_at = datetime.now(UTC)
            say = self._said.allows("refused")
        if say:
            logger.error("[history] A reading was not kept: %s. %d were not kept so far.", why, self._refused)
        return False

    def flush(self) -> int:
        """Write what waits, now; returns how many readings were written. 0 at once while switched off."""
        if self._seconds_to_next_try() > 0:
            return 0
        with self._flushing:
            return self._sender.send(all_of_it=True)

    def _start_thread(self) -> None:
        if not self._closed and (self._thread is None or not self._thread.is_alive()):
            self._thread = self._started(self._keep_flushing, "history-flusher")

    def _started(self, work: Callable[[], None], name: str) -> threading.Thread | None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads, or the process is ending: the next reading tries again
            self._last_error = f"The writing thread could not be started: {error}."
            return None
        return thread

    def _keep_flushing(self) -> None:
        while self._wait_for_work():
            with self._flushing:
                self._next_sweep = time.monotonic() + SWEEP_SECONDS
                self._sender.send(all_of_it=not self.enabled or self._seconds_to_batch() == 0)
            if not self.enabled and self._seconds_to_next_try() == 0 and self._attempt(_look, False):
                self._reopen(self._takes)  # nothing is left to write: what it would not take, others have written

    def _wait_for_work(self) -> bool:
        """Until there is something to write or PostgreSQL to look for; False once closed."""
        with self._wake:
            while not self._closed:
                wait = self._seconds_to_batch() if self.enabled else self._seconds_to_next_try()
                if self.enabled and self._buffer.spool is not None:
                    sweep = self._next_sweep - time.monotonic()
                    wait = sweep if wait is None else min(wait, sweep)
                if wait is not None and wait <= 0:
                    return True
                self._wake.wait(wait)
        return False

    def _seconds_to_batch(self) -> float | None:
        """0 where a batch is due; None where nothing waits for one."""
        unsent = self._buffer.unsent
        if not unsent:
            return None
        if unsent >= self._batch_rows:
            return 0.0
        return max(0.0, self._batch_seconds - self._buffer.unsent_seconds)

    def _keep_syncing(self, spool: Spool) -> None:
        """While PostgreSQL is away nobody else keeps what was recorded from being lost in a power cut."""
        while True:
            with self._wake:
                if self._closed or self.enabled:
                    self._syncer = None
                    return
            try:
                spool.sync()
            except OSError as error:
                if self._said.allows("sync"):
                    logger.error(
                        "[history] The spool %s could not be brought onto the disk (%s): a power cut may cost readings.",
                        spool.directory,
                        error.strerror,
                    )
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self.enabled, SYNC_SECONDS)

    def close(self) -> None:
        """Write what this process has kept, if PostgreSQL takes it, and stop; what is in the spool then stays there
        for other processes, and for the next. Called at the end of the process too."""
        with self._wake:
            if self._closed:
                return
            self._closed = True
            self._wake.notify_all()
        kept = self._buffer.unsent
        if self._flushing.acquire(timeout=self._deadline):
            try:
                self._sender.send_own()
            finally:
                self._flushing.release()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=self._deadline)
        self._leave(kept)
        if self._line is not self._given:
            self._line.close()

    def _leave(self, kept: int) -> None:
        """Say what becomes of readings that could not be written."""
        spool, memory = self._buffer.spool, len(self._buffer.memory)
        if spool is not None:
            spool.close()
            left = self._buffer.look().pending - memory
            if left and (kept or not self.enabled):
                try:
                    spool.sync()
                except OSError as error:
                    self._last_error = f"The spool could not be brought onto the disk: {error.strerror}."
                logger.warning(
                    "[history] %d readings wait in %s; a running process of this host, or the next to start, writes them.",
                    left,
                    spool.directory,
                )
        if memory:
            logger.error(
                "[history] %d readings could not be written before the end of the process and are lost: %s",
                memory,
                self._state.reason,
            )

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
        a value that PostgreSQL does not know, is the question's fault and does not switch the service off. Not
        `patient` is a write: where PostgreSQL answers it and does not take it, questions go on."""
        if not self._gate.lets_through() or not (patient or self._takes.lets_through()):
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
        if not patient:
            self._reopen(self._takes)
        return answer

    def _ask(self, question: Callable[[psycopg.Cursor[Any]], Answer], otherwise: Answer) -> Answer:
        """`_attempt` a question that changes nothing. The server stops it a little before our own deadline: that
        tells a question that takes too long from a server that does not answer."""
        if self._thread is None and self._buffer.spool is not None:
            with self._wake:
                self._start_thread()  # what dead processes left is this one's too
        milliseconds = int(self._deadline * 800)

        def read(connection: psycopg.Connection[Any]) -> Answer:
            # Without parameters both statements travel at once.
            connection.execute(f"BEGIN READ ONLY; SET LOCAL statement_timeout = {milliseconds:d}".encode())
            answer = question(connection.cursor())
            connection.execute("COMMIT")
            return answer

        return self._attempt(read, otherwise)

    def _worked(self) -> None:
        self._reopen(self._gate)

    def _reopen(self, gate: Gate) -> None:
        since = gate.state.since
        if gate.reopen() and self.enabled:
            logger.warning(
                "[history] PostgreSQL %s again after %.0f s; %d readings wait to be written.",
                "answers" if gate is self._gate else "takes readings",
                (datetime.now(UTC) - since).total_seconds(),
                self.pending,
            )
            with self._wake:
                self._next_sweep = 0.0
                self._wake.notify_all()

    def _failed(self, error: StoreError, *, patient: bool) -> None:
        self._last_error = str(error)
        if patient and isinstance(error.__cause__, psycopg.errors.QueryCanceled | psycopg.DataError):
            return
        does_not_take = not patient and isinstance(error, StoreReadOnly | StoreMisconfigured)
        if (self._takes if does_not_take else self._gate).close(str(error)):
            logger.warning("[history] Switched off: %s %d readings wait.", error, self.pending)
        with self._wake:
            self._start_thread()  # it also looks for PostgreSQL's return
            spool = self._buffer.spool
            if spool is not None and self._syncer is None and not self._closed:
                self._syncer = self._started(lambda: self._keep_syncing(spool), "history-syncer")
            self._wake.notify_all()


def _look(connection: psycopg.Connection[Any]) -> bool:
    connection.execute("SELECT 1")
    return True


_services: weakref.WeakSet[HistoryService] = weakref.WeakSet()


def _renew_after_fork() -> None:
    for service in list(_services):
        service._after_fork()


def _close_all() -> None:
    for service in list(_services):
        service.close()


os.register_at_fork(after_in_child=_renew_after_fork)
atexit.register(_close_all)
