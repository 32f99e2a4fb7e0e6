"""The indexes that a person wants tried: checked against the catalogue, and put as CREATE INDEX."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from opsadmin.catalogue.names import close_to, readings
from opsadmin.console.errors import SqlRefused
from opsadmin.console.text import Token, tokens_of
from opsadmin.core.errors import OperationError
from opsadmin.plans.relations import question
from opsadmin.plans.server import PlanSession

PARAMETER = "hypothetical_indexes"
METHODS = ("btree", "brin", "hash", "gin", "gist", "spgist", "bloom")
FIELDS = ("table", "columns", "using", "schema", "include", "where", "unique")
_DIRECTION = re.compile(
    r"(?P<column>.+?)(?P<direction>(\s+(?:asc|desc))?(\s+nulls\s+(?:first|last))?)\s*\Z", re.I | re.S
)


@dataclass(frozen=True)
class Candidate:
    """`ddl`: the CREATE INDEX. `probe`: a query that reads the index's table and evaluates its expressions and its
    predicate, for the guard; `names`: all that stand in it."""

    ddl: str
    probe: str
    names: frozenset[str]


@dataclass(frozen=True)
class _Table:
    identity: str
    columns: tuple[str, ...]


def candidate_of(plans: PlanSession, wanted: Any, path: Sequence[str]) -> Candidate:
    """An index as `{"table", "columns", "using"}` (and schema, include, where, unique), or as a CREATE INDEX.

    Raises `OperationError` that says what is wrong with it and which names there are."""
    if isinstance(wanted, str):
        return _from_text(wanted)
    if not isinstance(wanted, Mapping):
        raise _wrong(f"{wanted!r} is no index: it must be an object with table and columns, or a CREATE INDEX.")
    unknown = [str(key) for key in wanted if key not in FIELDS]
    if unknown:
        raise _wrong(f"An index has no {unknown[0]!r}. It takes: {', '.join(FIELDS)}.", FIELDS)
    table = _table(plans, _text(wanted, "table"), _text(wanted, "schema", needed=False), path)
    keys = [_key(table, one) for one in _texts(wanted, "columns")]
    if not keys:
        raise _wrong("An index needs at least one column in columns.")
    include = [_column(table, one) for one in _texts(wanted, "include")]
    method = (_text(wanted, "using", needed=False) or "btree").lower()
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", method):
        raise _wrong(f"using is {method!r}; it must be the name of an access method.", METHODS)
    where = _text(wanted, "where", needed=False)
    unique = wanted.get("unique", False)
    if not isinstance(unique, bool):
        raise _wrong(f"unique is {unique!r}; it must be true or false.")
    ddl = f"CREATE {'UNIQUE ' if unique else ''}INDEX ON {table.identity} USING {method} ({', '.join(keys)})"
    if include:
        ddl += f" INCLUDE ({', '.join(include)})"
    if where:
        # Read on its own, so that no parenthesis or semicolon in it ends anything.
        _checked_tokens(where)
        ddl += f" WHERE {where}"
    return _from_text(ddl)


def _wrong(message: str, allowed: Sequence[str] = (), hint: str = "") -> OperationError:
    return OperationError(message, parameter=PARAMETER, allowed=tuple(allowed), hint=hint)


def _text(wanted: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
    value = wanted.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or "\0" in value or (needed and not value.strip()):
        raise _wrong(f"{name} of an index is {value!r}; it must be a text.")
    return value


def _texts(wanted: Mapping[str, Any], name: str) -> list[str]:
    value = wanted.get(name)
    if value is None:
        return []
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one.strip() for one in value):
        raise _wrong(f"{name} of an index is {value!r}; it must be a list of texts.")
    return list(value)


def _table(plans: PlanSession, table: str, schema: str, path: Sequence[str]) -> _Table:
    schemas, names = (readings(schema), readings(table)) if schema else ([], readings(table))
    rows = _tables(plans, schemas, names, path)
    if not rows and not schema:
        for left, right in _splits(table):
            rows = rows or _tables(plans, readings(left), readings(right), path)
    if not rows:
        known = [row["name"] for row in plans.rows(question("table_names"), {"path": list(path)})]
        close = close_to(f"{schema}.{table}" if schema and schema not in path else table, known)
        said = f" Names like it are {', '.join(close)}." if close else ""
        where = f" in the schema {schema!r}" if schema else ""
        raise _wrong(
            f"There is no table {table!r}{where}.{said}", close, "Name the schema too where it is another one."
        )
    row = rows[0]
    if row["kind"] in ("v", "f"):
        kind = "a view" if row["kind"] == "v" else "a foreign table"
        raise _wrong(f"{row['identity']} is {kind}: it can have no index.", hint="Index the tables that it reads.")
    return _Table(row["identity"], tuple(row["columns"]))


def _tables(plans: PlanSession, schemas: list[str], names: list[str], path: Sequence[str]) -> list[dict[str, Any]]:
    return plans.rows(question("indexed_tables"), {"schemas": schemas, "names": names, "path": list(path)})


def _splits(name: str) -> list[tuple[str, str]]:
    """`schema.table` at each of its dots."""
    return [(name[:at], name[at + 1 :]) for at, letter in enumerate(name) if letter == "." and 0 < at < len(name) - 1]


def _key(table: _Table, text: str) -> str:
    """A column, with a direction or an operator class behind it."""
    for reading in readings(text):
        if reading in table.columns:
            return _quoted(reading)
    match = _DIRECTION.fullmatch(text.strip())
    column, direction = (match["column"].strip(), match["direction"]) if match else (text, "")
    name, _space, operators = column.partition(" ")
    if operators and re.fullmatch(r"[A-Za-z_][\w.]*", operators.strip()) and _known(table, name):
        return f"{_column(table, name)} {operators.strip()}{direction}"
    return f"{_column(table, column)}{direction}"


def _known(table: _Table, name: str) -> bool:
    return any(reading in table.columns for reading in readings(name))


def _column(table: _Table, name: str) -> str:
    for reading in readings(name.strip()):
        if reading in table.columns:
            return _quoted(reading)
    close = close_to(name, table.columns) or table.columns[:20]
    raise _wrong(
        f"{table.identity} has no column {name!r}. It has {', '.join(close)}.",
        close,
        "An expression is written in a CREATE INDEX text.",
    )


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string(None)


def _checked_tokens(text: str) -> list[Token]:
    try:
        tokens = tokens_of(text)
    except SqlRefused as error:
        raise _wrong(error.reason, hint=error.hint) from None
    depth = 0
    for token in tokens:
        if token.kind == "parameter":
            raise _wrong("An index has no parameters: write the value.")
        if token.kind == "mark":
            depth += (token.text in "([") - (token.text in ")]")
            if token.text == ";" or depth < 0:
                raise _wrong(f"{text.strip()!r} is not one CREATE INDEX.")
    if depth:
        raise _wrong(f"A parenthesis is not closed in {text.strip()!r}.")
    return tokens


def _from_text(text: str) -> Candidate:
    """A CREATE INDEX, taken apart as far as the guard needs it."""
    text = text.strip().rstrip(";").rstrip()
    tokens = _checked_tokens(text)
    words = [token.text if token.kind == "word" else "" for token in tokens]
    at = 1
    if words[:1] != ["create"] or "index" not in words[1:3]:
        raise _wrong(
            f"{text[:80]!r} is no CREATE INDEX.",
            hint="Only CREATE INDEX is taken: CREATE INDEX ON orders (customer_id).",
        )
    try:
        at = words.index("on", words.index("index"))
    except ValueError:
        raise _wrong(f"ON and a table are missing in {text[:80]!r}.") from None
    begin = at + 2 if words[at + 1 : at + 2] == ["only"] else at + 1
    end = begin + 1
    while end + 1 < len(tokens) and tokens[end].text == ".":
        end += 2
    opening = next((place for place in range(end, len(tokens)) if tokens[place].text == "("), None)
    if begin >= len(tokens) or opening is None or not tokens[begin].is_name:
        raise _wrong(f"A table and its columns are missing in {text[:80]!r}.")
    table = text[tokens[begin].start : tokens[end - 1].end]
    method = next((words[place + 1] for place in range(end, opening) if words[place] == "using"), "btree")
    closing = _closing(tokens, opening)
    keys = [_expression(text, part) for part in _parts(tokens[opening + 1 : closing])]
    where = next((place for place in range(closing, len(tokens)) if words[place] == "where"), None)
    condition = f" WHERE {text[tokens[where].end :]}" if where is not None else ""
    # HypoPG does not read CONCURRENTLY and IF NOT EXISTS in every version; the name means nothing for it either.
    unique = "UNIQUE " if "unique" in words[1:3] else ""
    return Candidate(
        f"CREATE {unique}INDEX ON {table} USING {method} {text[tokens[opening].start :]}",
        f"SELECT {', '.join(keys)} FROM {table}{condition}",  # noqa: S608  # read and judged, never run
        frozenset(token.text for token in tokens if token.is_name),
    )


def _closing(tokens: Sequence[Token], opening: int) -> int:
    depth = 0
    for place in range(opening, len(tokens)):
        if tokens[place].kind == "mark":
            depth += (tokens[place].text in "([") - (tokens[place].text in ")]")
            if depth == 0:
                return place
    raise AssertionError  # _checked_tokens counted


def _parts(tokens: Sequence[Token]) -> list[list[Token]]:
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "mark":
            depth += (token.text in "([") - (token.text in ")]")
        if depth == 0 and token.kind == "mark" and token.text == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def _expression(text: str, part: Sequence[Token]) -> str:
    """The column, call or expression that a key begins with."""
    if not part:
        raise _wrong("A column is missing between two commas.")
    end = 0
    if part[0].text == "(" and part[0].kind == "mark":
        end = _closing(part, 0)
    else:
        while end + 2 < len(part) and part[end + 1].text == ".":
            end += 2
        if end + 1 < len(part) and part[end + 1].text == "(":
            end = _closing(part, end + 1)
    return text[part[0].start : part[end].end]
