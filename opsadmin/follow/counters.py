"""Counters that grow until somebody sets them back, and what was added between two looks at them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Counters:
    """What a statement cost in all its calls. `blocks`: found in memory or read, of tables and indexes."""

    calls: int = 0
    ms: float = 0.0
    blocks: int = 0
    rows: int = 0

    def __add__(self, other: Counters) -> Counters:
        return Counters(
            self.calls + other.calls, self.ms + other.ms, self.blocks + other.blocks, self.rows + other.rows
        )

    @property
    def mean_ms(self) -> float | None:
        return self.ms / self.calls if self.calls else None

    @property
    def mean_blocks(self) -> float | None:
        return self.blocks / self.calls if self.calls else None

    def since(self, earlier: Counters) -> Counters | None:
        """What was added since; None where they were set back between the two, for then one of them is smaller."""
        added = Counters(
            self.calls - earlier.calls, self.ms - earlier.ms, self.blocks - earlier.blocks, self.rows - earlier.rows
        )
        # Summing floats anew may give a few billionths less.
        fell = added.calls < 0 or added.ms < -1e-6 * earlier.ms or added.blocks < 0 or added.rows < 0
        return None if fell else Counters(added.calls, max(added.ms, 0.0), added.blocks, added.rows)

    def as_list(self) -> list[float]:
        return [self.calls, self.ms, self.blocks, self.rows]

    @classmethod
    def of(cls, values: Iterable[Any]) -> Counters:
        """From what `as_list` gave."""
        calls, ms, blocks, rows = values
        return cls(int(calls), float(ms), int(blocks), int(rows))


@dataclass(frozen=True)
class Entry:
    """A statement's counters for one role. `since`: they began at zero at that time or earlier; None where nobody tells."""

    queryid: str
    counters: Counters
    since: datetime | None = None


@dataclass(frozen=True)
class Reading:
    """A look at the counters of statements. `entries`: by statement, role and whether a session sent it itself. `clock`:
    PostgreSQL's time. `is_whole`: nothing that has counters is missing. `sees_all`: what is not there was thrown out or set back, and is
    not just hidden from the role that looked."""

    clock: datetime
    entries: Mapping[str, Entry] = field(default_factory=dict)
    is_whole: bool = True
    sees_all: bool = True

    def of(self, queryids: Iterable[str]) -> dict[str, Entry]:
        wanted = set(queryids)
        return {key: entry for key, entry in self.entries.items() if entry.queryid in wanted}


def added(now: Mapping[str, Entry], last: Mapping[str, Counters], clock: datetime | None) -> Counters:
    """What was added to these entries since the look that found `last`, at `clock`. One that was not there then, or was set
    back since, counts from zero."""
    total = Counters()
    for key, entry in now.items():
        before = last.get(key)
        is_new = before is None or (entry.since is not None and clock is not None and entry.since > clock)
        grown = None if is_new or before is None else entry.counters.since(before)
        total += entry.counters if grown is None else grown
    return total


def added_since(now: Mapping[str, Entry], earlier: Reading) -> Counters | None:
    """What was added since an earlier reading of all statements; None where it cannot be told, because an entry is new or
    was set back and may hold less than the whole of that time."""
    total = Counters()
    for key, entry in now.items():
        before = earlier.entries.get(key)
        if before is None and not earlier.is_whole:
            return None
        if entry.since is not None and entry.since > earlier.clock:
            before = None
        grown = entry.counters if before is None else entry.counters.since(before.counters)
        if grown is None:
            return None
        total += grown
    return total


def scans_added(now: Mapping[int, int], last: Mapping[int, int]) -> tuple[int, bool]:
    """How often an index was read since the last look, over its partitions; and whether a counter was set back, so that it
    may have been more."""
    total, fell = 0, False
    for oid, scans in now.items():
        before = last.get(oid, 0)
        fell = fell or scans < before
        total += scans if scans < before else scans - before
    return total, fell
