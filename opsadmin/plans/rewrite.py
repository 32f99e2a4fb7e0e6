"""A statement with `$1` in places where the server's grammar takes only a literal, made into one that it reads.

pg_stat_statements puts `$1` for every constant: also in `interval '1 day'`, in `EXTRACT(epoch FROM ...)`, and in one of two
expressions that must be the same (`SELECT date_trunc($1, t) ... GROUP BY date_trunc('day', t)`). What cannot be read is
found where the server says that it cannot read it, so that no list of keywords has to be complete."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from opsadmin.console.text import Token

_FIELDS = frozenset({"year", "month", "day", "hour", "minute", "second"})
#: Names of types that have more than one word, the last word first.
_LONG = (
    ("zone", "time", "with", "timestamp"),
    ("zone", "time", "with", "time"),
    ("zone", "time", "without", "timestamp"),
    ("zone", "time", "without", "time"),
    ("precision", "double"),
    ("varying", "bit"),
    ("varying", "character", "national"),
    ("varying", "char", "national"),
    ("varying", "character"),
    ("varying", "char"),
    ("varying", "nchar"),
    ("character", "national"),
    ("char", "national"),
)


#: What ends a list of expressions, and what an expression under ORDER BY may have behind it.
_AFTER = frozenset({"having", "order", "limit", "offset", "fetch", "union", "intersect", "except", "window", "for"}) | {
    *("select", "asc", "desc", "nulls", "using", "from", "into")
}
#: Types that are written before a constant, as in `date '2024-01-01'`.
_TYPES = frozenset(
    {"date", "time", "timestamp", "timestamptz", "timetz", "interval", "numeric", "uuid", "inet", "jsonb"}
)
_CAST = Token("mark", "::", 0, 0)


@dataclass(frozen=True)
class Rewriting:
    """What is done to the tokens of a statement. `instead`: a text for a token (empty: it is left out), by its place.
    `types`: of parameters, by number. Immutable: the search for types tries many."""

    sql: str
    tokens: tuple[Token, ...]
    instead: Mapping[int, str] = field(default_factory=dict)
    types: Mapping[int, str] = field(default_factory=dict)

    @property
    def numbers(self) -> list[int]:
        """The parameters that are left, in their order."""
        return sorted({number_of(token) for _place, token in self.parameters})

    @property
    def parameters(self) -> list[tuple[int, Token]]:
        """The places of the parameters that are left."""
        return [
            (place, token)
            for place, token in enumerate(self.tokens)
            if token.kind == "parameter" and "$" in self.instead.get(place, "$")
        ]

    def text(self) -> str:
        return "".join(self._pieces)

    @cached_property
    def _pieces(self) -> list[str]:
        """What stands before each token and the token itself, and the rest: two for each token, and one."""
        pieces = []
        end = 0
        for place, token in enumerate(self.tokens):
            pieces += [self.sql[end : token.start], self._said(place, token)]
            end = token.end
        return [*pieces, self.sql[end:]]

    def _said(self, place: int, token: Token) -> str:
        if place in self.instead:
            return self.instead[place]
        if token.kind == "parameter" and (kind := self.types.get(number_of(token))):
            return f"({token.text}::{kind})"
        return self.sql[token.start : token.end]

    def place_at(self, position: int) -> int | None:
        """The token that stands at a character of `text` (counted from 1, as the server does)."""
        at = 0
        for number, piece in enumerate(self._pieces):
            at += len(piece)
            if at >= position:
                return min(number // 2, len(self.tokens) - 1) if self.tokens else None
        return None

    def original_position(self, position: int) -> int:
        """The character of the text as it was given, counted from 1."""
        place = self.place_at(position)
        return self.tokens[place].start + 1 if place is not None else position

    def with_instead(self, more: Mapping[int, str]) -> Rewriting:
        return Rewriting(self.sql, self.tokens, {**self.instead, **more}, self.types)

    def with_types(self, more: Mapping[int, str]) -> Rewriting:
        return Rewriting(self.sql, self.tokens, self.instead, {**self.types, **more})


def number_of(token: Token) -> int:
    """The number of a parameter: 3 for `$3`."""
    return int(token.text[1:])


def readable(work: Rewriting, place: int) -> Rewriting | None:
    """What to try where the server cannot read the token at `place`; None where nothing is known."""
    tokens = work.tokens
    for near in (place, place - 1):  # U&'x' UESCAPE '!' of which only the first part became a parameter
        if near > 0 and near + 1 < len(tokens) and tokens[near].text == "uescape" and near not in work.instead:
            return work.with_instead({near: "", near + 1: ""})
    if tokens[place].kind != "parameter" or place in work.instead:
        return None
    if _is_extract(tokens, place):
        # All of them at once: each reading of a long statement takes its time.
        alike = [other for other, _token in work.parameters if _is_extract(tokens, other)]
        return work.with_instead(dict.fromkeys(alike, "epoch"))
    kind = _type_before(work, place)
    if kind is None:
        return None
    more: dict[int, str] = {}
    for other, _token in work.parameters:
        found = _type_before(work, other)
        if found is not None and found[1].lower() == kind[1].lower():
            more |= _cast(work, other, found)
    return work.with_instead(more)


def _is_extract(tokens: Sequence[Token], place: int) -> bool:
    around = [token.text for token in tokens[max(0, place - 2) : place + 2]]
    return len(around) == 4 and around[:2] == ["extract", "("] and around[3] == "from"


def _type_before(work: Rewriting, place: int) -> tuple[int, str] | None:
    """Where the name of a type begins that ends right before the token, and the name."""
    tokens = work.tokens
    at = place - 1
    if at >= 0 and tokens[at].text == ")" and tokens[at].kind == "mark":
        at -= 1
        while at >= 0 and (tokens[at].kind == "number" or tokens[at].text == ","):
            at -= 1
        if at < 1 or tokens[at].text != "(":
            return None
        at -= 1
        # time(3) with time zone has its digits in the middle; those come below.
    if at < 0 or not tokens[at].is_name:
        return None
    begin = _long_name(tokens, at)
    while begin >= 2 and tokens[begin - 1].text == "." and tokens[begin - 2].is_name:
        begin -= 2
    if any(number in work.instead for number in range(begin, place)):
        return None
    return begin, work.sql[tokens[begin].start : tokens[place - 1].end]


def _long_name(tokens: Sequence[Token], at: int) -> int:
    """Where the name of a type begins whose last word stands at `at`."""
    for words in _LONG:
        begin = at
        for word in words:
            if begin >= 0 and tokens[begin].text == ")" and words[0] == "zone":
                begin -= 3  # the digits of time(3)
            if begin < 0 or tokens[begin].text != word or tokens[begin].kind != "word":
                break
            begin -= 1
        else:
            return begin + 1
    return at


def _cast(work: Rewriting, place: int, kind: tuple[int, str]) -> dict[int, str]:
    """`type $1` as `($1::type)`; the fields of an interval go along."""
    begin, name = kind
    tokens = work.tokens
    end = place + 1
    if name.lower().startswith("interval"):
        end = _after_fields(tokens, end)
    fields = work.sql[tokens[place].end : tokens[end - 1].end] if end > place + 1 else ""
    more = dict.fromkeys(range(begin, end), "")
    more[place] = f"({tokens[place].text}::{name}{fields})"
    return more


def _after_fields(tokens: Sequence[Token], at: int) -> int:
    """Past `day`, `day to second`, `second(3)`."""
    if at >= len(tokens) or tokens[at].text not in _FIELDS:
        return at
    at += 1
    if at + 1 < len(tokens) and tokens[at].text == "to" and tokens[at + 1].text in _FIELDS:
        at += 2
    if tokens[at - 1].text == "second" and [token.text for token in tokens[at : at + 1]] == ["("]:
        at += 3
    return at


def same_expressions(work: Rewriting) -> Rewriting | None:
    """`$1` given the literal that stands in its place in the same expression under GROUP BY, ORDER BY or DISTINCT ON; None
    where there is none."""
    signs = _signs(work.tokens)
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at, sign in enumerate(signs):
        places[sign.token.kind, sign.token.text].append(at)
    more: dict[int, str] = {}
    for begin, end in _expressions(work.tokens):
        expression = [sign for sign in signs if begin <= sign.place < end]
        fixed = [(at, one) for at, one in enumerate(expression) if not _may_be_constant(work.tokens, one)]
        if len(expression) < 2 or len(fixed) == len(expression) or not fixed:
            continue
        # Where the rarest of its signs stands, all of it may stand.
        at, rarest = min(fixed, key=lambda one: len(places[one[1].token.kind, one[1].token.text]))
        for there in places[rarest.token.kind, rarest.token.text]:
            window = signs[max(0, there - at) : there - at + len(expression)]
            if len(window) == len(expression) and not begin <= window[0].place < end:
                more |= _filled(work, window, expression)
    changed = {place: text for place, text in more.items() if work.instead.get(place) != text}
    return work.with_instead(changed) if changed else None


@dataclass(frozen=True)
class _Sign:
    """A token, and where it stands."""

    token: Token
    place: int


def _signs(tokens: Sequence[Token]) -> list[_Sign]:
    """The tokens, each cast put in one way: `interval '1 day'` and `('1 day'::interval)` as `'1 day'::interval`."""
    found: list[_Sign] = []
    for place, token in enumerate(tokens):
        found.append(_Sign(token, place))
        if token.kind in ("string", "parameter") and place and tokens[place - 1].text in _TYPES:
            found[-2:] = [found[-1], _Sign(_CAST, place), found[-2]]
        elif token.text == ")" and len(found) > 4 and found[-5].token.text == "(" and _is_cast(found[-4:-1]):
            called = found[-6].token if len(found) > 5 else None
            if called is None or not called.is_name:
                found[-5:] = found[-4:-1]
    return found


def _is_cast(signs: Sequence[_Sign]) -> bool:
    value, sign, kind = (one.token for one in signs)
    return value.kind in ("string", "parameter", "number") and sign.text == "::" and kind.is_name


def _may_be_constant(tokens: Sequence[Token], sign: _Sign) -> bool:
    """Whether `$1` may stand for it: a constant, or the field of `EXTRACT(hour FROM ...)`."""
    token, place = sign.token, sign.place
    if token.kind != "word":
        return token.kind in ("string", "number")
    return token.text in ("true", "false", "null") or _is_extract(tokens, place)


def _filled(work: Rewriting, window: Sequence[_Sign], expression: Sequence[_Sign]) -> dict[int, str]:
    """The parameters of the window as the constants of the expression; nothing where they differ in more than that."""
    different = [
        (ours, theirs) for ours, theirs in zip(window, expression, strict=True) if not _alike(ours.token, theirs.token)
    ]
    if not all(ours.token.kind == "parameter" and _may_be_constant(work.tokens, theirs) for ours, theirs in different):
        return {}
    return {ours.place: _given(work, ours.place, theirs.place) for ours, theirs in different}


def _given(work: Rewriting, place: int, literal: int) -> str:
    """A parameter replaced by the literal, in the cast that it may have become."""
    text = work.sql[work.tokens[literal].start : work.tokens[literal].end]
    cast = work.instead.get(place, "")
    return cast.replace(work.tokens[place].text, text) if "$" in cast else text


def _alike(one: Token, other: Token) -> bool:
    return one.kind == other.kind and one.text == other.text


def _expressions(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """From where to where the expressions under GROUP BY, ORDER BY and DISTINCT ON stand."""
    found = []
    for at in range(1, len(tokens)):
        opener = (tokens[at - 1].text, tokens[at].text)
        if opener not in (("group", "by"), ("order", "by"), ("distinct", "on")):
            continue
        begin = number = at + (2 if opener[0] == "distinct" else 1)
        depth = 0
        while number < len(tokens):
            token = tokens[number]
            if token.kind == "mark":
                depth += (token.text in "([") - (token.text in ")]")
            ends = depth < 0 or (depth == 0 and token.kind == "word" and token.text in _AFTER)
            if ends or (depth == 0 and token.text == ","):
                found.append((begin, number))
                begin = number + 1
            if ends:
                break
            number += 1
        else:
            found.append((begin, number))
    return [(begin, end) for begin, end in found if end > begin]
