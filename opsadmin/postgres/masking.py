"""Texts of statements without the constants that stand in them: one may be a password, a token, a person's address.

pg_stat_statements puts `$1` in their place, but not in utility statements (`ALTER ROLE ... PASSWORD`, `CREATE
SUBSCRIPTION ... CONNECTION`), not in what a server before 16 calls a utility, and not where a text was thrown out while
its statement ran; pg_stat_activity has texts as they were sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: What stands for a constant.
MASK = "'***'"

_TOKEN = re.compile(
    r"""
    (?P<line>--[^\n]*)
    | (?P<block>/\*)
    | (?P<name>"[^"]*(?:"|\Z))
    | (?P<escaped>\b[eE]'(?:[^'\\]|\\.|'')*+(?:'|\\?\Z))
    | (?P<text>(?:\b(?:[uU]&|[bBxXnN]))?'[^']*+(?:''[^']*+)*+(?:'|\Z))
    | (?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_ADDRESS = re.compile(r"(?P<before>\w+://[^\s:/@'\"]*:)[^\s@'\"]+(?=@)")
_ASSIGNED = re.compile(
    r"(?P<before>\b(?:password|passwd|pwd|secret|token|api_?key)\s*[=:]\s*)[^\s,;)'\"*]+", re.IGNORECASE
)


def masked(sql: str) -> str:
    """The text with `'***'` for every constant in quotes, dollars included; names in double quotes stay, and comments
    but for what looks like a secret. A text that was cut within a constant ends with the mask."""
    parts: list[str] = []
    for kind, text in pieces_of(sql):
        if kind == "constant":
            parts.append(MASK)
            if text.endswith("\\'") and text[0] not in "eE":
                # Where standard_conforming_strings is off the constant goes on behind that quote.
                break
        else:
            parts.append(without_secrets(text) if kind == "comment" else text)
    return "".join(parts)


def one_line(sql: str, most: int) -> str:
    """The text with single spaces and without comments, cut to so many characters."""
    text = " ".join("".join(" " if kind == "comment" else text for kind, text in pieces_of(sql)).split())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def pieces_of(sql: str) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with its kind: constant, comment, or rest (names in quotes too)."""
    at = 0
    while found := _TOKEN.search(sql, at):
        if found.start() > at:
            yield "rest", sql[at : found.start()]
        token, at = found[0], found.end()
        if found["block"] is not None:
            at = _end_of_comment(sql, at)
        elif found["tag"] is not None:
            end = sql.find(token, at)
            at = len(sql) if end < 0 else end + len(token)
        if found["name"] is not None:
            yield "rest", token
        else:
            is_comment = found["line"] is not None or found["block"] is not None
            yield "comment" if is_comment else "constant", sql[found.start() : at]
    yield "rest", sql[at:]


def _end_of_comment(sql: str, at: int) -> int:
    """Where the comment ends that was opened before `at`; they nest."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(sql, at):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)


def statement_without_secrets(sql: str) -> str:
    """The statement as its author has it, but with `***` for what looks like a secret in its constants and comments. (That
    a column is called password is none.)"""
    return "".join(text if kind == "rest" else without_secrets(text) for kind, text in pieces_of(sql))


def without_secrets(text: str) -> str:
    """The text with `***` for what looks like a password in an address, or follows a word like it."""
    return _ASSIGNED.sub(r"\g<before>***", _ADDRESS.sub(r"\g<before>***", text))
