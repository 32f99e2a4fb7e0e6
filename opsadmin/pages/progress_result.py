"""What a run was given and what came of it, from the plain data that the log keeps, as blocks that a page draws."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from opsadmin.core.blocks import Block, Code, Figures, Table, label_of, said
from opsadmin.postgres.masking import MASK, without_secrets

#: A text beyond that stands by itself.
SHORT = 40
#: Deeper than that a value is JSON.
DEEPEST = 3
#: Names of parameters whose values nobody is to read.
_SECRET = re.compile(r"password|passwd|secret|token|api_?key|dsn", re.IGNORECASE)


def without_secret_values(value: Any, name: str = "") -> Any:
    """The plain value without what looks like a secret."""
    match value:
        case None | bool():
            return value
        case _ if _SECRET.search(name):
            return MASK
        case str():
            return without_secrets(value)
        case Mapping():
            return {key: without_secret_values(one, str(key)) for key, one in value.items()}
        case list():
            return [without_secret_values(one, name) for one in value]
    return value


def as_json(value: Any) -> str:
    """For whoever wants it exactly."""
    return json.dumps(value, ensure_ascii=False, indent=2)


@dataclass(frozen=True)
class Kept:
    """A value that was kept. `leave_out`: names that are shown elsewhere."""

    value: Any
    leave_out: frozenset[str] = frozenset()

    def blocks(self) -> list[Block]:
        value = self.value
        if isinstance(value, Mapping):
            value = {name: one for name, one in value.items() if name not in self.leave_out}
        return _blocks(value, "", 0)


def _blocks(value: Any, title: str, depth: int) -> list[Block]:
    if value in (None, "", [], {}):
        return []
    if depth >= DEEPEST:
        return [Code(title, as_json(value))]
    if isinstance(value, Mapping):
        return _of_mapping(value, title, depth)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_table(value, title)]
    return [Code(title, value if isinstance(value, str) else said(title, value))]


def _of_mapping(value: Mapping[str, Any], title: str, depth: int) -> list[Block]:
    figures: list[tuple[str, str]] = []
    rest: list[Block] = []
    for name, one in value.items():
        label = label_of(str(name))
        is_long = isinstance(one, str) and (len(one) > SHORT or "\n" in one)
        if is_long or isinstance(one, Mapping) or (isinstance(one, list) and any(map(_is_deep, one))):
            rest += _blocks(one, label, depth + 1)
        else:
            figures.append((label, _word(str(name), one)))
    return [*([Figures(title, tuple(figures))] if figures else []), *rest]


def _table(values: Sequence[Any], title: str) -> Table:
    if not all(isinstance(one, Mapping) for one in values):
        return Table(title, (title or "Value",), tuple((_word("", one),) for one in values))
    names = list(dict.fromkeys(name for one in values for name in one))
    rows = tuple(tuple(_word(name, one.get(name)) for name in names) for one in values)
    numeric = {
        index
        for index, name in enumerate(names)
        if all(isinstance(one.get(name), int | float) and not isinstance(one[name], bool) for one in values)
    }
    return Table(title, tuple(label_of(name) for name in names), rows, frozenset(numeric))


def _word(name: str, value: Any) -> str:
    if isinstance(value, str) and name.endswith("_at"):
        try:
            moment = parse_datetime(value)
        except ValueError:
            moment = None
        if moment is not None and timezone.is_aware(moment):
            return said("", timezone.localtime(moment))
    return said(name, value) or "–"


def _is_deep(value: Any) -> bool:
    return isinstance(value, Mapping | list)
