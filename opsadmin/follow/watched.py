"""A statement that an index is to serve, with its figures before and after. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from opsadmin.follow.counters import Counters, Entry, Reading, added, added_since

#: Of a statement's text so many characters are kept: to know it again a person needs no more.
CHARACTERS = 2000
#: A difference of two readings says more of the time just before than all since the counters began, if it holds that many
#: calls. The same number as for a verdict.
MIN_CALLS = 20


@dataclass(frozen=True, kw_only=True)
class Watched:
    """`queryids`: its numbers in pg_stat_statements; `others`: those of statements that read the same and are not it.
    `promise`: cost after / before that was promised for it, None where only the index as a whole has one. `before_since`:
    since when `before` was counted. `last`: each entry's counters at the last look."""

    sql: str
    shape: str
    weight: float = 1.0
    promise: float | None = None
    queryids: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    before: Counters = Counters()
    before_since: datetime | None = None
    after: Counters = Counters()
    last: Mapping[str, Counters] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "sql": self.sql,
            "shape": self.shape,
            "weight": self.weight,
            "promise": self.promise,
            "queryids": list(self.queryids),
            "others": list(self.others),
            "before": self.before.as_list(),
            "before_since": self.before_since.isoformat() if self.before_since else None,
            "after": self.after.as_list(),
            "last": {key: counters.as_list() for key, counters in self.last.items()},
        }

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Watched:
        """From what `as_dict` gave."""
        since = data["before_since"]
        return cls(
            sql=data["sql"],
            shape=data["shape"],
            weight=data["weight"],
            promise=data["promise"],
            queryids=tuple(data["queryids"]),
            others=tuple(data["others"]),
            before=Counters.of(data["before"]),
            before_since=datetime.fromisoformat(since) if since else None,
            after=Counters.of(data["after"]),
            last={key: Counters.of(values) for key, values in data["last"].items()},
        )


def first_look(one: Watched, reading: Reading, earlier: Reading | None, *, is_new: bool) -> Watched:
    """The statement as it stands when following begins. `is_new`: what was counted until now was without the index."""
    entries = reading.of(one.queryids)
    one = replace(one, last=_last(entries))
    if not is_new or not entries:
        return one
    lately = added_since(entries, earlier) if earlier is not None else None
    if earlier is not None and lately is not None and lately.calls >= MIN_CALLS:
        return replace(one, before=lately, before_since=earlier.clock)
    starts = [entry.since for entry in entries.values() if entry.since is not None]
    return replace(one, before=added(entries, {}, None), before_since=min(starts, default=None))


def next_look(one: Watched, reading: Reading, clock: datetime | None, *, there: bool, was_there: bool) -> Watched:
    """The statement after another look; `clock` is the last one's. What ran partly with and partly without the index is
    told to neither side."""
    entries = reading.of(one.queryids)
    grown = added(entries, one.last, clock)
    if there and was_there:
        one = replace(one, after=one.after + grown)
    elif not there and not was_there:
        one = replace(one, before=one.before + grown)
    return replace(one, last=_last(entries) if reading.sees_all else {**one.last, **_last(entries)})


def is_missing(one: Watched, reading: Reading) -> bool:
    """Whether pg_stat_statements has none of its numbers: it was thrown out, set back, or has another one."""
    return not reading.of(one.queryids)


def found_again(one: Watched, alike: Collection[str]) -> Watched:
    """The statement under its further numbers. `alike`: the numbers of all statements that read the same now. Where several do
    and not all of them were it before, nobody knows which one it is."""
    new = tuple(sorted(set(alike) - set(one.others) - set(one.queryids)))
    if not new or (len(new) > 1 and one.others):
        return one
    return replace(one, queryids=(*one.queryids, *new))


def _last(entries: Mapping[str, Entry]) -> dict[str, Counters]:
    return {key: entry.counters for key, entry in entries.items()}
