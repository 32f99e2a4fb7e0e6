"""The text of a statement for reading: keywords set off, clauses on lines of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from opsadmin.postgres.masking import one_line, pieces_of

#: A text up to that long stays on its line; in a list, one up to the second stays whole.
SHORT, LISTED = 80, 110
#: Lists that say little of a statement are left out from that many characters on.
LONG_LIST = 30

_KEYWORDS_TEXT = """
    ALL ALTER ANALYZE AND ANY ARRAY AS ASC BEGIN BETWEEN BY CALL CASE CAST CLUSTER COLLATE COMMENT COMMIT CONFLICT COPY
    CREATE CROSS CURSOR DEALLOCATE DECLARE DEFAULT DELETE DESC DISTINCT DO DROP ELSE END EXCEPT EXECUTE EXISTS EXPLAIN
    FALSE FETCH FILTER FIRST FOR FROM FULL GRANT GROUP HAVING ILIKE IN INNER INSERT INTERSECT INTERVAL INTO IS JOIN LAST
    LATERAL LEFT LIKE LIMIT LISTEN LOCK LOCKED MATERIALIZED MERGE NATURAL NOT NOTHING NULL NULLS OFFSET ON OR ORDER
    OUTER OVER PARTITION PREPARE RECURSIVE REFRESH REINDEX RETURNING REVOKE RIGHT SELECT SET SHOW SIMILAR SKIP TABLE
    THEN TRUE TRUNCATE UNION UPDATE USING VACUUM VALUES VIEW WHEN WHERE WINDOW WITH
"""
_KEYWORDS = frozenset(_KEYWORDS_TEXT.split())
_WORD = re.compile(r"(?<![\w$.])(?:[^\W\d]\w*|\$\d+)")
#: What begins a line of its own in a statement, also within parentheses.
_CLAUSES_TEXT = """
    FROM WHERE GROUP HAVING ORDER LIMIT OFFSET UNION INTERSECT EXCEPT WINDOW VALUES SET RETURNING JOIN CONFLICT AND OR
"""
_CLAUSES = frozenset(_CLAUSES_TEXT.split())
#: Behind these a FROM, a SET or an ORDER belongs to what stands before it.
_HOLDS = frozenset(("DELETE", "DISTINCT", "UPDATE", "WITHIN"))
_PLACE = re.compile(
    r"""
    (?<![\w$.])(?:(?:NATURAL\s+)?(?:(?:LEFT|RIGHT|FULL|INNER|CROSS)(?:\s+OUTER)?\s+)?(?P<join>JOIN)\b)
    | (?<![\w$.])ON\s+(?P<conflict>CONFLICT)\b
    | (?<![\w$.])[^\W\d]\w*
    | [()]
    | [^\s()\w]+ | \w+
    """,
    re.VERBOSE | re.IGNORECASE,
)


def marked_up(sql: str) -> SafeString:
    """As HTML: keywords in <b>, parameters and constants in <var>, comments in <i>. Its text is `sql`."""
    parts = []
    for kind, text in pieces_of(sql):
        if kind == "comment":
            parts.append(f"<i>{escape(text)}</i>")
        elif kind == "constant":
            parts.append(f"<var>{escape(text)}</var>")
        elif text.startswith('"'):
            parts.append(escape(text))
        else:
            parts.append(_marked(text))
    return mark_safe("".join(parts))  # noqa: S308  # every part is escaped


def _marked(text: str) -> str:
    parts, at = [], 0
    for found in _WORD.finditer(text):
        word = found[0]
        tag = "var" if word[0] == "$" else "b" if word.upper() in _KEYWORDS else ""
        if tag:
            parts += [escape(text[at : found.start()]), f"<{tag}>{word}</{tag}>"]
            at = found.end()
    return "".join([*parts, escape(text[at:])])


def gist(sql: str, most: int) -> str:
    """The text on one line for a list of statements: where it is long, without what many have in common, as in
    `SELECT … FROM orders WHERE id IN (…)`, cut to `most` characters."""
    text = one_line(sql, 5000)
    if len(text) > LISTED:
        text = _without(text, _long_lists(text))
    return text if len(text) <= most else f"{text[: most - 1]}…"


@dataclass
class _Level:
    """What stands within a parenthesis. `listed_from`: where the list of a SELECT begins whose end is not found yet."""

    begin: int
    commas: int = 0
    is_query: bool = False
    listed_from: int | None = None


def _long_lists(text: str) -> Iterator[tuple[int, int]]:
    """Where lists of columns and of values begin and end."""
    levels, at, before = [_Level(0)], 0, ""
    for kind, piece in pieces_of(text):
        if kind == "rest" and not piece.startswith('"'):
            for found in _PLACE.finditer(piece):
                word, begin, end = found[0].upper(), at + found.start(), at + found.end()
                level = levels[-1]
                if word == "(":
                    levels.append(_Level(end))
                elif word == ")" and len(levels) > 1:
                    levels.pop()
                    if level.commas >= 2 and not level.is_query:
                        yield level.begin, begin
                elif word == "SELECT" or (word == "DISTINCT" and before == "SELECT"):
                    level.is_query, level.listed_from = True, end
                elif word == "FROM" and level.listed_from is not None and before != "DISTINCT":
                    yield level.listed_from, begin
                    level.listed_from = None
                level.commas += word.count(",")
                before = word
        else:
            before = ""
        at += len(piece)


def _without(text: str, lists: Iterable[tuple[int, int]]) -> str:
    parts, at = [], 0
    for begin, end in sorted(lists):
        if begin >= at and end - begin >= LONG_LIST:
            around = " " if text[begin] == " " else ""
            parts += [text[at:begin], around, "…", around]
            at = end
    return "".join([*parts, text[at:]])


def laid_out(sql: str) -> str:
    """A long text without lines, with one for each clause; any other as it is. Only space between words is changed."""
    if "\n" in sql or len(sql) <= SHORT:
        return sql
    layout = _Layout()
    for kind, text in pieces_of(sql):
        if kind == "rest" and not text.startswith('"'):
            layout.add(text)
        else:
            layout.add_whole(text)
    return "".join(layout.parts)


class _Layout:
    """`levels`: for each open parenthesis, and the outermost, whether a statement stands in it; None while nothing does."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.levels: list[bool | None] = [True]
        self.before = ""
        self.between = 0

    def add_whole(self, text: str) -> None:
        self.parts.append(text)
        self.before = text

    def add(self, text: str) -> None:
        at = 0
        for found in _PLACE.finditer(text):
            word = (found["join"] or found["conflict"] or found[0]).upper()
            if word == "(":
                self.levels.append(None)
            elif word == ")":
                if len(self.levels) > 1:
                    self.levels.pop()
            else:
                if self.levels[-1] is None:
                    self.levels[-1] = word in ("SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE")
                space = text[at : found.start()]
                if self._breaks(word) and space.endswith(" "):
                    self.parts += [space.rstrip(" "), f"\n{self._margin(word)}"]
                    at = found.start()
            self.before = word
        self.parts.append(text[at:])

    def _breaks(self, word: str) -> bool:
        if not self.levels[-1] or not self.before:
            return False
        if word == "BETWEEN":
            self.between += 1
        if word == "AND" and self.between:
            self.between -= 1
            return False
        return word in _CLAUSES and self.before not in _HOLDS

    def _margin(self, word: str) -> str:
        depth = sum(bool(level) for level in self.levels) - 1
        return "  " * (2 * depth + (word in ("AND", "OR")))
