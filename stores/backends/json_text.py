"""Documents to JSON text and back, for both backends: what one takes the other takes, and a value comes back equal
and of the same type from either. Nothing here recurses, so no document and no caller's stack can exhaust it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import repeat
from typing import Any

from stores.backends.json_check import find_problems
from stores.backends.json_quick import quick_text
from stores.backends.json_rules import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_DIGITS,
    TOO_LARGE,
    TooLarge,
    Unstorable,
    decimal_text,
    float_text,
    int_text,
    path_text,
    string_text,
)
from stores.backends.json_scan import Scan, text_of
from stores.errors import DocumentDamaged, DocumentError, Problem

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_DIGITS", "check", "decode", "encode", "inexact_numbers", "parse_file"]

Document = dict[str, Any]

_LEAVES: dict[type, Callable[[Any], str]] = {
    str: string_text,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): {None: "null"}.__getitem__,
    int: int.__repr__,
    float: float_text,
    Decimal: decimal_text,
}
#: Where this interpreter does not stop at too long integers by itself.
_CAREFUL_LEAVES: dict[type, Callable[[Any], str]] = {**_LEAVES, int: int_text}
_INFINITIES = (float("inf"), float("-inf"))
_NO_KEY: Any = object()
#: Parts are joined when there are this many, and their size is taken: a list that holds one other list many times
#: over can stand for far more text than fits in memory.
_BATCH = 20_000


def encode(document: Document, *, indent: int | None = None) -> str:
    """`document` as JSON text: compact, or as `json.dumps(document, indent=indent, ensure_ascii=False)` lays it out.

    Raises `DocumentError` with every problem. Numbers: see `json_rules.float_text`."""
    try:
        text = (quick_text(document) if indent is None else None) or _write(document, indent)
    except TooLarge as fault:
        raise DocumentError(str(fault)) from None
    except ValueError as fault:  # Unstorable, or the interpreter's own for an integer too long
        raise DocumentError(find_problems(document) or str(fault)) from None
    except RuntimeError as error:
        raise DocumentError(f"The document was changed while it was being written ({error}). Try again.") from None
    if "\\u0000" in text and (problems := find_problems(document)):  # or the six characters, which are fine
        raise DocumentError(problems)
    if text.isascii():
        size = len(text)
    else:
        try:
            size = len(text.encode("utf-8"))
        except UnicodeEncodeError:
            raise DocumentError(find_problems(document)) from None
    if size > MAX_BYTES:
        if indent is None:
            raise DocumentError(TOO_LARGE)
        encode(document)  # the limit is on the text without layout, or one backend would take what the other refuses
    return text


def _write(document: Document, indent: int | None) -> str:
    """The text; raises ValueError at the first problem it meets (strings are examined by the caller, at once)."""
    if not isinstance(document, dict):
        raise Unstorable("not an object")
    if not document:
        return "{}"
    leaves = _LEAVES if _limits_hold() else _CAREFUL_LEAVES
    newline = "" if indent is None else "\n"
    pad = "" if indent is None else " " * indent
    colon = ":" if indent is None else ": "
    parts = ["{"]
    add = parts.append
    finished: list[str] = []
    size = 0
    outer: list[tuple[Iterator[tuple[Any, Any]], str, str]] = []
    pairs: Iterator[tuple[Any, Any]] = iter(document.items())
    lead = newline + pad
    following = "," + lead
    closing = newline + "}"
    while True:
        for key, value in pairs:
            if key is not _NO_KEY:
                if not isinstance(key, str):
                    raise Unstorable("a key is not text")
                lead += string_text(key) + colon
            leaf = leaves.get(type(value))
            if leaf is not None:
                add(lead + leaf(value))
                lead = following
                continue
            if not isinstance(value, dict | list | tuple):
                add(lead + _leaf_of_subclass(value))
                lead = following
                continue
            if len(outer) + 2 > MAX_DEPTH:
                raise Unstorable("nested too deep")
            opens, closes = "{}" if isinstance(value, dict) else "[]"
            if not value:
                add(lead + opens + closes)
                lead = following
                continue
            add(lead + opens)
            outer.append((pairs, following, closing))
            pairs = iter(value.items()) if isinstance(value, dict) else zip(repeat(_NO_KEY), value, strict=False)
            closing = newline + pad * len(outer) + closes
            lead = newline + pad * (len(outer) + 1)
            following = "," + lead
            break
        else:
            add(closing)
            if not outer:
                break
            pairs, following, closing = outer.pop()
            lead = following
            if len(parts) > _BATCH:
                finished.append("".join(parts))
                parts.clear()
                size += len(finished[-1])
                # The layout of a deep document can outweigh its values, but not without bound.
                if size > MAX_BYTES * (1 if indent is None else MAX_DEPTH):
                    raise TooLarge(TOO_LARGE)
    return "".join([*finished, *parts])


def _leaf_of_subclass(value: object) -> str:
    """Text of an enum member, a marked-safe string and the like: as its base type."""
    for kind, leaf in _CAREFUL_LEAVES.items():
        if isinstance(value, kind):
            return leaf(value)
    raise Unstorable("a type that JSON does not have")


def check(document: object) -> list[Problem]:
    """The problems that `encode` would raise; empty where there are none."""
    try:
        encode(document)  # type: ignore[arg-type]
    except DocumentError as error:
        return error.problems
    return []


#: Escapes that may stand for a NUL or half a character.
_DOUBTFUL_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
#: The C parser recurses, and so deep it still fits a thread with a stack of 1 MiB.
_SAFE_RECURSION_LIMIT = 5_000


def decode(text: str | bytes, *, source: str = "") -> Document:
    """The document in `text`, as a store holds it. Of a key that comes twice the last counts, as for jsonb.

    Raises `DocumentDamaged` with line, column and path of what is wrong."""
    plain = text_of(text, source, DocumentDamaged)
    if _limits_hold() and not ("\\u" in plain and _DOUBTFUL_ESCAPE.search(plain)):
        try:
            found = json.loads(plain, parse_constant=_refuse_constant, parse_float=_finite)
        except (ValueError, RecursionError):
            pass  # the scan says where
        else:
            if type(found) is dict and _is_shallow(found, plain):
                _refuse_size(found, plain, source, DocumentDamaged)
                return found
    scan = Scan(plain, exact=False)
    document = scan.run()
    if scan.problems or not isinstance(document, dict):
        raise DocumentDamaged(scan.problems, source=source)
    _refuse_size(document, plain, source, DocumentDamaged)
    return document


def _limits_hold() -> bool:
    """This interpreter stops at too many digits and too deep nesting by itself, before the C stack ends."""
    return sys.getrecursionlimit() <= _SAFE_RECURSION_LIMIT and 0 < sys.get_int_max_str_digits() <= MAX_DIGITS


def _finite(text: str) -> float:
    value = float(text)
    if value in _INFINITIES:
        raise ValueError(text)
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _is_shallow(document: Document, text: str) -> bool:
    """No deeper than `MAX_DEPTH`: by the count of brackets, or level by level."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return True
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        level = [
            value
            for container in level
            for value in (container.values() if type(container) is dict else container)
            if type(value) is dict or type(value) is list
        ]
        if not level:
            return True
    return False


