"""Parameters of a statement: `$1` with a list, as PostgreSQL spells them, or `%s` and `%(name)s`, as Python does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from opsadmin.console.errors import SqlWrong

_PLACE = re.compile(r"%(?:(?P<percent>%)|(?P<next>s)|\((?P<name>[^)]*)\)s|(?P<other>.?))", re.DOTALL)
_NUMBERED = re.compile(r"\$\d")
#: The protocol counts them in 16 bits.
MAX = 65_535


def bound(sql: str, params: Sequence[Any] | Mapping[str, Any] | None) -> tuple[str, list[Any]]:
    """The statement with `$1` ..., and the values in their order. Without parameters the text stays as it is. With them a
    percent sign is doubled where the statement has `%s` or `%(name)s`.

    Raises `SqlWrong` where values and places do not fit."""
    if params is None or (not params and not isinstance(params, Mapping)):
        return sql, []
    if not isinstance(params, Mapping | list | tuple):
        raise SqlWrong("params must be a list of values, or an object of values by name.", parameter="params")
    values: list[Any] = []
    if isinstance(params, Mapping):
        text = _named(sql, params, values)
    elif _NUMBERED.search(sql) or "%s" not in sql:
        text, values = sql, list(params)
    else:
        text = _in_order(sql, params, values)
    if len(values) > MAX:
        raise SqlWrong(f"There are {len(values)} parameters; at most {MAX} can be sent.", parameter="params")
    return text, [_sendable(value) for value in values]


def _named(sql: str, params: Mapping[str, Any], values: list[Any]) -> str:
    places: dict[str, int] = {}

    def place(match: re.Match[str]) -> str:
        if match["percent"]:
            return "%"
        name = match["name"]
        if name is None:
            raise _stray(match)
        if name not in params:
            raise SqlWrong(f"The statement has %({name})s, and params has no {name!r}.", parameter="params")
        if name not in places:
            values.append(params[name])
            places[name] = len(values)
        return f"${places[name]}"

    return _PLACE.sub(place, sql)


def _in_order(sql: str, params: Sequence[Any], values: list[Any]) -> str:
    def place(match: re.Match[str]) -> str:
        if match["percent"]:
            return "%"
        if not match["next"]:
            raise _stray(match)
        if len(values) == len(params):
            raise SqlWrong(f"The statement has more %s than the {len(params)} values of params.", parameter="params")
        values.append(params[len(values)])
        return f"${len(values)}"

    text = _PLACE.sub(place, sql)
    if len(values) < len(params):
        raise SqlWrong(
            f"The statement has {len(values)} %s for the {len(params)} values of params.", parameter="params"
        )
    return text


def _stray(match: re.Match[str]) -> SqlWrong:
    return SqlWrong(
        f"The percent sign in {match.group()!r} is no parameter.", parameter="sql", hint="Write %% for a percent sign."
    )


def _sendable(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict) else value
