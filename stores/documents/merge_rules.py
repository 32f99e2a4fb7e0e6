"""Which side's values a document keeps where two writers changed the same thing, as on both sides of an outage.

Settings have no such rule: only a person knows which of two temperatures is wanted. The state holds readings,
counters and locks that say themselves which is newer. Keys that are written together make one group: it comes whole
from one side, because the temperature of one reading beside the time of another is worse than an older reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from stores.documents.fields import moment, number
from stores.documents.remark import shown

Side = Literal["ours", "theirs"]


@dataclass(frozen=True)
class Decision:
    """The side that wins and, in one sentence, why. `settled` False: a guess that a person should look at."""

    side: Side
    rule: str
    settled: bool = True


@dataclass(frozen=True)
class Measure:
    """A value that tells which side is newer: the one at `keys`, where `read` finds something to compare in it.

    `word` begins the sentence: "newest last_read_at". A side without the value loses, unless `needs_both`."""

    keys: tuple[str, ...]
    word: str
    read: Callable[[Any], Any]
    show: Callable[[Any, Any], str]
    needs_both: bool = False

    def decide(self, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Decision | None:
        """None where both sides have the same value, or none."""
        mine, others = self._value(ours), self._value(theirs)
        if mine is None and others is None:
            return None
        if mine is None or others is None:
            side: Side = "theirs" if mine is None else "ours"
            return None if self.needs_both else Decision(side, f"{self._name()}: the other side has none")
        if mine == others:
            return None
        winner: Side = "ours" if mine > others else "theirs"
        return Decision(winner, f"{self._name()}: {self.show(max(mine, others), min(mine, others))}")

    def _name(self) -> str:
        return f"{self.word} {'.'.join(self.keys)}"

    def _value(self, document: Any) -> Any:
        for key in self.keys:
            if not isinstance(document, dict):
                return None
            document = document.get(key)
        return self.read(document)


@dataclass(frozen=True)
class Group:
    """Top-level keys that are written together, and come from one side where there is a choice. The first of `measures` that tells decides; where none does,
    the side that the group named `follows` (an earlier one) comes from."""

    name: str
    keys: tuple[str, ...]
    measures: tuple[Measure, ...]
    follows: str = ""

    def decide(
        self, ours: Mapping[str, Any], theirs: Mapping[str, Any], earlier: Mapping[str, Decision] | None = None
    ) -> Decision | None:
        """`earlier` says from which sides the groups before this one come. None: the documents do not tell."""
        for measure in self.measures:
            if decision := measure.decide(ours, theirs):
                return decision
        if earlier and (followed := earlier.get(self.follows)):
            return Decision(followed.side, f"goes with {self.follows}: {followed.rule}", followed.settled)
        return None


@dataclass(frozen=True)
class MergeRules:
    """A kind's groups, in the order in which they are decided. No key is in two of them."""

    groups: tuple[Group, ...] = ()


NO_RULES = MergeRules()


def in_utc(value: datetime) -> datetime | None:
    """The moment in UTC, for which a time without a zone is taken; None at the ends of the calendar."""
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        return None


def times_text(newer: datetime, older: datetime) -> str:
    """`12:03:04 against 12:01:00`, both UTC; with the day or the microseconds where these differ."""
    precision = "microseconds" if newer.replace(microsecond=0) == older.replace(microsecond=0) else "seconds"
    one, other = (found.replace(tzinfo=None) for found in (newer, older))
    if one.date() == other.date():
        return f"{one.time().isoformat(precision)} against {other.time().isoformat(precision)}"
    return f"{one.isoformat(' ', precision)} against {other.isoformat(' ', precision)}"


def _time(value: Any) -> datetime | None:
    found = moment(value)
    return None if found is None else in_utc(found)


def _newest(*keys: str, needs_both: bool = False) -> Measure:
    return Measure(keys, "newest", _time, times_text, needs_both)


def _newest_day(key: str) -> Measure:
    return Measure((key,), "newest", _time, lambda newer, older: f"{newer.date()} against {older.date()}")


def _largest(key: str) -> Measure:
    return Measure((key,), "largest", number, lambda larger, smaller: f"{shown(larger)} against {shown(smaller)}")


_AIRCON = "the air conditioner"

#: Where the time of a group is the same on both sides, nothing happened but failures (the meter) or looks at the
#: device (the air conditioner): then the side that looked last knows best.
_STATE = MergeRules(
    (
        Group(
            "the meter",
            (
                "last_temperature",
                "last_humidity",
                "last_read_at",
                "last_temperature_stale",
                "last_temperature_stale_reason",
                "last_error",
            ),
            (_newest("last_read_at"), _newest("last_tick")),
        ),
        Group("the last tick", ("last_tick",), (_newest("last_tick"),)),
        Group(
            _AIRCON,
            (
                "assumed_aircon_power",
                "assumed_aircon_mode",
                "assumed_aircon_parameter",
                "last_action",
                "last_action_at",
            ),
            (_newest("last_action_at"), _newest("last_aircon_poll_at")),
        ),
        Group("the air conditioner's last poll", ("last_aircon_poll_at",), (_newest("last_aircon_poll_at"),)),
        Group(
            "the quota",
            (
                "api_quota_day",
                "api_requests_total",
                "api_requests_limit",
                "api_requests_remaining",
                "api_quota_reset_at",
            ),
            (_newest_day("api_quota_day"), _largest("api_requests_total"), _newest("api_quota_reset_at")),
        ),
        Group(
            "the automation lock",
            (
                "automation_in_progress",
                "automation_locked_at",
                "automation_lock_owner",
                "automation_lock_token",
            ),
            # The token first: a lower one must never come back, or a process that was fenced off could act again.
            (_largest("automation_lock_token"), _newest("automation_locked_at")),
        ),
        Group(
            "the pending repeat of off",
            ("pending_off_repeat",),
            (_newest("pending_off_repeat", "next_run_at", needs_both=True),),
            # A side without one has finished or cancelled it: only what was done last tells whether it is still due.
            follows=_AIRCON,
        ),
    )
)

RULES: Mapping[str, MergeRules] = {"settings": NO_RULES, "state": _STATE}
