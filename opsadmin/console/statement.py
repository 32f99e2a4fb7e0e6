"""Which kind of statement a text is: one that the console runs, or one that it refuses with a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from opsadmin.console.errors import SqlRefused
from opsadmin.console.text import Token, tokens_of

ALLOWED = "The console runs SELECT, WITH, VALUES, TABLE, EXPLAIN and SHOW."
_QUERY = frozenset({"select", "with", "values", "table"})
_CHANGE = frozenset({"insert", "update", "delete", "merge"})
#: What a command would do, for those that people try most.
_WHY = {
    "copy": "COPY reads or writes files and runs programs on the server",
    "call": "CALL runs a procedure, which may do anything",
    "do": "DO runs code, which may do anything",
    "execute": "EXECUTE runs a statement that was prepared elsewhere",
    "prepare": "PREPARE hides the statement that is run",
    "set": "SET changes the session's settings",
    "reset": "RESET changes the session's settings",
    "begin": "the console opens and ends the transaction itself",
    "start": "the console opens and ends the transaction itself",
    "commit": "the console opens and ends the transaction itself",
    "end": "the console opens and ends the transaction itself",
    "rollback": "the console opens and ends the transaction itself",
    "abort": "the console opens and ends the transaction itself",
    "lock": "LOCK makes others wait",
    "declare": "DECLARE opens a cursor; the console streams rows by itself",
    "fetch": "FETCH needs a cursor, and the console has none",
    "notify": "NOTIFY sends a message to others",
    "listen": "LISTEN waits for messages, and the console keeps no session",
    "vacuum": "VACUUM rewrites tables",
    "analyze": "ANALYZE rewrites statistics",
    "checkpoint": "CHECKPOINT writes everything to disk",
}


class Kind(Enum):
    """What is done with a statement."""

    QUERY = auto()
    EXPLAIN = auto()
    SHOW = auto()


@dataclass(frozen=True)
class Statement:
    """`text`: without a closing semicolon. `judged`: the query inside it, which the server resolves (all of it, or what
    EXPLAIN explains). `plan_only`: it is planned and not run. `setting`: what SHOW shows."""

    kind: Kind
    text: str
    judged: str
    plan_only: bool
    tokens: tuple[Token, ...]
    setting: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Every name that stands in it."""
        return frozenset(token.text for token in self.tokens if token.is_name)


def statement_of(sql: str) -> Statement:
    """The statement that a text is.

    Raises `SqlRefused` where it is none that the console runs."""
    tokens = tokens_of(sql)
    while tokens and tokens[-1].text == ";" and tokens[-1].kind == "mark":
        tokens.pop()
    if not tokens:
        raise SqlRefused("There is no statement.", ALLOWED)
    for token in tokens:
        if token.kind == "mark" and token.text == ";":
            raise SqlRefused(
                f"There is more than one statement: another begins after the semicolon at character {token.start + 1}.",
                "Run them one at a time.",
            )
    text = sql[: tokens[-1].end]
    first = _first_word(tokens)
    if first in _QUERY:
        return Statement(Kind.QUERY, text, text, False, tuple(tokens))
    if first == "explain":
        return _explain(text, tokens)
    if first == "show":
        return _show(text, tokens)
    raise _refused(first)


def _first_word(tokens: list[Token], at: int = 0) -> str:
    """The first word past opening parentheses; empty where something else stands there."""
    while at < len(tokens) and tokens[at].text == "(" and tokens[at].kind == "mark":
        at += 1
    return tokens[at].text if at < len(tokens) and tokens[at].kind == "word" else ""


def _refused(first: str, where: str = "") -> SqlRefused:
    if not first:
        return SqlRefused(f"{where or 'The statement'} does not begin with a command.", ALLOWED)
    if first in _CHANGE:
        why = f"{first.upper()} changes data"
    else:
        why = _WHY.get(first, f"{first.upper()} is no statement that only reads")
    return SqlRefused(f"{where}{why[0].upper() if not where else why[0]}{why[1:]}.", ALLOWED)


def _explain(text: str, tokens: list[Token]) -> Statement:
    options: set[str] = set()
    at = 1
    if at < len(tokens) and tokens[at].text == "(" and _first_word(tokens, at) not in _QUERY:
        while at < len(tokens) and tokens[at].text != ")":
            options.add(tokens[at].text)
            at += 1
        at += 1
    while at < len(tokens) and tokens[at].text in ("analyze", "analyse", "verbose"):
        options.add(tokens[at].text)
        at += 1
    # ANALYZE counts as asked for wherever the word stands, whatever it is set to.
    plan_only = not options & {"analyze", "analyse"}
    first = _first_word(tokens, at)
    if first in _CHANGE and not plan_only:
        raise SqlRefused(
            f"EXPLAIN ANALYZE would run the {first.upper()}.",
            "Use EXPLAIN without ANALYZE: it plans and changes nothing.",
        )
    if first not in _QUERY | _CHANGE:
        raise _refused(first, "In EXPLAIN: ")
    rest = tokens[at:]
    return Statement(Kind.EXPLAIN, text, text[rest[0].start :], plan_only, tuple(rest))


def _show(text: str, tokens: list[Token]) -> Statement:
    rest = tokens[1:]
    if not rest or not all(token.is_name or token.text == "." for token in rest):
        raise SqlRefused("SHOW takes the name of one setting.", "For example: SHOW work_mem.")
    words = [token.text for token in rest]
    special = {"time zone": "TimeZone", "transaction isolation level": "transaction_isolation"}
    setting = special.get(" ".join(words), "".join(words))
    return Statement(Kind.SHOW, text, "", False, tuple(tokens), setting)
