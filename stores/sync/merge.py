"""Bring two sides' changes of one document together, and say where they cannot be. Pure: no store, no clock, no Django.

Objects merge by key, lists are one value; values are equal where jsonb says so (`differences`). A place that one
side left alone takes the other's value. A place that both changed, differently, is a conflict: the document keeps one
side, and the `Conflict` has all three values, so nothing is dropped silently.

Keys of a group (`MergeRules`), each one value, come from one side together where both sides changed one of them
differently, or where merging them key by key would mix two sides that say which is newer. What the other side changed
in them is then a conflict too. A document may be as deep and as wide as it likes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from stores.documents.merge_rules import NO_RULES, Decision, Group, MergeRules, Side, in_utc, times_text
from stores.errors import DocumentError
from stores.sync.differences import Change, Keys, Numbering, differences, path_text

if TYPE_CHECKING:
    # Only for the type: the backends import this module.
    from stores.backends.protocol import Document

__all__ = [
    "ABSENT",
    "NO_RULES",
    "Conflict",
    "Merge",
    "MergeRules",
    "Side",
    "Strategy",
    "TimeOf",
    "apply_decision",
    "merge",
    "value_at",
]

#: How conflicts are decided: by the document's rules, all for one side, or all by the time of the change.
Strategy = Literal["rules", "ours", "theirs", "newest"]
#: When a side last changed a place; None: not known. A time without a zone is UTC.
TimeOf = Callable[[Keys], datetime | None]


class _Absent:
    def __repr__(self) -> str:
        return "absent"

    def __reduce__(self) -> str:
        return "ABSENT"  # copied and unpickled, it is still the same one


#: Stands for a key that is not there, which is not the same as null.
ABSENT: Any = _Absent()


@dataclass(frozen=True)
class Conflict:
    """A place that both sides changed, differently, or that was decided together with such a place.

    `base`, `ours` and `theirs` are the values, `ABSENT` where the key is not there; `kept` is the side that the
    merged document has until a person decides; `rule` says in one sentence why; `settled` False: a person should look."""

    path: str
    keys: Keys
    base: Any
    ours: Any
    theirs: Any
    kept: Side
    rule: str
    settled: bool

    def as_dict(self) -> dict[str, Any]:
        """For JSON: a side where the key is not there is left out, so that null stays a value of its own."""
        found: dict[str, Any] = {"path": self.path, "keys": list(self.keys)}
        sides = {"base": self.base, "ours": self.ours, "theirs": self.theirs}
        found.update((side, _copied(value)) for side, value in sides.items() if value is not ABSENT)
        return {**found, "kept": self.kept, "rule": self.rule, "settled": self.settled}

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Conflict:
        """What `as_dict` gave, also after it went through JSON."""
        base, ours, theirs = (_copied(found.get(side, ABSENT)) for side in ("base", "ours", "theirs"))
        keys = tuple(found["keys"])
        return cls(found["path"], keys, base, ours, theirs, found["kept"], found["rule"], found["settled"])


@dataclass(frozen=True)
class Merge:
    """`document` has both sides' changes; `ours_changed` and `theirs_changed` say what each had changed."""

    document: Document
    ours_changed: tuple[Change, ...] = ()
    theirs_changed: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def open(self) -> tuple[Conflict, ...]:
        """The conflicts that wait for a person."""
        return tuple(conflict for conflict in self.conflicts if not conflict.settled)


def _unknown(keys: Keys) -> None:
    return None


def merge(
    base: Document,
    ours: Document,
    theirs: Document,
    rules: MergeRules = NO_RULES,
    *,
    strategy: Strategy = "rules",
    ours_at: TimeOf = _unknown,
    theirs_at: TimeOf = _unknown,
) -> Merge:
    """Merge `ours` and `theirs`, which both come from `base`. The keys stand in the order of `theirs`, then those
    that only `ours` has. Nothing in the result is part of an argument. Takes time linear in the documents' size."""
    numbering = Numbering()
    run = _Run(base, ours, theirs, strategy, ours_at, theirs_at, numbering)
    document = run.merged(rules)
    ours_changed, theirs_changed = (
        tuple(_own(change) for change in differences(base, side, numbering)) for side in (ours, theirs)
    )
    return Merge(document, ours_changed, theirs_changed, tuple(run.conflicts))


