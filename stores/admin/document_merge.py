"""Bring a person's changes to a document that somebody else may have changed meanwhile. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stores.backends.protocol import Document
from stores.sync.differences import Keys, path_text, same


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Any = _Absent()


@dataclass(frozen=True)
class Conflict:
    """A place that both changed, differently. `ABSENT`: the key is not there."""

    path: str
    base: Any
    theirs: Any
    mine: Any


@dataclass(frozen=True)
class Merged:
    """`document` has both sides' changes; where they conflict, mine."""

    document: Document
    conflicts: tuple[Conflict, ...]


def merge(base: Document, mine: Document, theirs: Document) -> Merged:
    """`mine` and `theirs` both come from `base`. Objects are merged by key, lists are one value."""
    conflicts: list[Conflict] = []
    return Merged(_merge((), base, mine, theirs, conflicts), tuple(conflicts))


def _merge(keys: Keys, base: Document, mine: Document, theirs: Document, conflicts: list[Conflict]) -> Document:
    result: Document = {}
    for name in [*theirs, *(name for name in mine if name not in theirs)]:
        before, ours, others = base.get(name, ABSENT), mine.get(name, ABSENT), theirs.get(name, ABSENT)
        taken = ours
        if _equal(ours, before):
            taken = others
        elif _equal(others, before) or _equal(ours, others):
            pass
        elif isinstance(ours, dict) and isinstance(others, dict):
            root = before if isinstance(before, dict) else {}
            taken = _merge((*keys, name), root, ours, others, conflicts)
        else:
            conflicts.append(Conflict(path_text((*keys, name)), before, others, ours))
        if taken is not ABSENT:
            result[name] = taken
    return result


def _equal(left: Any, right: Any) -> bool:
    if left is ABSENT or right is ABSENT:
        return left is right
    return same(left, right)
