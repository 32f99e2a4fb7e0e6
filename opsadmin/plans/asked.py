"""What a text asks to be planned: the query inside EXPLAIN, PREPARE, DECLARE, CREATE TABLE AS, SELECT INTO or COPY."""

from __future__ import annotations

from dataclasses import dataclass, replace

from opsadmin.console.errors import SqlRefused
from opsadmin.console.text import Token, tokens_of
from opsadmin.core.errors import OperationError

PLANNED = "SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE and MERGE have plans, also inside DECLARE, CREATE TABLE AS or COPY."

#: The protocol counts them in 16 bits.
MOST_PARAMETERS = 65_535

QUERIES = frozenset({"select", "with", "values", "table"})
CHANGES = frozenset({"insert", "update", "delete", "merge"})
#: What begins so is a command, and has no plan. What begins otherwise is no statement: the expressions of PL/pgSQL, which
#: PostgreSQL plans as a SELECT, and which pg_stat_statements shows as they stand (`new.total > $1`).
_COMMANDS = frozenset(
    {"abort", "alter", "analyse", "analyze", "begin", "call", "checkpoint", "close", "cluster", "comment"}
) | {
    *(
        "commit",
        "copy",
        "create",
        "deallocate",
        "declare",
        "discard",
        "do",
        "drop",
        "end",
        "execute",
        "explain",
        "fetch",
    ),
    *("grant", "import", "listen", "load", "lock", "move", "notify", "prepare", "reassign", "refresh", "reindex"),
    *("release", "reset", "revoke", "rollback", "savepoint", "security", "set", "show", "start", "truncate"),
    *("unlisten", "vacuum"),
}
#: A word that may stand behind the first value of an expression; after any other word or value it is none.
_GOES_ON = frozenset(
    {"and", "or", "is", "in", "not", "like", "ilike", "between", "similar", "at", "collate", "from"}
) | {*("isnull", "notnull", "operator")}
_BEGINS = frozenset({"case", "not", "exists", "array", "row", "distinct", "cast", "interval", "date", "timestamp"})
_INSTEAD = {
    "execute": "Explain the statement that was prepared: another session's is not known here.",
    "call": "Explain the statements that stand in the procedure.",
    "do": "Explain the statements that stand in the block.",
    "refresh": "Explain the view's query: SELECT pg_get_viewdef('its_name') shows it.",
}


@dataclass(frozen=True)
class Asked:
    """`query`: what the planner gets. `head`: what must stand before it because it changes the plan (DECLARE ... FOR).
    `types`: of the parameters, by number, where PREPARE says them. `makes`: it is part of a command that makes something,
    so that running it would be more than the query."""

    query: str
    head: str = ""
    types: tuple[str, ...] = ()
    makes: str = ""

    @property
    def tokens(self) -> list[Token]:
        return tokens_of(self.query)


def asked_of(sql: str) -> Asked:
    """What the text asks for.

    Raises `OperationError` where it is not one statement that has a plan."""
    try:
        tokens = tokens_of(sql)
        for token in tokens:
            if token.kind == "parameter" and not 0 < int(token.text[1:7]) <= MOST_PARAMETERS:
                raise OperationError(
                    f"There is no parameter {token.text[:20]}: they are numbered from $1 to ${MOST_PARAMETERS}.",
                    parameter="sql",
                )
        return _asked(sql, tokens, 0)
    except SqlRefused as error:
        raise OperationError(error.reason, parameter="sql", hint=error.hint) from None


def _asked(sql: str, tokens: list[Token], depth: int) -> Asked:
    while tokens and _is(tokens[-1], ";"):
        tokens = tokens[:-1]
    if not tokens:
        raise OperationError("There is no statement.", parameter="sql", hint=PLANNED)
    first = _first_word(tokens)
    for token in () if _is_body(first, tokens) else tokens:
        if _is(token, ";"):
            raise OperationError(
                f"There is more than one statement: the first ends at character {token.start + 1}.",
                parameter="sql",
                hint="Explain them one at a time.",
            )
    if first in CHANGES:
        return Asked(_slice(sql, tokens))
    if first in QUERIES:
        return _without_into(sql, tokens)
    if not depth and _is_expression(tokens):
        return _expression(sql, tokens)
    inner = _inner(sql, tokens, first) if depth < 4 else None
    if inner is None:
        raise OperationError(
            f"{first.upper() or 'This'} has no plan.", parameter="sql", hint=_INSTEAD.get(first, PLANNED)
        )
    rest, found = inner
    if not rest:
        raise OperationError(f"There is no query after {first.upper()}.", parameter="sql", hint=PLANNED)
    below = _asked(sql, rest, depth + 1)
    return replace(
        below,
        head=found.head or below.head,
        types=found.types or below.types,
        makes=found.makes or below.makes,
    )


def _is_body(first: str, tokens: list[Token]) -> bool:
    """Whether statements stand inside the one: CREATE FUNCTION ... BEGIN ATOMIC ... END."""
    return first == "create" and any(
        one.text == "begin" and other.text == "atomic" for one, other in zip(tokens, tokens[1:], strict=False)
    )


