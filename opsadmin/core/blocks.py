"""A result as blocks that any door can show: the terminal as text, a page as HTML. What a result does not say itself is
read from its fields: numbers stand alone in a list of figures, a list of dataclasses becomes a table."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opsadmin.core.finding import Status
from opsadmin.core.result import plain


@dataclass(frozen=True)
class Figures:
    """Names and their values, as text for people."""

    title: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """`numeric`: the positions of columns that are numbers, set to the right. `empty`: what stands where there are no
    rows. `more`: what was left out, as a sentence."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    empty: str = "Nothing."
    more: str = ""


@dataclass(frozen=True)
class Code:
    """A text to read or copy as it stands: SQL, a plan, a definition."""

    title: str
    text: str


@dataclass(frozen=True)
class Note:
    """A sentence with how bad it is; `detail` in smaller letters, `command` to copy."""

    status: Status
    text: str
    detail: str = ""
    command: str = ""


Block = Figures | Table | Code | Note


def blocks_of(result: Any, title: str = "") -> list[Block]:
    """The result's own `blocks()` where it has them, else what its fields say."""
    if hasattr(result, "blocks"):
        return list(result.blocks())
    if isinstance(result, list | tuple):
        return [table_of(result, title)]
    if not (dataclasses.is_dataclass(result) and not isinstance(result, type)):
        return [] if result is None else [Code(title, said(title, plain(result)))]
    figures: list[tuple[str, str]] = []
    rest: list[Block] = []
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        label = label_of(field.name)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            rest.extend(blocks_of(value, label))
        elif isinstance(value, list | tuple):
            if value:
                rest.append(table_of(value, label))
        elif isinstance(value, str) and "\n" in value:
            rest.append(Code(label, value))
        else:
            figures.append((label, said(field.name, value)))
    return [*([Figures(title, tuple(figures))] if figures else []), *rest]


def table_of(values: Sequence[Any], title: str = "") -> Table:
    """A table of dataclasses of one kind; of anything else, with one column."""
    if values and dataclasses.is_dataclass(values[0]):
        names = [field.name for field in dataclasses.fields(values[0])]
        rows = tuple(tuple(said(name, getattr(value, name)) for name in names) for value in values)
        numeric = {
            index
            for index, name in enumerate(names)
            if any(_is_number(getattr(value, name)) for value in values)
            and all(_is_number(getattr(value, name)) or getattr(value, name) is None for value in values)
        }
        return Table(title, tuple(label_of(name) for name in names), rows, frozenset(numeric))
    return Table(title, (title or "Value",), tuple((said("", value),) for value in values))


def label_of(name: str) -> str:
    """A field's name for people: `size_bytes` is "Size", `mean_ms` is "Mean (ms)"."""
    for end, unit in (("_bytes", ""), ("_ms", " (ms)"), ("_seconds", ""), ("_at", "")):
        if name.endswith(end) and len(name) > len(end):
            name, suffix = name.removesuffix(end), unit
            break
    else:
        suffix = ""
    return name.replace("_", " ").strip().capitalize() + suffix


def said(name: str, value: Any) -> str:
    """A value for people, by the unit that its field's name ends with."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if _is_number(value):
        return said_number(name, value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S %Z").strip()
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    value = plain(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def said_number(name: str, value: float) -> str:
    """A number with its unit: bytes, seconds, percent by the end of its name, else with thousands set apart; one that
    names something (a pid, an oid) as it is."""
    if name.rpartition("_")[2] in ("pid", "oid", "port"):
        return str(value)
    if name.endswith("bytes"):
        return said_bytes(value)
    if name.endswith("seconds"):
        return said_seconds(value)
    if name.endswith("percent"):
        return f"{value:.3g} %"
    if isinstance(value, int) or float(value).is_integer():
        return f"{value:,.0f}".replace(",", " ")
    if abs(value) < 0.01:
        return f"{value:.3g}"  # little is not nothing
    return f"{value:,.2f}".replace(",", " ")


def said_bytes(value: float) -> str:
    """As PostgreSQL's pg_size_pretty counts: 1 kB is 1024 bytes."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(amount) < 1024 or unit == "TB":
            return f"{amount:.0f} {unit}" if unit == "B" or abs(amount) >= 100 else f"{amount:.3g} {unit}"
        amount /= 1024
    raise AssertionError


def said_seconds(value: float) -> str:
    """The two largest units of a duration."""
    amount = abs(float(value))
    if amount < 1:
        return f"{amount * 1000:.0f} ms"
    if amount < 60:
        return f"{amount:.3g} s"
    whole = int(amount)
    for size, unit, smaller, name in (
        (86_400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit} {rest} {name}" if rest else f"{whole // size} {unit}"
    raise AssertionError


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
