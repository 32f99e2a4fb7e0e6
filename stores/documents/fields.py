"""The kinds of values a document has. Each field says what is wrong with a value as remarks; none raises, whatever
it is given. Texts for people are marked for translation by `gettext_noop`; the pages translate them."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from math import isfinite
from typing import Any, ClassVar
from urllib.parse import urlsplit

from stores.documents.remark import Remark, key_path, shown


def gettext_noop(text: str) -> str:
    """Marks a text for the translators without Django."""
    return text


@dataclass(frozen=True, kw_only=True)
class Field:
    """One key. `default` is what the dashboard uses where the key is absent (None: its reference names none);
    `nullable`: null is a value of its own; `secret`: never shown; `editable`: offered in the form."""

    key: str
    label: str
    section: str = ""
    default: Any = None
    unit: str = ""
    help: str = ""
    nullable: bool = False
    secret: bool = False
    editable: bool = True

    #: What the value must be, as it ends the sentence "It must be ...".
    expected: ClassVar[str] = "a value"

    def remarks(self, value: Any, path: str, *, strict: bool) -> Iterator[Remark]:
        """What is wrong with `value`. `strict`: by the range of the dashboard's form, else by what it tolerates."""
        if value is None and self.nullable:
            return
        yield from self.check(value, path, strict)

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        raise NotImplementedError

    def wrong_type(self, value: Any, path: str) -> Remark:
        found = "The value" if self.secret else shown(value)
        return Remark(path, f"{_start(found)} does not fit: it must be {self.expected}.", "type")


def _start(text: str) -> str:
    return text[:1].upper() + text[1:] if text[:2] in ("a ", "an") else text


@dataclass(frozen=True, kw_only=True)
class BoolField(Field):
    expected: ClassVar[str] = "true or false"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if not isinstance(value, bool):
            yield self.wrong_type(value, path)


