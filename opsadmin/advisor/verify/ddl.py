"""CREATE INDEX and CREATE STATISTICS, led to another table."""

from __future__ import annotations

from opsadmin.console.text import Token, tokens_of
from opsadmin.postgres.names import identifier


def index_on(ddl: str, name: str, table: str) -> str:
    """The same index under that plain name on that table (as SQL writes it), and not CONCURRENTLY."""
    tokens = tokens_of(ddl)
    at = next(place for place, token in enumerate(tokens) if token.text == "on" and token.kind == "word")
    unique = "UNIQUE " if tokens[1].text == "unique" else ""
    return f"CREATE {unique}INDEX {identifier(name)} ON {table} {ddl[tokens[_after_name(tokens, at + 1)].start :]}"


def statistics_on(ddl: str, name: str, table: str) -> str:
    """The same extended statistics under that name (as SQL writes it) on that table."""
    tokens = tokens_of(ddl)
    begin = _after_name(tokens, 2)
    at = max(place for place, token in enumerate(tokens) if token.text == "from" and token.kind == "word")
    return f"CREATE STATISTICS {name} {ddl[tokens[begin].start : tokens[at].end]} {table}"


def _after_name(tokens: list[Token], at: int) -> int:
    """Past a name, with its schema or not, and ONLY before it."""
    at += tokens[at].text == "only" and tokens[at].kind == "word"
    while tokens[at + 1].text == ".":
        at += 2
    return at + 1
