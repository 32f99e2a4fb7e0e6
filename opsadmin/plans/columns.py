"""Which parameters give a column or a CASE its values: in `SELECT $1 AS late ...` those of the column `late`.

A parameter that nothing else says the type of is text there, and what the rest of the statement does with the value fails
(`WHERE NOT late`, `price > CASE WHEN late THEN $1 ELSE $2 END`): away from the parameter, and about something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from opsadmin.console.text import Token

#: How often a column may be another one under a new name.
_DEEPEST = 4
#: Their result has the type of what they are given.
_PASS_ON = frozenset({"coalesce", "greatest", "least", "nullif", "max", "min", "array_agg"})
_BRANCH = frozenset({"then", "else"})
_OPENS_ITEM = frozenset({"select", "distinct", "all"})
#: How far from where the server points a column may stand.
_WINDOW = 10


def parameters_near(tokens: Sequence[Token], place: int) -> Iterator[tuple[int, ...]]:
    """The numbers of the parameters behind each column, CASE or COALESCE that stands about there, the nearest first."""
    around = range(max(0, place - _WINDOW), min(len(tokens), place + _WINDOW + 1))
    seen: set[tuple[int, ...]] = set()
    for at in sorted(around, key=lambda one: (abs(one - place), one < place)):
        whole = _whole(tokens, at)
        if whole:
            numbers = _passed_on(tokens, whole)
        elif tokens[at].is_name and _text(tokens, at + 1) not in ("(", "."):
            numbers = _behind(tokens, tokens[at].text, 0)
        else:
            continue
        found = tuple(sorted(numbers))
        if found and found not in seen:
            seen.add(found)
            yield found


def _whole(tokens: Sequence[Token], at: int) -> range:
    """All of the CASE that begins or ends there, or of the COALESCE that begins there; nothing elsewhere."""
    text = _text(tokens, at)
    if text in _PASS_ON and _text(tokens, at + 1) == "(":
        return range(at, _beyond(tokens, at + 1, 1, {"("}, {")"}))
    if text == "case":
        return range(at, _beyond(tokens, at, 1, {"case"}, {"end"}))
    if text == "end":
        return range(_beyond(tokens, at, -1, {"end"}, {"case"}) + 1, at + 1)
    return range(0)


def _beyond(tokens: Sequence[Token], at: int, step: int, opens: AbstractSet[str], closes: AbstractSet[str]) -> int:
    """The place behind the one that closes what opens at `at`."""
    depth = 0
    while 0 <= at < len(tokens):
        depth += (_text(tokens, at) in opens) - (_text(tokens, at) in closes)
        at += step
        if not depth:
            break
    return at


def _behind(tokens: Sequence[Token], name: str, depth: int) -> set[int]:
    """The numbers of the parameters that become the column of that name."""
    found = _in_lists(tokens, name)
    for at in range(1, len(tokens)):
        if tokens[at].text != name or not tokens[at].is_name or tokens[at - 1].text != "as":
            continue
        item = _item_before(tokens, at - 1)
        passed = _passed_on(tokens, item)
        found |= passed
        if not passed and len(item) in (1, 3) and tokens[item[-1]].is_name and depth < _DEEPEST:
            other = tokens[item[-1]].text
            found |= _behind(tokens, other, depth + 1) if other != name else set()
    return found


def _item_before(tokens: Sequence[Token], end: int) -> range:
    """The expression of a SELECT list that ends before `end`."""
    begin, depth = end, 0
    while begin > 0:
        token = tokens[begin - 1]
        if token.kind == "mark":
            depth += (token.text in ")]") - (token.text in "([")
            if depth < 0 or (depth == 0 and token.text == ","):
                break
        elif depth == 0 and token.kind == "word" and token.text in _OPENS_ITEM:
            break
        begin -= 1
    return range(begin, end)


def _passed_on(tokens: Sequence[Token], item: range) -> set[int]:
    """The parameters whose value can be that of the expression."""
    around: list[str] = []
    found = set()
    for at in item:
        token, text = tokens[at], _text(tokens, at)
        before = _text(tokens, at - 1) if at > item.start else ""
        if text in ("(", "["):
            around.append(before if text == "(" else text)
        elif text == "case":
            around.append("")
        elif text in (")", "]", "end") and around:
            around.pop()
        elif token.kind == "parameter" and _text(tokens, at + 1) != "::":
            leads = before in ("(", ",", "", *_BRANCH)
            if leads and all(one in _PASS_ON or not one or one in _BRANCH for one in around):
                found.add(int(token.text[1:]))
    return found


def _in_lists(tokens: Sequence[Token], name: str) -> set[int]:
    """Those in the column's place of `(VALUES (...), (...)) AS v (..., name, ...)`, or of `v (..., name, ...) AS (VALUES`."""
    found = set()
    for begin in range(1, len(tokens)):
        if tokens[begin].text != "values" or _text(tokens, begin - 1) != "(":
            continue
        rows, after = _rows(tokens, begin + 1)
        names = _names_behind(tokens, after + 1) or _names_before(tokens, begin - 1)
        for row in rows if name in names else ():
            place = row[names.index(name)] if names.index(name) < len(row) else range(0)
            found |= _passed_on(tokens, place)
    return found


def _rows(tokens: Sequence[Token], at: int) -> tuple[list[list[range]], int]:
    """The rows of VALUES, each as the places of its expressions; and where the list ends."""
    rows: list[list[range]] = []
    while _text(tokens, at) == "(":
        row, begin, depth = [], at + 1, 0
        while at < len(tokens):
            text = tokens[at].text if tokens[at].kind == "mark" else ""
            depth += (text in ("(", "[")) - (text in (")", "]"))
            if (text == "," and depth == 1) or depth == 0:
                row.append(range(begin, at))
                begin = at + 1
            if depth == 0:
                break
            at += 1
        rows.append(row)
        at += 2 if _text(tokens, at + 1) == "," else 1
    return rows, at


def _names_behind(tokens: Sequence[Token], at: int) -> list[str]:
    at += _text(tokens, at) == "as"
    return _names(tokens, at + 1) if _text(tokens, at + 1) == "(" else []


def _names_before(tokens: Sequence[Token], opening: int) -> list[str]:
    at = opening - 1
    while at >= 0 and tokens[at].text in ("materialized", "not", "as"):
        at -= 1
    if at < 0 or tokens[at].text != ")":
        return []
    while at >= 0 and tokens[at].text != "(":
        at -= 1
    return _names(tokens, at)


def _names(tokens: Sequence[Token], opening: int) -> list[str]:
    """The names between parentheses."""
    found = []
    for token in tokens[opening + 1 :]:
        if token.text == ")":
            break
        if token.is_name:
            found.append(token.text)
    return found


def _text(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if 0 <= at < len(tokens) and tokens[at].kind != "quoted" else ""
