"""Several SQL statements in one text, apart. As PostgreSQL reads it: its comments nest, its strings may be in dollar
quotes, and a word such as `begin` may be a column, which the parsers for all databases at once do not know."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: What a semicolon may stand in without ending a statement. An unclosed one reaches to the end of the text.
_OPAQUE = re.compile(
    r"""
      (?P<comment> --[^\n]* )
    | (?P<block> /\* )
    | (?<![\w$])[eE]' (?: [^'\\] | \\. | '' )* (?: ' | \Z )
    | ' (?: [^'] | '' )* (?: ' | \Z )
    | " (?: [^"] | "" )* (?: " | \Z )
    | (?<![\w$])\$ (?P<tag> (?:[^\W\d]\w*)? ) \$ .*? (?: \$(?P=tag)\$ | \Z )
    | (?P<end> ; )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK = re.compile(r"/\*|\*/")


def split_statements(text: str) -> list[str]:
    """The statements of the text in their order, without the semicolons between them. What is only space or comment is
    no statement."""
    return [statement for statement in _pieces(text) if statement]


def _pieces(text: str) -> Iterator[str]:
    start = place = 0
    says_something = False
    while found := _OPAQUE.search(text, place):
        says_something = says_something or bool(text[place : found.start()].strip())
        place = found.end()
        if found["end"]:
            yield text[start : found.start()].strip() if says_something else ""
            start, says_something = place, False
        elif found["block"]:
            place = _end_of_block(text, place)
        elif not found["comment"]:
            says_something = True
    if says_something or text[place:].strip():
        yield text[start:].strip()


def _end_of_block(text: str, place: int) -> int:
    depth = 1
    while depth:
        found = _BLOCK.search(text, place)
        if found is None:
            return len(text)
        depth += 1 if found[0] == "/*" else -1
        place = found.end()
    return place