def value_at(document: Document, keys: Keys) -> Any:
    """The value at the place, which is a part of `document`; `ABSENT` where there is none."""
    value: Any = document
    for key in keys:
        is_member = isinstance(value, dict) and isinstance(key, str) and key in value
        is_element = isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value)
        if not is_member and not is_element:
            return ABSENT
        value = value[key]
    return value


def apply_decision(document: Document, keys: Keys, value: Any) -> Document:
    """A new document with `value` at the place; `ABSENT` removes the key, if it is there.

    Raises `DocumentError` where something above the place is not an object (any more)."""
    if not keys:
        raise DocumentError("The decision names no place in the document. Choose the key that it is about.")
    decided: Document = _copied(document)
    parent: Any = decided
    for depth, key in enumerate(keys):
        if parent is ABSENT and value is ABSENT:
            return decided
        if not isinstance(parent, dict) or not isinstance(key, str):
            raise DocumentError(
                f"{path_text(keys)} cannot be set: {path_text(keys[:depth])} is not an object (any more). "
                "Look at the document as it is now, and edit it there."
            )
        if depth < len(keys) - 1:
            parent = parent.get(key, ABSENT)
    if value is ABSENT:
        parent.pop(keys[-1], None)
    else:
        parent[keys[-1]] = _copied(value)
    return decided


class _Run:
    """One merge."""

    def __init__(
        self,
        base: Document,
        ours: Document,
        theirs: Document,
        strategy: Strategy,
        ours_at: TimeOf,
        theirs_at: TimeOf,
        numbering: Numbering,
    ) -> None:
        self.conflicts: list[Conflict] = []
        self._base, self._ours, self._theirs = base, ours, theirs
        self._strategy, self._ours_at, self._theirs_at = strategy, ours_at, theirs_at
        self._number = numbering.number

    def merged(self, rules: MergeRules) -> Document:
        grouped = self._groups(rules)
        result: Document = {}
        pending = [_Object((), self._base, self._ours, self._theirs, result)]
        while pending:
            place = pending[-1]
            name = next(place.names, None)
            if name is None:
                pending.pop()
                continue
            before, mine, others = (side.get(name, ABSENT) for side in (place.base, place.ours, place.theirs))
            if len(pending) == 1 and name in grouped:
                value = self._from_group(name, grouped[name], before, mine, others)
            elif self._same(mine, before) or self._same(mine, others):
                value = others
            elif self._same(others, before):
                value = mine
            elif isinstance(mine, dict) and isinstance(others, dict):
                inside: Document = {}
                place.result[name] = inside
                root = before if isinstance(before, dict) else {}
                pending.append(_Object((*place.keys, name), root, mine, others, inside))
                continue
            else:
                keys = (*place.keys, name)
                decision = self._decide([keys], [keys])
                self._conflict(keys, before, mine, others, decision)
                value = mine if decision.side == "ours" else others
            if value is not ABSENT:
                place.result[name] = _copied(value)
        return result

    def _groups(self, rules: MergeRules) -> dict[str, Decision | Side]:
        """What each key of a group comes from: the decision on the group, or a side where there is nothing to decide."""
        found: dict[str, Decision | Side] = {}
        earlier: dict[str, Decision] = {}
        for group in rules.groups:
            ours_changed = self._changed(self._ours, group.keys)
            theirs_changed = self._changed(self._theirs, group.keys)
            if self._alike(ours_changed) or self._alike(theirs_changed):
                # One side has all changes of both.
                side: Side = "theirs" if self._alike(ours_changed) else "ours"
                found.update(dict.fromkeys(group.keys, side))
                if not self._alike(group.keys):
                    earlier[group.name] = Decision(side, f"all its changes are in {side}")
            elif self._alike(set(ours_changed) & set(theirs_changed)) and not group.decide(self._ours, self._theirs):
                # Changes in different keys, and no sign that one side's are of an older moment.
                found.update((key, "ours" if key in ours_changed else "theirs") for key in group.keys)
            else:
                decision = self._decide(_places(ours_changed), _places(theirs_changed), group, earlier)
                found.update(dict.fromkeys(group.keys, decision))
                earlier[group.name] = decision
        return found

    def _from_group(self, name: str, source: Decision | Side, before: Any, mine: Any, others: Any) -> Any:
        if not isinstance(source, Decision):
            return mine if source == "ours" else others
        kept, dropped = (mine, others) if source.side == "ours" else (others, mine)
        if not self._same(dropped, before) and not self._same(dropped, kept):
            self._conflict((name,), before, mine, others, source)
        return kept

    def _changed(self, side: Document, names: Iterable[str]) -> list[str]:
        return [name for name in names if not self._same(side.get(name, ABSENT), self._base.get(name, ABSENT))]

    def _alike(self, names: Iterable[str]) -> bool:
        return all(self._same(self._ours.get(name, ABSENT), self._theirs.get(name, ABSENT)) for name in names)

    def _same(self, one: Any, other: Any) -> bool:
        return self._number(one) == self._number(other)

    def _decide(
        self,
        ours_changed: Iterable[Keys],
        theirs_changed: Iterable[Keys],
        group: Group | None = None,
        earlier: Mapping[str, Decision] | None = None,
    ) -> Decision:
        """Which side wins the places that each side changed."""
        if self._strategy == "ours" or self._strategy == "theirs":
            return Decision(self._strategy, f"--strategy {self._strategy}")
        by_rule = group.decide(self._ours, self._theirs, earlier) if group else None
        by_time = _later(_last(self._ours_at, ours_changed), _last(self._theirs_at, theirs_changed))
        if self._strategy == "newest":
            found = by_time or by_rule or _UNDECIDED
            return Decision(found.side, f"--strategy newest: {found.rule}")
        return by_rule or by_time or _UNDECIDED

    def _conflict(self, keys: Keys, base: Any, ours: Any, theirs: Any, decision: Decision) -> None:
        self.conflicts.append(
            Conflict(
                path_text(keys),
                keys,
                _copied(base),
                _copied(ours),
                _copied(theirs),
                decision.side,
                decision.rule,
                decision.settled,
            )
        )


