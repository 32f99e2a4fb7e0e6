"""The types of parameters, where the server cannot tell them by itself. It infers most; for `$1 + $2`, or for a value that a
function of several kinds takes, a type is tried that lets the statement be read."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import psycopg

from opsadmin.console.text import Token
from opsadmin.plans.columns import parameters_near
from opsadmin.plans.rewrite import Rewriting, number_of, readable, same_expressions

#: Each attempt is a round trip or two; a far server has time for fewer.
MOST_ATTEMPTS = 150
MOST_SECONDS = 2.5

_SYNTAX = "42601"
_INDETERMINATE = "42P18"
#: A column stands outside GROUP BY, or an ORDER BY expression outside the list of a SELECT DISTINCT.
_NOT_THE_SAME = ("42803", "42P10")
#: No such function or operator, more than one, types that do not fit, another type than elsewhere, no cast.
_TYPES = ("42883", "42725", "42804", "42P08", "42846", "42P18", "42809", "22P02", "22007")
#: What constants are mostly, in the order in which they are tried.
CANDIDATES = (
    "integer",
    "interval",
    "text",
    "numeric",
    "timestamp with time zone",
    "date",
    "double precision",
    "boolean",
    "jsonb",
    "integer[]",
    "text[]",
    "uuid",
    "time",
    "bytea",
    "inet",
)

#: What the server calls types in its messages, whatever their language; those that are tried only where it names them too.
_SAID = ("timestamp without time zone", "bigint", "oid", "real", "regclass", *CANDIDATES)

#: Words between expressions.
_BETWEEN = frozenset(
    {"select", "from", "where", "and", "or", "on", "group", "order", "having", "limit", "when", "then", "else", "set"}
)


@dataclass(frozen=True)
class Deduced:
    """A statement that the server reads. `assumed`: the types that were tried and fit, by parameter."""

    work: Rewriting
    assumed: dict[int, str]


class _Enough(Exception):
    """No more attempts."""


class Deducer:
    """`read` lets the server read a text, and raises psycopg's errors where it cannot."""

    def __init__(self, read: Callable[[Rewriting], None]) -> None:
        self._read = read
        self._attempts = 0
        self._until = time.monotonic() + MOST_SECONDS
        self._texts: dict[str, psycopg.Error | None] = {}
        #: Whether types were left to try when the time was over.
        self.gave_up = False

    def deduce(self, work: Rewriting) -> Deduced:
        """The statement as the server reads it.

        Raises psycopg's error about the statement as it was given, where nothing helps."""
        first = self._try(work)
        if first is None:
            return Deduced(work, {})
        work, error = self._made_readable(work, first)
        if error is None:
            return Deduced(work, {})
        given = dict(work.types)
        try:
            found = self._search(work, error, depth=0)
        except _Enough:
            found = None
            self.gave_up = True
        if found is None:
            raise error
        return Deduced(found, {number: kind for number, kind in found.types.items() if number not in given})

    def _try(self, work: Rewriting) -> psycopg.Error | None:
        text = work.text()
        if text not in self._texts:
            if self._attempts >= MOST_ATTEMPTS or time.monotonic() > self._until:
                raise _Enough
            self._attempts += 1
            try:
                self._read(work)
                self._texts[text] = None
            except psycopg.Error as error:
                if error.sqlstate is None or not error.sqlstate.startswith(("42", "22")):
                    raise
                self._texts[text] = error
        return self._texts[text]

    def _made_readable(self, work: Rewriting, error: psycopg.Error) -> tuple[Rewriting, psycopg.Error | None]:
        """What the grammar does not take, put so that it does. The error that is left, None where all is well."""
        last: psycopg.Error | None = error
        while last is not None:
            changed: Rewriting | None = None
            if last.sqlstate == _SYNTAX:
                place = _place(work, last)
                changed = readable(work, place) if place is not None else None
            elif last.sqlstate in _NOT_THE_SAME:
                changed = same_expressions(work)
            if changed is None:
                break
            try:
                left = self._try(changed)
            except _Enough:
                break
            work, last = changed, left
        return work, last

    def _search(self, work: Rewriting, error: psycopg.Error, depth: int) -> Rewriting | None:
        if error.sqlstate not in _TYPES or depth > len(work.numbers) + 2:
            return None
        was = (_place(work, error), _named(error))
        later: list[tuple[Rewriting, psycopg.Error]] = []
        for more, far in _guesses(work, error):
            changed = work.with_types(more)
            left = self._try(changed)
            if left is not None:
                changed, left = self._made_readable(changed, left)
            if left is None:
                return changed
            if was == (None, 0) or (_place(changed, left), _named(left)) == was:
                # Another word about the same place may be nearer to the truth, or not.
                if left.sqlstate != error.sqlstate:
                    later.append((changed, left))
            elif not far and _blames(changed, left, more):
                later.append((changed, left))
            elif (found := self._search(changed, left, depth + 1)) is not None:
                return found
        for changed, left in later:
            if (found := self._search(changed, left, depth + 1)) is not None:
                return found
        return None


