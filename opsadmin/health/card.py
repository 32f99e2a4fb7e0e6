"""The card at the head of a check's file: what it is called, how bad it is, what it says and what mends it.

    -- title: Invalid index
    -- severity: warning
    -- needs: role pg_read_all_stats
    -- threshold: min_bytes = 1 MB; smaller ones are not worth a lock (our choice)
    -- says: {object} is invalid since a CREATE INDEX CONCURRENTLY failed.
    -- why: Every write pays for it, and no query can use it.
    -- hint: Build it anew.
    -- fix: REINDEX INDEX CONCURRENTLY {object};
    -- lock: SHARE UPDATE EXCLUSIVE on {table_object}
    -- source: PostgreSQL documentation, CREATE INDEX, "Building Indexes Concurrently"
    -- examined: {indexes} indexes
    SELECT ...

A longer text goes on in lines that begin with two dashes and three blanks. {word} is a column of the row, or a threshold;
`:word` in the SQL is a threshold's number, as psql's variables are written. A check in Python has the same card, without
the dashes, as its module's docstring.

A row with `not_looked_at` (a sentence) is no finding: it says what the role or a lock kept the check from seeing. With
`nothing_seen` beside it the check could see nothing at all, and is unavailable instead of fine."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opsadmin.core.blocks import said, said_number
from opsadmin.core.finding import Status

UNITS = {
    "": 1.0,
    "%": 1.0,
    "kB": 1024.0,
    "MB": 1024.0**2,
    "GB": 1024.0**3,
    "TB": 1024.0**4,
    "ms": 0.001,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "k": 1e3,
    "million": 1e6,
    "billion": 1e9,
}
KEYS = frozenset(
    "title severity needs threshold says why hint fix command lock source examined".split()  # noqa: SIM905
)
_LINE = re.compile(r"(?P<key>[a-z]+): ?(?P<text>.*)")
_THRESHOLD = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*) = (?P<number>-?[\d.]+(?:e\d+)?) ?(?P<unit>%|[a-zA-Z]*);? ?(?P<text>.*)"
)
_VARIABLE = re.compile(r"(?<![:\w]):([a-z][a-z0-9_]*)\b")


class CardError(ValueError):
    """A check's file is not written as it must be."""


@dataclass(frozen=True)
class Threshold:
    """`value` in bytes, seconds or percent, by `unit`; `written` is the number as the card has it; `text` says what it is
    compared with and where it comes from."""

    name: str
    value: float
    unit: str
    text: str

    def said(self, value: float) -> str:
        """A value in this threshold's unit, for people."""
        if self.unit in ("kB", "MB", "GB", "TB"):
            return said_number("bytes", value)
        if self.unit in ("ms", "s", "min", "h", "d"):
            return said_number("seconds", value)
        if self.unit == "%":
            return said_number("percent", value)
        return said_number("", int(value) if float(value).is_integer() else value)


