"""Read JSON text token by token, without recursion, to say where it is wrong: line, column and path. It builds the
document as well, so a caller deep in its stack gets one where json.loads gives up. Messages never hold values of
the document: a webhook's key may stand in any of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from json import JSONDecodeError
from json import decoder as json_decoder
from typing import Any, NoReturn

from stores.backends.json_check import NOT_AN_OBJECT, kind_name
from stores.backends.json_rules import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_PROBLEMS,
    MORE_PROBLEMS,
    SURROGATE,
    TOO_DEEP,
    TOO_LARGE_NUMBER,
    TOO_MANY_DIGITS,
    TOO_SMALL_NUMBER,
    Unstorable,
    decimal_text,
    path_text,
    string_fault,
)
from stores.errors import DocumentError, Problem

#: The standard library's own reader of one string (C): the text and a position past the opening quote go in, the
#: string and the position past the closing quote come out.
_scanstring: Callable[[str, int], tuple[str, int]] = json_decoder.scanstring  # type: ignore[attr-defined]
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_CUT_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,4})?\Z")
_CONSTANTS = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"[-+]?[A-Za-z_$][A-Za-z0-9_$]*|[-+.]?[0-9][0-9A-Za-z_.+-]*|[-+.]")
_CUT_NUMBER = re.compile(r"-|-?(?:0|[1-9][0-9]*)(?:\.|(?:\.[0-9]+)?[eE][+-]?)")
_NOT_NUMBERS = ("NaN", "Infinity", "-Infinity")
_FOREIGN_WORDS = {"True": "true", "False": "false", "None": "null", "undefined": "null"}

EMPTY = "The file is empty. Put {} in it, or restore it from a backup."
ZEROS = "From here on there are zero bytes: the text was cut off by a crash. Restore it from a backup."


def text_of(data: str | bytes, source: str, error: type[DocumentError]) -> str:
    """The characters of `data` without a byte order mark. Raises `error` where they are not UTF-8, with the place."""
    if isinstance(data, str):
        try:
            data.encode("utf-8")
        except UnicodeEncodeError as broken:
            raise error([Problem("", SURROGATE, *_place(data, broken.start))], source=source) from None
        return data.removeprefix("\ufeff")
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
        # ASCII as UTF-16 is valid UTF-8 with a NUL in each character; a file of zeros is another matter.
        if b"\x00" in data[:4] and data.strip(b"\x00"):
            _refuse_wide(source, error)
        return text
    except UnicodeDecodeError as broken:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            _refuse_wide(source, error)
        before = data[: broken.start].decode("utf-8").removeprefix("\ufeff")
        byte = data[broken.start]
        shown = bytes([byte]).decode("cp1252", "replace")
        hint = (
            f"In Latin-1 it would be {shown!r}: convert the file (iconv -f LATIN1 -t UTF-8), or save it as UTF-8."
            if shown.isprintable() and shown.isalpha()
            else "Save the file as UTF-8."
        )
        line, column = _place(before, len(before))
        message = f"The byte 0x{byte:02x} is not UTF-8. {hint}"
        raise error([Problem("", message, line, column)], source=source) from None


def _refuse_wide(source: str, error: type[DocumentError]) -> NoReturn:
    message = "The file is not UTF-8; it looks like UTF-16 or UTF-32. Save it as UTF-8 (iconv -f UTF-16 -t UTF-8)."
    raise error([Problem("", message, 1, 1)], source=source)


def _place(text: str, position: int) -> tuple[int, int]:
    """Line and column, from 1, in characters."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


class _Stop(Exception):
    """The text cannot be read past this point; what is wrong is in `problems`."""


class _Open:
    """An object or list whose end has not come: where it began, and the step of the path being read in it (None:
    no member yet)."""

    __slots__ = ("begin", "closing", "first_seen", "step", "value")

    def __init__(self, value: dict[str, Any] | list[Any], begin: int) -> None:
        self.value = value
        self.begin = begin
        self.closing = "}" if isinstance(value, dict) else "]"
        self.step: str | int | None = None
        self.first_seen: dict[str, int] = {}


