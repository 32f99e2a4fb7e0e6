"""A statement's text, cut into tokens: enough to see which kind of statement it is and which names stand in it.

Nothing rests on this alone: the server, which reads the text with its own grammar, has the last word. What it is for:
to refuse early with a good sentence, and to bound what the server is asked to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from opsadmin.console.errors import SqlRefused

#: Beyond these a statement is data, or an attack on a parser. The largest of those that people write is a tenth.
MAX_CHARACTERS = 100_000
MAX_TOKENS = 15_000
MAX_DEPTH = 100

_TOKEN = re.compile(
    r"""
      (?P<space>\s+|--[^\n\r]*)
    | (?P<comment>/\*)
    | (?P<escape>[eE]'(?:[^'\\]|\\.|'')*')
    | (?P<unicode>[uU]&"(?:[^"]|"")*")
    | (?P<string>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*')
    | (?P<dollar>\$(?P<tag>[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$)
    | (?P<quoted>"(?:[^"]|"")+")
    | (?P<parameter>\$\d+)
    | (?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)
    | (?P<mark>[()\[\],;.]|::?=?)
    | (?P<operator>[-+*/<>=~!@\#%^&|`?]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_COMMENT_IN_OPERATOR = re.compile(r"--|/\*")


@dataclass(frozen=True)
class Token:
    """`kind`: word, quoted, string, parameter, number, mark, operator. `text`: a word in lower case, a quoted name
    without its quotes, anything else as it stands."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def is_name(self) -> bool:
        return self.kind in ("word", "quoted")


def tokens_of(sql: str) -> list[Token]:
    """The tokens, without comments and space.

    Raises `SqlRefused` where the text is too long, too deep, or does not end."""
    if "\0" in sql or not _can_be_sent(sql):
        raise SqlRefused("The statement holds a character that cannot be sent to PostgreSQL.", "Leave it out.")
    if len(sql) > MAX_CHARACTERS:
        raise SqlRefused(
            f"The statement has {len(sql)} characters; at most {MAX_CHARACTERS} are looked at.",
            "Hand long lists over as a parameter: WHERE id = ANY ($1).",
        )
    found = []
    depth = 0
    for token in _tokens(sql):
        found.append(token)
        if token.kind == "mark":
            depth += (token.text in "([") - (token.text in ")]")
            if depth > MAX_DEPTH:
                raise SqlRefused(
                    f"The statement is nested more than {MAX_DEPTH} deep.", "Split it with WITH, or simplify it."
                )
        if len(found) > MAX_TOKENS:
            raise SqlRefused(
                f"The statement has more than {MAX_TOKENS} words and signs.",
                "Hand long lists over as a parameter: WHERE id = ANY ($1).",
            )
    return found


def _can_be_sent(sql: str) -> bool:
    try:
        sql.encode()
    except UnicodeEncodeError:
        return False
    return True


def _tokens(sql: str) -> Iterator[Token]:
    at = 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        if match is None:
            raise SqlRefused(
                f"The statement cannot be read from its character {at + 1} on: {sql[at : at + 20]!r}.",
                "Look for a quote that is not closed.",
            )
        kind, text, end = match.lastgroup or "", match.group(), match.end()
        if kind == "tag":
            kind = "dollar"
        match kind:
            case "space":
                pass
            case "comment":
                end = _comment_end(sql, at)
            case "dollar":
                close = sql.find(text, end)
                if close < 0:
                    raise SqlRefused(f"The text that begins with {text} is not closed.")
                end = close + len(text)
                yield Token("string", sql[at:end], at, end)
            case "unicode":
                raise SqlRefused("A name is written with U&, which hides what it is.", "Write the name plainly.")
            case "escape" | "string":
                yield Token("string", text, at, end)
            case "quoted":
                yield Token("quoted", text[1:-1].replace('""', '"'), at, end)
            case "word":
                yield Token("word", text.lower(), at, end)
            case "operator":
                # An operator ends where a comment begins.
                comment = _COMMENT_IN_OPERATOR.search(text, 1)
                if comment:
                    end = at + comment.start()
                    text = sql[at:end]
                yield Token("operator", text, at, end)
            case _:
                yield Token(kind, text, at, end)
        at = end


def _comment_end(sql: str, at: int) -> int:
    """Where the comment ends that begins there; comments nest."""
    depth, end = 0, at
    while True:
        edge = _COMMENT_EDGE.search(sql, end)
        if edge is None:
            raise SqlRefused("A comment that begins with /* is not closed.")
        depth += 1 if edge.group() == "/*" else -1
        end = edge.end()
        if depth == 0:
            return end
