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


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """The changes that turn `before` into `after`: in the order of the keys of `after`, then what was removed.

    Takes time linear in the size of both documents."""
    comparison = _Comparison()
    comparison.objects((), before, after)
    return comparison.changes


def same(before: Any, after: Any) -> bool:
    """Whether jsonb holds both values as equal."""
    comparison = _Comparison()
    return comparison.number(before) == comparison.number(after)


class _Comparison:
    """One run. Each distinct value gets a number, so that comparing two subtrees costs the same as comparing two
    integers however often a list looks at them."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self._numbers: dict[Any, int] = {}
        # By identity: the documents outlive the run, so no id is used twice.
        self._known: dict[int, int] = {}

    def number(self, value: Any) -> int:
        """The same for the same value, whatever container holds it."""
        key: Any
        if isinstance(value, dict):
            if (known := self._known.get(id(value))) is not None:
                return known
            members = []
            for name, member in value.items():
                members.append((name, self.number(member)))
            key = ("object", frozenset(members))
        elif isinstance(value, list):
            if (known := self._known.get(id(value))) is not None:
                return known
            elements = []
            for element in value:
                elements.append(self.number(element))
            key = ("list", tuple(elements))
        elif isinstance(value, float):
            key = ("number", Decimal(repr(value)))
        elif isinstance(value, (int, Decimal)) and not isinstance(value, bool):
            key = ("number", value)
        else:
            key = (type(value).__name__, value)
        number = self._numbers.setdefault(key, len(self._numbers))
        if isinstance(value, (dict, list)):
            self._known[id(value)] = number
        return number

    def values(self, keys: Keys, before: Any, after: Any) -> None:
        if self.number(before) == self.number(after):
            return
        if isinstance(before, dict) and isinstance(after, dict):
            self.objects(keys, before, after)
        elif isinstance(before, list) and isinstance(after, list) and _by_element(before, after):
            self.lists(keys, before, after)
        else:
            self._add(keys, "changed", before, after)

    def objects(self, keys: Keys, before: dict[str, Any], after: dict[str, Any]) -> None:
        for name, value in after.items():
            if name in before:
                self.values((*keys, name), before[name], value)
            else:
                self._add((*keys, name), "added", None, value)
        for name, value in before.items():
            if name not in after:
                self._add((*keys, name), "removed", value, None)

    def lists(self, keys: Keys, before: list[Any], after: list[Any]) -> None:
        start, end_before, end_after = 0, len(before), len(after)
        if end_before != end_after:
            while start < min(end_before, end_after) and self.number(before[start]) == self.number(after[start]):
                start += 1
            while min(end_before, end_after) > start and (
                self.number(before[end_before - 1]) == self.number(after[end_after - 1])
            ):
                end_before, end_after = end_before - 1, end_after - 1
        for index in range(start, max(end_before, end_after)):
            if index >= end_before:
                self._add((*keys, index), "added", None, after[index])
            elif index >= end_after:
                self._add((*keys, index), "removed", before[index], None)
            else:
                self.values((*keys, index), before[index], after[index])

    def _add(self, keys: Keys, action: Action, before: Any, after: Any) -> None:
        self.changes.append(Change(path_text(keys), action, before, after, keys))


def _by_element(before: list[Any], after: list[Any]) -> bool:
    """Whether two lists that differ read better element by element than as two whole values."""
    if len(before) == len(after):
        return True
    return any(isinstance(element, (dict, list)) for element in (*before, *after))
