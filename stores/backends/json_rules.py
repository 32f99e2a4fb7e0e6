"""What a document may hold, so that a file and PostgreSQL's jsonb keep it alike: limits, the text of each kind of
number, what makes a string unstorable, and how a place in a document is named."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from json.encoder import encode_basestring, encode_basestring_ascii  # type: ignore[attr-defined, unused-ignore]

#: Objects and lists inside each other, the document itself included. The dashboard's documents need 4.
MAX_DEPTH = 200
#: UTF-8 bytes of a document without the spaces of its layout.
MAX_BYTES = 16 * 1024 * 1024
#: Digits of one number: Python's own limit for turning text into an integer, here for every reader.
MAX_DIGITS = 4300
#: A list of problems ends here; a person corrects these first.
MAX_PROBLEMS = 100

_LARGEST_FLOAT = Decimal(float.fromhex("0x1.fffffffffffffp+1023"))
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_LONGEST_KEY = 60
_LONGEST_PATH = 24

NUL = (
    "The text contains a NUL character (\\u0000), which PostgreSQL's jsonb cannot hold and neither store takes. "
    "Remove it."
)
SURROGATE = (
    "The text contains half of a character (a lone surrogate, \\ud800 to \\udfff), which is not valid Unicode. "
    "Remove it or write the whole character."
)
TOO_DEEP = f"Objects and lists are nested more than {MAX_DEPTH} deep. Make the document flatter."
TOO_MANY_DIGITS = (
    f"The number has more than {MAX_DIGITS:,} digits, and no reader could hold it. Shorten it, or keep it as text."
)
TOO_LARGE_NUMBER = (
    "The number is larger than any reader can hold (about 1.8e308). Shorten it, or keep it as text in quotes."
)
TOO_SMALL_NUMBER = "The number is closer to zero than any reader can hold. Write 0.0, or keep it as text in quotes."
TOO_LARGE = f"The document has more than {MAX_BYTES // 1024 // 1024} MiB of JSON; that is the limit. Move the large parts elsewhere."
MORE_PROBLEMS = f"There are more than {MAX_PROBLEMS} problems; correct these first."


class Unstorable(ValueError):
    """A value that the stores do not take; its text is the sentence for a person."""


class TooLarge(Unstorable):
    """The text would exceed `MAX_BYTES`."""


#: A text as a JSON string, not ASCII-escaped (the standard library's C function).
string_text: Callable[[str], str] = encode_basestring


def string_fault(value: str) -> str | None:
    """Why the string cannot be stored, or None."""
    if "\x00" in value:
        return NUL
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return SURROGATE
    return None


def int_text(value: int) -> str:
    """Raises `Unstorable` beyond `MAX_DIGITS`, whatever limit this interpreter was given."""
    try:
        text = int.__repr__(value)
    except ValueError:
        raise Unstorable(TOO_MANY_DIGITS) from None
    if len(text) > MAX_DIGITS and len(text.lstrip("-")) > MAX_DIGITS:
        raise Unstorable(TOO_MANY_DIGITS)
    return text


def float_text(value: float) -> str:
    """The shortest text that reads back as the same float, always with a decimal point and without an exponent:
    jsonb keeps numbers as numeric and would give 1e+22 back as an integer. -0.0 becomes 0.0, as numeric has no
    negative zero. Raises `Unstorable` for NaN and the infinities."""
    text = float.__repr__(value)
    if "e" in text:
        return _positional(Decimal(text))
    if "n" in text:
        raise Unstorable(f"{constant_name(text)} is not a number that JSON can hold. Use null or a number.")
    return "0.0" if text == "-0.0" else text


def constant_name(text: str) -> str:
    """`nan`, `inf`, `-inf` as JSON readers that take them spell them."""
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, text)


def decimal_text(value: Decimal) -> str:
    """Every digit of `value`, with a decimal point and without an exponent: a reader takes it for a float.

    Raises `Unstorable` for NaN, the infinities and what no float could come near."""
    if not value.is_finite():
        raise Unstorable(f"{value} is not a number that JSON can hold. Use null or a number.")
    if not value:
        return "0.0"
    if abs(value) > _LARGEST_FLOAT:
        raise Unstorable(TOO_LARGE_NUMBER)
    digits, exponent = value.as_tuple().digits, int(value.as_tuple().exponent)
    if len(digits) > MAX_DIGITS:
        raise Unstorable(TOO_MANY_DIGITS)
    if -exponent >= MAX_DIGITS:
        raise Unstorable(TOO_SMALL_NUMBER if value.adjusted() < -1000 else TOO_MANY_DIGITS)
    return _positional(value)


def _positional(value: Decimal) -> str:
    text = format(value, "f")
    return text if "." in text else text + ".0"


def path_text(keys: Iterable[str | int]) -> str:
    """`winter.min_temp`, `time_windows[0].start`; keys that are not words stand in brackets: `["a.b"]`."""
    steps = list(keys)
    if len(steps) > _LONGEST_PATH:
        return f"{path_text(steps[:8])} … {path_text(steps[-8:])} ({len(steps)} levels)"
    text = ""
    for key in steps:
        if isinstance(key, int):
            text += f"[{key}]"
        elif len(key) <= _LONGEST_KEY and _PLAIN_KEY.fullmatch(key):
            text += f".{key}" if text else key
        else:
            shown = key if len(key) <= _LONGEST_KEY else key[:_LONGEST_KEY] + "…"
            # Escaped where a terminal or a log could not take it.
            text += f"[{encode_basestring(shown) if shown.isprintable() else encode_basestring_ascii(shown)}]"
    return text