class _Object:
    """An object that both sides have, being merged into `result`."""

    def __init__(self, keys: Keys, base: Document, ours: Document, theirs: Document, result: Document) -> None:
        self.keys, self.base, self.ours, self.theirs, self.result = keys, base, ours, theirs, result
        self.names = iter([*theirs, *(name for name in ours if name not in theirs)])


_UNDECIDED = Decision("ours", "it is not known which side changed it later", settled=False)


def _later(ours: datetime | None, theirs: datetime | None) -> Decision | None:
    """A guess: that a side wrote later does not make its value the better one. None where the times do not tell."""
    if ours is None or theirs is None or ours == theirs:
        return None
    side: Side = "ours" if ours > theirs else "theirs"
    return Decision(side, f"changed later: {times_text(max(ours, theirs), min(ours, theirs))}", settled=False)


def _last(time_of: TimeOf, places: Iterable[Keys]) -> datetime | None:
    """The last change of any of the places."""
    found = (time_of(keys) for keys in places)
    known = (in_utc(time) for time in found if time is not None)
    return max((time for time in known if time is not None), default=None)


def _places(names: Iterable[str]) -> list[Keys]:
    return [(name,) for name in names]


def _own(change: Change) -> Change:
    return replace(change, before=_copied(change.before), after=_copied(change.after))


def _copied(value: Any) -> Any:
    """A copy that shares no object or list with `value`. Does not recurse."""
    if not isinstance(value, (dict, list)):
        return value
    result = value.copy()
    pending = [result]
    while pending:
        container = pending.pop()
        for key, member in container.items() if isinstance(container, dict) else enumerate(container):
            if isinstance(member, (dict, list)):
                container[key] = inside = member.copy()
                pending.append(inside)
    return result