def _is_expression(tokens: list[Token]) -> bool:
    first, second = tokens[0], tokens[1] if len(tokens) > 1 else None
    if first.kind == "word" and first.text in _COMMANDS:
        return False
    if first.kind != "word" or first.text in _BEGINS:
        return len(tokens) > 1 or first.kind != "mark"
    if second is None or second.kind not in ("mark", "operator"):
        return second is not None and second.kind == "word" and second.text in _GOES_ON
    return not (second.text == "*" and len(tokens) > 2 and tokens[2].text == "from")  # a SELECT, misspelt


def _expression(sql: str, tokens: list[Token]) -> Asked:
    """An expression of PL/pgSQL, or what an assignment assigns."""
    at = next((number for number, token in enumerate(tokens) if _is(token, ":=")), -1)
    return Asked(f"SELECT {_slice(sql, tokens[at + 1 :])}")


def _inner(sql: str, tokens: list[Token], first: str) -> tuple[list[Token], Asked] | None:
    """The tokens of the query inside a command, and what the command says about it."""
    if _first_is_parenthesis(tokens):
        return None
    match first:
        case "explain":
            return _after_explain(tokens), Asked("")
        case "prepare":
            at = _position(tokens, "as")
            types: tuple[str, ...] = ()
            if len(tokens) > 2 and _is(tokens[2], "("):
                close = _closing(tokens, 2)
                types = tuple(_pieces(sql, tokens[3:close]))
                at = close + 1
            return None if at is None else (tokens[at + 1 :], Asked("", types=types))
        case "declare":
            at = _position(tokens, "for")
            if at is None or _position(tokens[:at], "cursor") is None:
                return None
            rest = tokens[at + 1 :]
            return rest, Asked("", head=sql[tokens[0].start : rest[0].start] if rest else "")
        case "create":
            words = {token.text for token in tokens[1:6] if token.kind == "word"}
            at = _position(tokens, "as")
            if at is None or not words & {"table", "view"}:
                return None
            return _without_data(tokens[at + 1 :]), Asked("", makes="CREATE")
        case "copy" if len(tokens) > 1 and _is(tokens[1], "("):
            return tokens[2 : _closing(tokens, 1)], Asked("", makes="COPY")
    return None


def _after_explain(tokens: list[Token]) -> list[Token]:
    rest = tokens[1:]
    if rest and _is(rest[0], "(") and _first_word(rest) not in QUERIES:
        rest = rest[_closing(rest, 0) + 1 :]
    while rest and rest[0].kind == "word" and rest[0].text in ("analyze", "analyse", "verbose"):
        rest = rest[1:]
    return rest


def _without_data(tokens: list[Token]) -> list[Token]:
    """Without WITH [NO] DATA at the end."""
    words = [token.text for token in tokens[-3:]]
    if words[-2:] == ["with", "data"]:
        return tokens[:-2]
    return tokens[:-3] if words == ["with", "no", "data"] else tokens


def _without_into(sql: str, tokens: list[Token]) -> Asked:
    """SELECT ... INTO makes a table; its plan is that of the SELECT."""
    at = None if tokens[0].text in ("values", "table") else _position(tokens, "into", last_before=("insert", "merge"))
    if at is None:
        return Asked(_slice(sql, tokens))
    end = at + 1
    while end < len(tokens) and tokens[end].text in ("temporary", "temp", "unlogged", "local", "global", "table"):
        end += 1
    end += 1
    while end + 1 < len(tokens) and _is(tokens[end], "."):
        end += 2
    rest = f"{sql[tokens[0].start : tokens[at].start]} {_slice(sql, tokens[end:])}"
    return Asked(rest.strip(), makes="SELECT INTO")


def _position(tokens: list[Token], word: str, *, last_before: tuple[str, ...] = ()) -> int | None:
    """Where a word stands outside parentheses first, not right behind one of `last_before`."""
    depth = 0
    for number, token in enumerate(tokens):
        if token.kind == "mark":
            depth += (token.text in "([") - (token.text in ")]")
        elif depth == 0 and token.kind == "word" and token.text == word:
            if number and tokens[number - 1].text in last_before:
                return None
            return number
    return None


def _closing(tokens: list[Token], opening: int) -> int:
    """Where the parenthesis closes that opens at `opening`; the end where it does not."""
    depth = 0
    for number in range(opening, len(tokens)):
        if tokens[number].kind == "mark":
            depth += (tokens[number].text in "([") - (tokens[number].text in ")]")
            if depth == 0:
                return number
    return len(tokens)


def _pieces(sql: str, tokens: list[Token]) -> list[str]:
    """The texts between commas outside parentheses."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "mark":
            depth += (token.text in "([") - (token.text in ")]")
        if depth == 0 and _is(token, ","):
            found.append([])
        else:
            found[-1].append(token)
    return [_slice(sql, one) for one in found]


def _slice(sql: str, tokens: list[Token]) -> str:
    return sql[tokens[0].start : tokens[-1].end] if tokens else ""


def _is(token: Token, mark: str) -> bool:
    return token.kind == "mark" and token.text == mark


def _first_is_parenthesis(tokens: list[Token]) -> bool:
    return _is(tokens[0], "(")


def _first_word(tokens: list[Token]) -> str:
    """The first word past opening parentheses; empty where something else stands there."""
    for token in tokens:
        if not _is(token, "("):
            return token.text if token.kind == "word" else ""
    return ""