@dataclass(frozen=True, kw_only=True)
class NumberField(Field):
    """`minimum` to `maximum` is what the form takes; `tolerated` (minimum, maximum) what the dashboard lives with
    in a document that is already there, None for no limit. Without `tolerated` both are the same."""

    minimum: float | None = None
    maximum: float | None = None
    tolerated: tuple[float | None, float | None] | None = None

    def limits(self, *, strict: bool) -> tuple[float | None, float | None]:
        return (self.minimum, self.maximum) if strict or self.tolerated is None else self.tolerated

    def range_text(self, *, strict: bool = True) -> str:
        """`60 to 3600`, `at least 0`, or nothing."""
        low, high = self.limits(strict=strict)
        if low is not None and high is not None:
            return f"{low:g} to {high:g}" if max(abs(low), abs(high)) < 1e5 else f"{low} to {high}"
        if low is not None:
            return f"at least {low:g}"
        return f"at most {high:g}" if high is not None else ""

    def check_range(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        low, high = self.limits(strict=strict)
        if (low is not None and value < low) or (high is not None and value > high):
            unit = f" {self.unit}" if self.unit else ""
            yield Remark(
                path,
                f"{_start(shown(value))} is out of range: it must be {self.range_text(strict=strict)}{unit}.",
                "range",
            )


@dataclass(frozen=True, kw_only=True)
class IntField(NumberField):
    """A whole number. 3.0 does not fit: a reader in Python gets a float from it, which cannot count repetitions."""

    expected: ClassVar[str] = "a whole number"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield self.wrong_type(value, path)
        else:
            yield from self.check_range(value, path, strict)


@dataclass(frozen=True, kw_only=True)
class FloatField(NumberField):
    expected: ClassVar[str] = "a number"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if number(value) is None:
            yield self.wrong_type(value, path)
        else:
            yield from self.check_range(value, path, strict)


def number(value: Any) -> int | float | Decimal | None:
    """`value` where it is a finite number, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else None
    return value if isinstance(value, Decimal) and value.is_finite() else None


@dataclass(frozen=True, kw_only=True)
class ChoiceField(Field):
    """One of `choices`: (value, label)."""

    choices: tuple[tuple[str, str], ...]

    expected: ClassVar[str] = "text"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if not isinstance(value, str):
            yield self.wrong_type(value, path)
        elif value not in {name for name, _ in self.choices}:
            names = ", ".join(name for name, _ in self.choices)
            yield Remark(path, f"{shown(value)} is not a choice: it must be one of {names}.", "choice")


@dataclass(frozen=True, kw_only=True)
class TextField(Field):
    """Text of at most `longest` characters that fits `pattern` as a whole; `pattern_text` says it in words."""

    longest: int | None = None
    pattern: str = ""
    pattern_text: str = ""

    expected: ClassVar[str] = "text"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if not isinstance(value, str):
            yield self.wrong_type(value, path)
            return
        if self.longest is not None and len(value) > self.longest:
            yield Remark(path, f"The text has {len(value)} characters; at most {self.longest} are possible.", "format")
        if self.pattern and not re.fullmatch(self.pattern, value):
            yield Remark(path, f"{shown(value)} does not fit: it must be {self.pattern_text}.", "format")


@dataclass(frozen=True, kw_only=True)
class TimeOfDayField(TextField):
    pattern: str = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
    pattern_text: str = "a time of two digits each, as 06:30, from 00:00 to 23:59"


@dataclass(frozen=True, kw_only=True)
class TimeZoneField(Field):
    expected: ClassVar[str] = "the name of a time zone"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if not isinstance(value, str):
            yield self.wrong_type(value, path)
        elif value not in _zones():
            yield Remark(path, f"{shown(value)} is not an IANA time zone, as Europe/Paris.", "format")


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


@dataclass(frozen=True, kw_only=True)
class MomentField(Field):
    """An ISO-8601 date and time with its offset. The dashboard writes UTC; another offset is the same moment."""

    expected: ClassVar[str] = "a date and time as text"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if not isinstance(value, str):
            yield self.wrong_type(value, path)
            return
        found = moment(value)
        if found is None or len(value) < 16:  # fromisoformat also takes a date alone
            yield Remark(
                path, f"{shown(value)} is not a date and time in ISO 8601, as 2026-07-18T14:22:07+00:00.", "format"
            )
        elif found.tzinfo is None:
            yield Remark(path, f"{shown(value)} does not say its time zone: end it with +00:00 for UTC.", "format")


def moment(value: Any) -> datetime | None:
    """The moment a document's text names; None where it names none."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


@dataclass(frozen=True, kw_only=True)
class DayField(Field):
    expected: ClassVar[str] = "a date as text"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if not isinstance(value, str):
            yield self.wrong_type(value, path)
            return
        try:
            fits = date.fromisoformat(value).isoformat() == value
        except ValueError:
            fits = False
        if not fits:
            yield Remark(path, f"{shown(value)} is not a date, as 2026-07-18.", "format")


@dataclass(frozen=True, kw_only=True)
class WebAddressField(Field):
    """An https address, or empty for none. It is a secret, so no message holds any of it."""

    secret: bool = True

    expected: ClassVar[str] = "text"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if not isinstance(value, str):
            yield self.wrong_type(value, path)
        elif value and not _is_https(value):
            yield Remark(path, "The address must begin with https:// and name a host, without spaces.", "format")


def _is_https(value: str) -> bool:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and bool(host) and value.isprintable() and " " not in value


@dataclass(frozen=True, kw_only=True)
class ObjectField(Field):
    """An object with `fields` of its own. `ordered_pair`: the two keys of which the first must not exceed the other."""

    fields: tuple[Field, ...]
    ordered_pair: tuple[str, str] | None = None

    expected: ClassVar[str] = "an object"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if not isinstance(value, dict):
            yield self.wrong_type(value, path)
            return
        yield from member_remarks(self.fields, value, path, strict)
        if self.ordered_pair is not None:
            first, second = self.ordered_pair
            low, high = number(value.get(first)), number(value.get(second))
            if low is not None and high is not None and low > high:
                yield Remark(
                    key_path(path, first),
                    f"{first} ({shown(low)}) is above {second} ({shown(high)}); it must not exceed it.",
                    "relation",
                )


def member_remarks(fields: tuple[Field, ...], value: dict[Any, Any], path: str, strict: bool) -> Iterator[Remark]:
    """The remarks on an object's known members in the order of the definition, then a note per unknown key."""
    known = {field.key: field for field in fields}
    for key, field in known.items():
        if key in value:
            yield from field.remarks(value[key], key_path(path, key), strict=strict)
    for key in value:
        if key not in known:
            yield Remark(key_path(path, key), "The dashboard does not know this key; it is kept untouched.", "unknown")


@dataclass(frozen=True, kw_only=True)
class DaysField(Field):
    """Days of the week as numbers: 0 is Monday."""

    expected: ClassVar[str] = "a list of days from 0 (Monday) to 6 (Sunday)"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if not isinstance(value, list):
            yield self.wrong_type(value, path)
            return
        for index, day in enumerate(value):
            if isinstance(day, bool) or not isinstance(day, int):
                yield Remark(key_path(path, index), f"{_start(shown(day))} is not a whole number.", "type")
            elif not 0 <= day <= 6:
                yield Remark(key_path(path, index), f"{shown(day)} is not a day: 0 is Monday, 6 is Sunday.", "range")


@dataclass(frozen=True, kw_only=True)
class ListField(Field):
    """A list of objects, each as `item` describes it."""

    item: ObjectField

    expected: ClassVar[str] = "a list"

    def check(self, value: Any, path: str, strict: bool) -> Iterator[Remark]:
        if not isinstance(value, list):
            yield self.wrong_type(value, path)
            return
        for index, element in enumerate(value):
            yield from self.item.remarks(element, key_path(path, index), strict=strict)
