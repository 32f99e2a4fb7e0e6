"""Where in a statement a refusal or an error is about: the part, so that the page can point at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from opsadmin.console.errors import SqlRefused
from opsadmin.console.statement import ALLOWED, Kind, statement_of
from opsadmin.console.text import Token, tokens_of
from opsadmin.core.errors import OperationError
from opsadmin.plans.asked import asked_of

#: As much of a line is shown before and after the part.
AROUND = 60

_POSITION = re.compile(r"character (\d+)")
_SAID_POSITION = re.compile(r" \(at character \d+\)")
_PART = re.compile(r"'(?:[^'\n]|'')+'|[^\W\d][\w$]*|\$\d+|\d+|\S")
#: A name as the guard spells one: what a function or a relation is called.
_NAMED = re.compile(r'(?:The function |^)((?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))*)')
_COMMAND = re.compile(r"\b[A-Z]{2,}\b")
_SETTING = re.compile(r"The setting (\S+) ")
_DRAWS = frozenset({"nextval", "setval", "lastval", "currval"})


@dataclass(frozen=True)
class Marked:
    """A line of the statement with the part in it. `place`: the part's first character in the statement, from 0."""

    line: int
    column: int
    before: str
    part: str
    after: str
    place: int

    @property
    def caret(self) -> str:
        """What stands below the line to point at the part."""
        return " " * len(f"LINE {self.line}: {self.before}") + "^" * max(1, len(self.part))


def marked(sql: str, error: OperationError, *, run: bool, rewritten: bool = False) -> Marked | None:
    """The part that the error is about; None where that is not known. `run`: the statement was to be run, else to be
    explained. `rewritten`: it had %s or %(name)s, so that PostgreSQL counts in another text."""
    place = (None if rewritten else _placed(sql, error.message, run=run)) or _named(sql, error)
    if place is None:
        return None
    start, end = place
    line_start = sql.rfind("\n", 0, start) + 1
    line_end = sql.find("\n", start)
    line_end = len(sql) if line_end < 0 else line_end
    end = min(max(end, start + 1), max(line_end, start))
    left = max(line_start, start - AROUND)
    right = min(line_end, end + AROUND)
    before = f"… {sql[left:start]}" if left > line_start else sql[left:start].lstrip()
    after = sql[end:right] + (" …" if right < line_end else "")
    return Marked(
        line=sql.count("\n", 0, start) + 1,
        column=start - line_start + 1,
        before=before.replace("\t", " "),
        part=sql[start:end].replace("\t", " ")[: 2 * AROUND],
        after=after.replace("\t", " "),
        place=start,
    )


def without_position(message: str) -> str:
    """The message, where the page says the place itself."""
    return _SAID_POSITION.sub("", message)


def _placed(sql: str, message: str, *, run: bool) -> tuple[int, int] | None:
    """Where the message says a position."""
    said = _POSITION.search(message)
    if said is None:
        return None
    place = int(said[1]) - 1
    if _SAID_POSITION.search(message):  # PostgreSQL counts in the part that it was given
        shift = _begin(sql, run=run)
        if shift is None:
            return None
        place += shift
    if place >= len(sql):
        return (max(0, len(sql.rstrip()) - 1), len(sql.rstrip())) if sql.strip() else None
    part = _PART.match(sql, place)
    return place, part.end() if part else place + 1


def _begin(sql: str, *, run: bool) -> int | None:
    """Where in the text the query begins that PostgreSQL was given."""
    try:
        if run:
            statement = statement_of(sql)
            return len(statement.text) - len(statement.judged) if statement.kind is Kind.EXPLAIN else 0
        tokens = tokens_of(sql)
        found = sql.find(asked_of(sql).query, tokens[0].start if tokens else 0)
    except OperationError:
        return None
    return found if found >= 0 else None


def _named(sql: str, error: OperationError) -> tuple[int, int] | None:
    """Where something stands that a refusal names."""
    if not isinstance(error, SqlRefused):
        return None
    try:
        tokens = tokens_of(sql)
    except SqlRefused:
        return None
    if error.hint == ALLOWED and tokens and not error.reason.startswith("In EXPLAIN"):
        return tokens[0].start, tokens[0].end
    if setting := _SETTING.match(error.reason):
        for token in tokens:
            if token.kind == "string" and token.text.strip("'").lower() == setting[1].lower():
                return token.start, token.end
    for wanted in _names_in(error.reason):
        for token in tokens:
            if token.is_name and token.text == wanted:
                return token.start, token.end
    return _command(tokens, error.reason)


def _names_in(reason: str) -> Iterator[str]:
    """Names that the reason is about. What it says in plain words is none of them."""
    if reason.startswith("A value is drawn from a sequence"):
        yield from sorted(_DRAWS)
    for found in _NAMED.finditer(reason):
        last = re.split(r'\.(?=(?:[^"]*"[^"]*")*[^"]*\Z)', found[1])[-1]
        if (
            found.start()
            or last.startswith('"')
            or "_" in last
            or reason[found.end() :].startswith((" is a foreign table", " holds ", " leads to ", "("))
        ):
            yield last[1:-1].replace('""', '"') if last.startswith('"') else last


def _command(tokens: list[Token], reason: str) -> tuple[int, int] | None:
    words = {word.lower() for word in _COMMAND.findall(reason)}
    if reason.startswith("FOR UPDATE"):
        for first, second in zip(tokens, tokens[1:], strict=False):
            if first.text == "for" and second.text in ("update", "share", "no", "key"):
                return first.start, second.end
        return None
    words -= {"explain", "with", "sql", "volatile", "stable", "immutable"}
    for token in tokens:
        if token.kind == "word" and token.text in words:
            return token.start, token.end
    return None