def _refuse_size(document: Document, text: str, source: str, error: type[DocumentError]) -> None:
    if len(text) * (1 if text.isascii() else 4) > MAX_BYTES:
        try:
            encode(document)
        except DocumentError as refused:
            raise error(refused.problems, source=source) from None


def parse_file(data: bytes, *, source: str) -> Document:
    """The document in a file to import, read strictly. A number with more digits than a double holds becomes a
    `Decimal`, so that an import changes nothing (`inexact_numbers` lists them).

    Raises `DocumentError` with every problem, each with line, column and path; a syntax error ends the list."""
    text = text_of(data, source, DocumentError)
    scan = Scan(text, exact=True, unique_keys=True)
    document = scan.run()
    if scan.problems or not isinstance(document, dict):
        raise DocumentError(scan.problems, source=source)
    _refuse_size(document, text, source, DocumentError)
    return document


def inexact_numbers(document: Document) -> list[Problem]:
    """The numbers that `parse_file` kept as `Decimal`: stored exactly, but rounded by a program that reads them
    into a double, as the dashboard does."""
    problems: list[Problem] = []
    pending: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, Decimal):
            problems.append(
                Problem(
                    path_text(path),
                    f"The number has more digits than programs keep: it is stored as it stands, and they read {float(value)!r}.",
                )
            )
        elif isinstance(value, dict):
            pending.extend(((*path, key), member) for key, member in reversed(value.items()))
        elif isinstance(value, list | tuple):
            pending.extend(((*path, i), value[i]) for i in range(len(value) - 1, -1, -1))
    return problems
