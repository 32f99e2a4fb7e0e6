"""Where counters stood at a look, and what was added between two looks. Pure.

Counters begin anew: somebody resets them, the server crashes, a host puts it to sleep and wakes an empty one, a standby takes
over with counters of its own, a statement is thrown out of pg_stat_statements and comes back. What is told of the time between
two looks is then what was counted since the new beginning, where that is known to lie between them, and else nothing: never
less than zero, never the same twice, never a month's work in five minutes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from opsadmin.workload.sums import StatementSums, Sums, added

#: Of statements the counters of so many are kept, those that took the most time: PostgreSQL's own bound is 5,000 by default.
MOST_ENTRIES = 10_000
#: Two looks are taken to be that far apart where no clock says how far.
USUAL = timedelta(minutes=5)


@dataclass(frozen=True)
class Entry:
    """A statement of pg_stat_statements as one role sent it. `since`: its counters began then or earlier; None where nobody
    tells."""

    queryid: str
    role: str
    toplevel: bool
    sums: Sums
    since: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """A look. `clock`: PostgreSQL's time, `seen_at`: ours. `system`: which server and database it is; `reset_at`,
    `server_reset_at`: since when the database's and the server's counters run, None where always. `entries`: None where
    statements could not be read; `is_whole`: no entry is missing that had counters then. `sleeps`: the host suspends the server when nobody
    is at work; `idle_for`: seconds since somebody else was, None where nobody is seen."""

    clock: datetime
    seen_at: datetime
    system: str
    started_at: datetime
    reset_at: datetime | None = None
    server_reset_at: datetime | None = None
    counters: Mapping[str, float] = field(default_factory=dict)
    entries: Mapping[str, Entry] | None = None
    is_whole: bool = False
    sleeps: bool = False
    idle_for: float | None = None
    tables_at: datetime | None = None

    def packed(self) -> bytes:
        """As the site database keeps it."""
        entries = None
        if self.entries is not None:
            longest = sorted(self.entries.items(), key=lambda item: -item[1].sums.ms)[:MOST_ENTRIES]
            entries = {
                key: [one.queryid, one.role, one.toplevel, one.sums.as_list(), one.since and one.since.isoformat()]
                for key, one in longest
            }
        values = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asdict(replace(self, entries=None)).items()
        }
        values["entries"] = entries
        values["is_whole"] = self.is_whole and (self.entries is None or len(self.entries) <= MOST_ENTRIES)
        return zlib.compress(json.dumps(values, separators=(",", ":")).encode(), 6)

    @classmethod
    def unpacked(cls, data: bytes) -> Standing | None:
        """From what `packed` gave; None where another release wrote it in another shape."""
        try:
            values = json.loads(zlib.decompress(data))
            for name in ("clock", "seen_at", "started_at", "reset_at", "server_reset_at", "tables_at"):
                values[name] = values[name] and datetime.fromisoformat(values[name])
            if values["entries"] is not None:
                values["entries"] = {
                    key: Entry(queryid, role, toplevel, Sums(*sums), since and datetime.fromisoformat(since))
                    for key, (queryid, role, toplevel, sums, since) in values["entries"].items()
                }
            return cls(**values)
        except (zlib.error, ValueError, KeyError, TypeError):
            return None


@dataclass(frozen=True)
class Added:
    """What came between two looks. `seconds`: how long that was. `counters`, `statements`: None where it cannot be told.
    `restarted_at`, `reset_at`: the server started, somebody reset the database's counters; `lost`: counters began anew
    with the start."""

    seconds: float
    counters: Mapping[str, float] | None = None
    statements: StatementSums | None = None
    means: tuple[tuple[float, float], ...] = ()
    restarted_at: datetime | None = None
    reset_at: datetime | None = None
    lost: bool = False
    elsewhere: bool = False


def added_between(before: Standing, now: Standing) -> Added:
    """What was added from one look to the next one of the same database."""
    seconds = _seconds(before, now)
    restarted = now.started_at != before.started_at
    # A standby that took over started, and counts, since before the last look, and not since when the other one did.
    took_over = restarted and now.started_at <= before.clock
    counts_since = now.server_reset_at
    took_over |= counts_since is not None and counts_since != before.server_reset_at and counts_since <= before.clock
    elsewhere = now.system != before.system or took_over
    if elsewhere:
        return Added(seconds, elsewhere=True)
    begun = max((at for at in (now.reset_at, now.server_reset_at) if at is not None), default=None)
    begun_since = (begun is not None and begun > before.clock) or restarted
    fell = any(value < before.counters.get(name, 0) for name, value in now.counters.items() if name in _RESETTABLE)
    is_reset = now.reset_at != before.reset_at and now.reset_at is not None and now.reset_at > before.clock
    counters: dict[str, float] = {}
    for name, value in now.counters.items():
        last = before.counters.get(name)
        if last is None:
            continue
        anew = name in _RESETTABLE and (fell or is_reset)
        # Each of the others begins anew by itself (checkpoints), or never (WAL).
        anew = anew or (name in _ALONE and value < last)
        counters[name] = max(value if anew else value - last, 0.0)
    statements, means = _statements(before, now)
    return Added(
        seconds,
        None if (fell or is_reset) and not begun_since else counters,
        statements,
        means,
        restarted_at=now.started_at if restarted else None,
        reset_at=now.reset_at if is_reset else None,
        lost=restarted and fell,
    )


#: Counters of pg_stat_database, which begin anew together; those that do so on their own.
_ALONE = ("checkpoints_timed", "checkpoints_requested")
_RESETTABLE = (
    "xact_commit",
    "xact_rollback",
    "blks_hit",
    "blks_read",
    "tup_returned",
    "tup_fetched",
    "tup_inserted",
    "tup_updated",
    "tup_deleted",
    "conflicts",
    "temp_files",
    "temp_bytes",
    "deadlocks",
    "blk_read_time",
    "blk_write_time",
    "active_time",
    "idle_in_transaction_time",
)
#: Every counter that is kept.
COUNTERS = (*_RESETTABLE, *_ALONE, "wal_bytes")


def _seconds(before: Standing, now: Standing) -> float:
    """By the clock that says less: one of them may have been set forward. A clock that was set back says nothing."""
    spans = [(now.clock - before.clock).total_seconds(), (now.seen_at - before.seen_at).total_seconds()]
    return min((span for span in spans if span > 0), default=USUAL.total_seconds())


def _statements(before: Standing, now: Standing) -> tuple[StatementSums | None, tuple[tuple[float, float], ...]]:
    if before.entries is None or now.entries is None:
        return None, ()
    by: dict[tuple[str, str], Sums] = {}
    toplevel = []
    for key, entry in now.entries.items():
        more = _entry_added(before.entries.get(key), entry, before, now.clock)
        if more is None or not more.calls:
            continue
        name = entry.queryid, entry.role
        by[name] = by[name] + more if name in by else more
        if entry.toplevel:
            toplevel.append(more)
    means = tuple((one.ms / one.calls, one.calls) for one in toplevel)
    return StatementSums(added(toplevel), Sums(), by), means


def _entry_added(last: Entry | None, entry: Entry, before: Standing, clock: datetime) -> Sums | None:
    """What was added to an entry until now; None where it cannot be told."""
    if last is None:
        is_new = entry.since is not None and before.clock < entry.since <= clock
        return entry.sums if is_new or before.is_whole else None
    if entry.since != last.since:
        return entry.sums
    if entry.sums.calls == last.sums.calls and entry.sums.ms >= last.sums.ms:
        return None  # most of them, so at once
    *earlier, longest = last.sums.values()
    *values, now_longest = entry.sums.values()
    # Times are sums of floats: a few billionths less is no reset.
    if any(value < one - 1e-4 - 1e-6 * abs(one) for value, one in zip(values, earlier, strict=True)):
        return entry.sums
    sums = Sums(*(max(value - one, 0.0) for value, one in zip(values, earlier, strict=True)))
    # A new record is of this time; else nobody knows the longest call, and the mean is the least it can be.
    mean = sums.mean_ms or 0.0
    return replace(sums, max_ms=now_longest if now_longest > longest + 1e-4 else mean)