class Scan:
    """One reading of `text`. `exact` keeps numbers that a double would round as `Decimal`; `unique_keys` makes a
    repeated key a problem. After `run`, `problems` is empty or the result is to be thrown away."""

    def __init__(self, text: str, *, exact: bool, unique_keys: bool = False) -> None:
        self.text = text
        self.exact = exact
        self.unique_keys = unique_keys
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        # Problems come mostly in the order of the text: the lines before one are counted once.
        self._counted = 0
        self._line = 1

    def run(self) -> Any:
        """The document, or None when reading had to stop; `problems` says why."""
        try:
            return self._document()
        except _Stop:
            return None

    # --- what is wrong, and where ---

    def _add(self, position: int, message: str) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            self.problems.append(Problem("", MORE_PROBLEMS))
            raise _Stop
        line, column = self._where(position)
        path = path_text(frame.step for frame in self._open if frame.step is not None)
        self.problems.append(Problem(path, message, line, column))

    def _fail(self, position: int, message: str) -> _Stop:
        self._add(position, message)
        return _Stop()

    def _where(self, position: int) -> tuple[int, int]:
        if position < self._counted:
            return _place(self.text, position)
        self._line += self.text.count("\n", self._counted, position)
        self._counted = position
        return self._line, position - self.text.rfind("\n", 0, position)

    def _ends(self, inside: str = "") -> _Stop:
        """The text is over too early."""
        innermost = self._open[-3:]
        names = []
        for depth, frame in enumerate(self._open):
            if frame not in innermost:
                continue
            name = path_text(outer.step for outer in self._open[:depth] if outer.step is not None)
            line, _ = _place(self.text, frame.begin)
            names.append(f"{name or 'the document'} (opened in line {line})")
        still = f" Still open: {', '.join(names)}." if names else ""
        message = f"The text ends here{inside}: the file is cut off.{still} Complete it, or restore it from a backup."
        return self._fail(len(self.text), message)

    def _unexpected(self, position: int, wanted: str) -> _Stop:
        if position >= len(self.text):
            return self._ends()
        char = self.text[position]
        if char == "\x00":
            return self._fail(position, ZEROS)
        shown = repr(char) if char.isprintable() else f"the character U+{ord(char):04X}"
        if self.text.startswith(("//", "/*", "#"), position):
            return self._fail(position, "JSON has no comments. Remove it.")
        return self._fail(position, f"{shown} stands where {wanted} should be.")

    # --- grammar ---

    def _skip(self, position: int) -> int:
        return _SPACE.match(self.text, position).end()  # type: ignore[union-attr]

    def _document(self) -> Any:
        text = self.text
        position = self._skip(0)
        if position == len(text):
            raise self._fail(0, EMPTY)
        begin = position
        document, position = self._value(position)
        if not isinstance(document, dict):
            steps, self._open = self._open, []
            self._add(begin, NOT_AN_OBJECT.format(kind=kind_name(document)))
            self._open = steps
        while self._open:
            frame = self._open[-1]
            position = self._skip(position)
            if text.startswith(frame.closing, position):
                self._open.pop()
                position += 1
                continue
            if frame.step is not None:
                position = self._comma(frame, position)
            if isinstance(frame.value, dict):
                position = self._key(frame, position)
                frame.value[str(frame.step)], position = self._value(position)
            else:
                frame.step = len(frame.value)
                frame.value.append(None)
                frame.value[-1], position = self._value(position)
        position = self._skip(position)
        if position < len(text):
            self._refuse_rest(position)
        return document

    def _refuse_rest(self, position: int) -> None:
        if self.text[position] == "\x00":
            raise self._fail(position, ZEROS)
        if self.text[position] in "{[":
            raise self._fail(position, "A second document begins here. Keep one document in the file.")
        raise self._fail(
            position, "The document ends before this. Remove what follows, or the bracket that is too many."
        )

    def _comma(self, frame: _Open, position: int) -> int:
        """Past the comma after a member, to the next one."""
        if not self.text.startswith(",", position):
            kind = "an object" if frame.closing == "}" else "a list"
            raise self._unexpected(position, f"a comma, or the {frame.closing!r} that ends {kind},")
        following = self._skip(position + 1)
        if self.text.startswith(frame.closing, following):
            raise self._fail(position, f"There is a comma before the closing {frame.closing!r}. Remove the comma.")
        return following

    def _key(self, frame: _Open, position: int) -> int:
        """Read a key and its colon into `frame.step`; the position of the value."""
        if not self.text.startswith('"', position):
            raise self._unexpected(position, "a key in double quotes")
        key, end = self._string(position)
        frame.step = key
        if fault := string_fault(key):
            self._add(position, f"In the key: {fault}")
        if self.unique_keys:
            if key in frame.first_seen:
                line, column = _place(self.text, frame.first_seen[key])
                self._add(
                    position,
                    f"The key stands twice in the same object, first in line {line}, column {column}. Keep one of them.",
                )
            else:
                frame.first_seen[key] = position
        end = self._skip(end)
        if not self.text.startswith(":", end):
            raise self._unexpected(end, "the colon after a key")
        return self._skip(end + 1)

    def _value(self, position: int) -> tuple[Any, int]:
        """A whole value, or an object or list that is now open, and where reading goes on."""
        char = self.text[position : position + 1]
        if char == '"':
            value, end = self._string(position)
            if fault := string_fault(value):
                self._add(position, fault)
            return value, end
        if char in ("{", "["):
            if len(self._open) >= MAX_DEPTH:
                raise self._fail(position, TOO_DEEP)
            container: dict[str, Any] | list[Any] = {} if char == "{" else []
            self._open.append(_Open(container, position))
            return container, position + 1
        word = _WORD.match(self.text, position)
        if word is None:
            raise self._unexpected(position, "a value")
        return self._word(position, word), word.end()

    def _string(self, position: int) -> tuple[str, int]:
        try:
            return _scanstring(self.text, position + 1)
        except JSONDecodeError as error:
            cut_escape = _CUT_ESCAPE.search(self.text, max(error.pos - 1, len(self.text) - 6))
            if error.msg.startswith("Unterminated") or cut_escape:
                line, column = _place(self.text, position)
                raise self._ends(f" inside the text in quotes that begins in line {line}, column {column}") from None
            raise self._fail(error.pos, self._string_fault(error)) from None

    def _string_fault(self, error: JSONDecodeError) -> str:
        if "escape" in error.msg:
            return 'A backslash here begins no escape that JSON knows. Write \\\\ for a backslash, \\" for a quote.'
        char = self.text[error.pos]
        if char == "\x00":
            return ZEROS
        if char in "\r\n":
            return "The line ends inside a text in quotes. Add the closing quote, or write the line end as \\n."
        return f"The control character U+{ord(char):04X} stands in a text in quotes. Write it as \\u{ord(char):04x}."

    def _word(self, position: int, match: re.Match[str]) -> Any:
        """A number or one of the words true, false, null."""
        word = match.group()
        if word in _CONSTANTS:
            return _CONSTANTS[word]
        number = _NUMBER.fullmatch(word)
        if number:
            try:
                return self._float(word) if number.group(1) or number.group(2) else self._int(word)
            except Unstorable as fault:
                self._add(position, str(fault))
                return None
        if word in _NOT_NUMBERS:
            self._add(position, f"{word} is not a number that JSON can hold. Use null or a number.")
            return None
        if match.end() == len(self.text) and (
            _CUT_NUMBER.fullmatch(word) or any(known.startswith(word) for known in _CONSTANTS)
        ):
            raise self._ends()
        if word in _FOREIGN_WORDS:
            raise self._fail(position, f"{word} is not JSON. Write {_FOREIGN_WORDS[word]}.")
        if word[0] in "+-.0123456789":
            raise self._fail(position, "This is not a number as JSON writes them (12, -0.5, 1e-3). Correct it.")
        raise self._fail(position, "A word stands where a value should be. Put text in double quotes.")

    def _int(self, word: str) -> int:
        if len(word.lstrip("-")) > MAX_DIGITS:
            raise Unstorable(TOO_MANY_DIGITS)
        try:
            return int(word)
        except ValueError:  # this interpreter's limit is lower
            raise Unstorable(TOO_MANY_DIGITS) from None

    def _float(self, word: str) -> float | Decimal:
        value = float(word)
        if value in (float("inf"), float("-inf")):
            raise Unstorable(TOO_LARGE_NUMBER)
        if not self.exact or not any(digit in "123456789" for digit in re.split("[eE]", word)[0]):
            return value
        try:
            exact = Decimal(word)
        except ArithmeticError:  # an exponent beyond all bounds; the large ones are gone already
            raise Unstorable(TOO_SMALL_NUMBER) from None
        if exact == Decimal(repr(value)):
            return value
        decimal_text(exact)
        return exact