def _guesses(work: Rewriting, error: psycopg.Error) -> Iterator[tuple[dict[int, str], bool]]:
    """Types to try, each with whether it is for parameters that stand elsewhere: for the parameter that the server names,
    else for those behind the columns at the place that it points at and for those next to it."""
    free = [number for number in work.numbers if number not in work.types]
    named = _named(error)
    if named in free:
        order = ("text", *CANDIDATES) if error.sqlstate == _INDETERMINATE else CANDIDATES
        yield from (({named: kind}, False) for kind in dict.fromkeys(order))
        return
    if not free:
        return
    place = _place(work, error)
    said = _said_types(error)
    columns = _behind_columns(work, place, free)
    for numbers in columns:
        for kind in said:
            yield dict.fromkeys(numbers, kind), True
    near = free if place is None else _by_distance(work, free, place)
    elsewhere = [(dict.fromkeys(numbers, kind), True) for kind in CANDIDATES if kind not in said for numbers in columns]
    is_part = any(near[0] in numbers for numbers in columns)
    yield from elsewhere if is_part else ()
    for kind in CANDIDATES:
        yield {near[0]: kind}, False
    yield from () if is_part else elsewhere
    for kind in CANDIDATES if len(near) > 1 else ():
        yield {near[1]: kind}, False
    for kind in CANDIDATES if len(near) > 1 else ():
        yield dict.fromkeys(near[:2], kind), False
    for kind in CANDIDATES[:4] if len(near) > 2 else ():
        yield dict.fromkeys(near, kind), False


def _behind_columns(work: Rewriting, place: int | None, free: Sequence[int]) -> list[tuple[int, ...]]:
    """The parameters without a type behind each of the two columns nearest to the place, and behind both."""
    found: list[tuple[int, ...]] = []
    for numbers in parameters_near(work.tokens, place) if place is not None else ():
        left = tuple(number for number in numbers if number in free)
        if left and len(found) < 2:
            found.append(left)
    return [*found, tuple(sorted({*found[0], *found[1]}))] if len(found) == 2 else found


def _said_types(error: psycopg.Error) -> list[str]:
    """The types that the message names, but for text: that is what the server took for want of another."""
    message = error.diag.message_primary or ""
    found = []
    for kind in sorted(_SAID, key=len, reverse=True):
        if kind != "text" and re.search(rf"\b{re.escape(kind)}(?!\w)", message):
            found.append(kind)
            message = message.replace(kind, "")
    return found


def _blames(work: Rewriting, error: psycopg.Error, guess: Mapping[int, str]) -> bool:
    """Whether the error is about what was just guessed."""
    place = _place(work, error)
    if _named(error) or place is None:
        return _named(error) in guess
    return _by_distance(work, work.numbers, place)[0] in guess


def _by_distance(work: Rewriting, numbers: Sequence[int], place: int) -> list[int]:
    """The parameters, those first that stand nearest to the place that the server points at. Another expression is far
    away; what stands right of an operator is nearer than what stands left of it."""
    divided = [0, *accumulate(map(_divides, work.tokens))]
    distances: dict[int, tuple[int, bool]] = {}
    for at, token in work.parameters:
        between = abs(divided[at] - divided[place])
        distance = (abs(at - place) + 20 * between, at < place)
        distances[number_of(token)] = min(distance, distances.get(number_of(token), distance))
    return sorted(numbers, key=distances.__getitem__)


def _divides(token: Token) -> bool:
    return (token.kind == "mark" and token.text == ",") or (token.kind == "word" and token.text in _BETWEEN)


def _place(work: Rewriting, error: psycopg.Error) -> int | None:
    position = error.diag.statement_position
    return work.place_at(int(position)) if position else None


def _named(error: psycopg.Error) -> int:
    """The parameter that the message names, whatever its language; 0 where it names none."""
    match = re.search(r"\$(\d+)", error.diag.message_primary or "")
    return int(match[1]) if match else 0