@dataclass(frozen=True)
class Card:
    """See the module. `sql`: the question, empty for a check in Python."""

    id: str
    area: str
    title: str
    severity: Status
    says: str
    why: str
    needs: tuple[str, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    hint: str = ""
    fix: str = ""
    command: str = ""
    lock: str = ""
    source: str = ""
    examined: str = ""
    sql: str = ""

    def placeholders(self) -> set[str]:
        """The columns and thresholds that the texts name."""
        texts = (self.says, self.why, self.hint, self.fix, self.command, self.lock)
        return {name for text in texts for name in _names(text)}


def parse_card(id: str, text: str) -> Card:
    """The card of a file's text: SQL with the card in comments, or a docstring without them.

    Raises `CardError` naming what is missing or unknown."""
    is_sql = text.lstrip().startswith("--")
    lines = text.strip().splitlines()
    entries: list[tuple[str, str]] = []
    rest = len(lines)
    for number, line in enumerate(lines):
        if is_sql and not line.startswith("--"):
            rest = number
            break
        body = line[2:] if is_sql else line
        if is_sql and body.startswith("   ") or not is_sql and body.startswith("  "):
            if not entries:
                raise CardError(f"{id}: the card begins with a continuation: {line!r}")
            key, before = entries[-1]
            entries[-1] = (key, f"{before} {body.strip()}")
            continue
        match = _LINE.fullmatch(body.strip())
        if match is None:
            if not is_sql and not body.strip():
                break
            raise CardError(f"{id}: this line of the card is no `key: text`: {line!r}")
        if match["key"] not in KEYS:
            raise CardError(f"{id}: the card knows no {match['key']!r}; it knows {', '.join(sorted(KEYS))}")
        entries.append((match["key"], match["text"].strip()))
    single = {key: text for key, text in entries if key not in ("threshold", "needs")}
    for needed in ("title", "says", "why", "source"):
        if not single.get(needed):
            raise CardError(f"{id}: the card has no `{needed}:`")
    severity = single.pop("severity", "warning")
    if severity not in ("warning", "critical"):
        raise CardError(f"{id}: severity is {severity!r}; it must be warning or critical")
    sql = "\n".join(lines[rest:]).strip().rstrip(";") if is_sql else ""
    if is_sql and not sql:
        raise CardError(f"{id}: there is no SQL after the card")
    thresholds = tuple(_threshold(id, text) for key, text in entries if key == "threshold")
    unknown = set(_VARIABLE.findall(_without_comments(sql))) - {one.name for one in thresholds}
    if unknown:
        raise CardError(f"{id}: the SQL names {', '.join(sorted(unknown))}, and the card has no such threshold")
    return Card(
        id=id,
        area=id.split(".", 1)[0],
        severity=Status(severity),
        needs=tuple(text for key, text in entries if key == "needs"),
        thresholds=thresholds,
        sql=sql,
        **single,
    )


def with_numbers(sql: str, values: dict[str, float]) -> str:
    """The SQL with each `:threshold` replaced by its number."""
    return _VARIABLE.sub(lambda match: f"{values[match[1]]:.15g}" if match[1] in values else match[0], sql)


def fill(text: str, card: Card, row: dict[str, Any], values: dict[str, float], *, raw: bool = False) -> str:
    """The text with its {placeholders} filled from the row, and where it has no such column, from the thresholds. `raw`:
    for SQL, numbers as they are; without it, numbers in words with their unit, by the end of the column's name."""
    return put(text, {name: _word(name, card, row, values, raw=raw) for name in _names(text)})


def words_of(card: Card, row: dict[str, Any], values: dict[str, float]) -> dict[str, str]:
    """What fills the placeholders of the card's sentences, those that the row does not say itself."""
    texts = (card.says, *(getattr(card, name) for name in ("hint", "why") if row.get(name) is None))
    return {name: _word(name, card, row, values) for text in texts for name in _names(text)}


def put(text: str, words: Mapping[str, str]) -> str:
    """The text with each {placeholder} replaced by its word."""
    parts = []
    for literal, name, _, _ in string.Formatter().parse(text):
        parts.append(literal)
        if name:
            parts.append(words[name])
    return "".join(parts)


def _names(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name]


def _word(name: str, card: Card, row: dict[str, Any], values: dict[str, float], *, raw: bool = False) -> str:
    for threshold in card.thresholds:
        if threshold.name == name and name not in row:
            return threshold.said(values[name])
    value = row[name]
    if raw:
        return "" if value is None else str(value)
    return "unknown" if value is None else said(name, value)


def _threshold(id: str, text: str) -> Threshold:
    match = _THRESHOLD.fullmatch(text)
    if match is None or match["unit"] not in UNITS:
        raise CardError(f"{id}: a threshold is written `name = 10 MB; what it is compared with (source)`, not {text!r}")
    return Threshold(match["name"], float(match["number"]) * UNITS[match["unit"]], match["unit"], match["text"])


def _without_comments(sql: str) -> str:
    sql = re.sub(r"--[^\n]*", "", sql)
    return re.sub(r"'(?:[^']|'')*'", "''", sql)
