"""What statements cost, added up, and the few of them that are kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sums:
    """Of a statement in a stretch of time. Times in milliseconds. `hit`, `read`: blocks of tables and indexes found in memory
    or not; `temp`: blocks written to temporary files; `io_ms`: 0 while track_io_timing is off. `max_ms`: a call of that time
    there was; a longer one too, perhaps, where one before that time was longer still."""

    calls: float = 0
    ms: float = 0
    rows: float = 0
    hit: float = 0
    read: float = 0
    temp: float = 0
    io_ms: float = 0
    wal_bytes: float = 0
    plan_ms: float = 0
    max_ms: float = 0

    def __add__(self, other: Sums) -> Sums:
        return added((self, other))

    def values(self) -> tuple[float, ...]:
        """All, `max_ms` last."""
        return (
            self.calls,
            self.ms,
            self.rows,
            self.hit,
            self.read,
            self.temp,
            self.io_ms,
            self.wal_bytes,
            self.plan_ms,
            self.max_ms,
        )

    @property
    def mean_ms(self) -> float | None:
        return self.ms / self.calls if self.calls else None

    def as_list(self) -> list[float]:
        return [_short(value) for value in self.values()]


#: Those that a statement is kept for, if it takes much of one of them.
_WEIGHED = ("ms", "calls", "rows", "read", "temp", "wal_bytes")


def _short(number: float) -> float:
    rounded = round(number, 4)
    return int(rounded) if rounded == int(rounded) else rounded


@dataclass(frozen=True)
class StatementSums:
    """A sample of statements. `by`: of each queryid and role; `rest`: of all others; `total`: of all that sessions sent
    themselves (those within functions are in their callers'), so that shares can be told."""

    total: Sums
    rest: Sums
    by: Mapping[tuple[str, str], Sums]

    def __add__(self, other: StatementSums) -> StatementSums:
        by = dict(self.by)
        for key, sums in other.by.items():
            by[key] = by[key] + sums if key in by else sums
        return StatementSums(self.total + other.total, self.rest + other.rest, by)

    def cut(self, most: int) -> StatementSums:
        """The `most` statements that take the largest share of time, calls, rows, reads, temporary files or WAL; what the
        others cost goes to the rest."""
        if len(self.by) <= most:
            return self
        whole = added(self.by.values())
        weights = {name: getattr(whole, name) for name in _WEIGHED}

        def weight(item: tuple[tuple[str, str], Sums]) -> tuple[float, tuple[str, str]]:
            key, sums = item
            return -max((getattr(sums, name) / all for name, all in weights.items() if all), default=0.0), key

        ranked = sorted(self.by.items(), key=weight)
        rest = added((self.rest, *(sums for _, sums in ranked[most:])))
        return StatementSums(self.total, rest, dict(ranked[:most]))

    def as_data(self) -> dict[str, Any]:
        """As JSON keeps it."""
        by = {f"{queryid}|{role}": sums.as_list() for (queryid, role), sums in self.by.items()}
        return {"total": self.total.as_list(), "rest": self.rest.as_list(), "by": by}

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> StatementSums:
        """From what `as_data` gave."""
        by = {}
        for key, values in data["by"].items():
            queryid, _bar, role = key.partition("|")
            by[queryid, role] = Sums(*values)
        return cls(Sums(*data["total"]), Sums(*data["rest"]), by)


def added(sums: Iterable[Sums]) -> Sums:
    """All together."""
    columns = list(zip(*(one.values() for one in sums), strict=True))
    totals = [sum(column) for column in columns]
    totals[-1:] = [max(columns[-1])] if columns else []
    return Sums(*totals)


def percentile(means: Iterable[tuple[float, float]], share: float = 0.95) -> float | None:
    """The time within which that share of the calls ended, of (mean time, calls) of each statement, every call being taken for as
    long as its statement's mean: pg_stat_statements keeps no distribution. None without calls."""
    ranked = sorted((mean, calls) for mean, calls in means if calls > 0)
    left = share * sum(calls for _, calls in ranked)
    for mean, calls in ranked:
        left -= calls
        if left <= 1e-9:
            return mean
    return ranked[-1][0] if ranked else None
