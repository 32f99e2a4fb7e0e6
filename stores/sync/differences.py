"""What changed between two documents, as a list a person can read. Pure: no store, no Django.

Two values are the same where PostgreSQL's jsonb says so: `1`, `1.0` and `1e0` are one number (jsonb's `=` compares
values, and no reader of the dashboard can tell them apart by a comparison), `true` and `1` are not, nor are `"1"` and
`1`, and the order of an object's keys means nothing. Numbers are compared as the decimals they are written as, so
0.1 read as float and 0.1 read as Decimal are the same.

Lists of one length are compared element by element. Where the length differs, a list of plain values (the days of a
window) is one value, and in a list of objects the equal ones at both ends are left out, so that a window put in
front is shown as one window added and not as every window changed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

Action = Literal["added", "removed", "changed"]
Keys = tuple[str | int, ...]

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Change:
    """One difference. `path` as `winter.min_temp` or `time_windows[0].start`; what is not there (`before` of an
    addition, `after` of a removal) is None. An index counts in the list that holds the value shown. `keys` is the
    path in parts, to look the place up in another form of the documents."""

    path: str
    action: Action
    before: Any
    after: Any
    keys: Keys = field(default=(), compare=False, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: an addition has no `before`, a removal no `after`, so that null stays a value of its own."""
        found: dict[str, Any] = {"path": self.path, "action": self.action}
        if self.action != "added":
            found["before"] = self.before
        if self.action != "removed":
            found["after"] = self.after
        return found


def path_text(keys: Keys) -> str:
    """`winter.min_temp`, `time_windows[0].start`; a key that is not a plain word is quoted as JSON: `["a.b"].c`.
    Two different places never get one text (unlike `json_rules.path_text`, which shortens long keys)."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        elif _PLAIN_KEY.fullmatch(key):
            text += f".{key}" if text else key
        else:
            # Escaped where a terminal or a log could not take it.
            text += f"[{json.dumps(key, ensure_ascii=not key.isprintable())}]"
    return text


def differences(before: dict[str, Any], after: dict[str, Any], numbering: Numbering | None = None) -> list[Change]:
    """The changes that turn `before` into `after`: in the order of the keys of `after`, then what was removed.

    Takes time linear in the size of both documents, and any depth; `numbering` saves the time for what it knows."""
    return _Comparison(numbering or Numbering()).run(before, after)


def same(before: Any, after: Any) -> bool:
    """Whether jsonb holds both values as equal."""
    numbering = Numbering()
    return numbering.number(before) == numbering.number(after)


class Numbering:
    """Gives each distinct value a number, so that comparing two subtrees costs the same as comparing two integers
    however often somebody looks at them. The documents must outlive it and stay as they are: it knows objects and
    lists by identity."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._known: dict[int, int] = {}

    def number(self, value: Any) -> int:
        """The same for the same value, whatever container holds it. Does not recurse."""
        if not isinstance(value, (dict, list)):
            return self._leaf(value)
        pending: list[Any] = [value]
        while pending:
            container = pending[-1]
            if id(container) in self._known:
                pending.pop()
                continue
            members = list(container.values()) if isinstance(container, dict) else container
            unknown = [
                member for member in members if isinstance(member, (dict, list)) and id(member) not in self._known
            ]
            if unknown:
                pending.extend(unknown)
                continue
            numbers = [
                self._known[id(member)] if isinstance(member, (dict, list)) else self._leaf(member)
                for member in members
            ]
            key: Any
            if isinstance(container, dict):
                key = ("object", frozenset(zip(container, numbers, strict=True)))
            else:
                key = ("list", tuple(numbers))
            self._known[id(container)] = self._numbers.setdefault(key, len(self._numbers))
            pending.pop()
        return self._known[id(value)]

    def _leaf(self, value: Any) -> int:
        key: Any
        if isinstance(value, float):
            key = ("number", Decimal(repr(value)))
        elif isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            key = ("number", value)
        else:
            key = (type(value).__name__, value)
        return self._numbers.setdefault(key, len(self._numbers))


#: Two values in one place that are yet to be compared.
_Pair = tuple[Keys, Any, Any]


class _Comparison:
    """One run."""

    def __init__(self, numbering: Numbering) -> None:
        self._changes: list[Change] = []
        self._number = numbering.number

    def run(self, before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
        pending = [self._objects((), before, after)]
        while pending:
            pair = next(pending[-1], None)
            if pair is None:
                pending.pop()
            elif members := self._members(*pair):
                pending.append(members)
            else:
                self._add(pair[0], "changed", pair[1], pair[2])
        return self._changes

    def _members(self, keys: Keys, before: Any, after: Any) -> Iterator[_Pair] | None:
        """What is inside two values that differ; None where they are each one value."""
        if isinstance(before, dict) and isinstance(after, dict):
            return self._objects(keys, before, after)
        if isinstance(before, list) and isinstance(after, list) and _by_element(before, after):
            return self._lists(keys, before, after)
        return None

    def _objects(self, keys: Keys, before: dict[str, Any], after: dict[str, Any]) -> Iterator[_Pair]:
        for name, value in after.items():
            if name not in before:
                self._add((*keys, name), "added", None, value)
            elif self._number(before[name]) != self._number(value):
                yield (*keys, name), before[name], value
        for name, value in before.items():
            if name not in after:
                self._add((*keys, name), "removed", value, None)

    def _lists(self, keys: Keys, before: list[Any], after: list[Any]) -> Iterator[_Pair]:
        start, end_before, end_after = 0, len(before), len(after)
        if end_before != end_after:
            while start < min(end_before, end_after) and self._number(before[start]) == self._number(after[start]):
                start += 1
            while min(end_before, end_after) > start and (
                self._number(before[end_before - 1]) == self._number(after[end_after - 1])
            ):
                end_before, end_after = end_before - 1, end_after - 1
        for index in range(start, max(end_before, end_after)):
            if index >= end_before:
                self._add((*keys, index), "added", None, after[index])
            elif index >= end_after:
                self._add((*keys, index), "removed", before[index], None)
            elif self._number(before[index]) != self._number(after[index]):
                yield (*keys, index), before[index], after[index]

    def _add(self, keys: Keys, action: Action, before: Any, after: Any) -> None:
        self._changes.append(Change(path_text(keys), action, before, after, keys))


def _by_element(before: list[Any], after: list[Any]) -> bool:
    """Whether two lists that differ read better element by element than as two whole values."""
    if len(before) == len(after):
        return True
    return any(isinstance(element, (dict, list)) for element in (*before, *after))
