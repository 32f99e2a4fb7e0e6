"""Everything that keeps a Python document from being stored, each with its path."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from stores.backends.json_rules import (
    MAX_DEPTH,
    MAX_PROBLEMS,
    MORE_PROBLEMS,
    TOO_DEEP,
    Unstorable,
    decimal_text,
    float_text,
    int_text,
    path_text,
    string_fault,
)
from stores.errors import Problem

NOT_AN_OBJECT = "The document must be an object with keys and values ({{...}}), not {kind}."
SELF_CONTAINED = "The value contains itself. Take it out."
#: The same list held many times over multiplies at each level: looking must end.
MOST_EXAMINED = 500_000
NOT_ALL_EXAMINED = f"Only the first {MOST_EXAMINED:,} values were examined."


def find_problems(document: object) -> list[Problem]:
    """Walk the document without recursion. At most `MAX_PROBLEMS`, then one that says so."""
    if not isinstance(document, dict):
        return [Problem("", NOT_AN_OBJECT.format(kind=kind_name(document)))]
    problems: list[Problem] = []
    path: list[str | int] = []
    containers: list[Any] = [document]
    pending = [_members(document)]
    visited = 0
    while pending:
        for step, value, key_fault in pending[-1]:
            visited += 1
            if visited > MOST_EXAMINED:
                return [*problems, Problem("", NOT_ALL_EXAMINED)]
            if key_fault:
                problems.append(Problem(path_text(path), key_fault))
            if not isinstance(value, dict | list | tuple):
                fault = value_fault(value)
            elif any(value is outer for outer in containers):
                fault = SELF_CONTAINED
            elif len(containers) >= MAX_DEPTH:
                fault = TOO_DEEP
            else:
                path.append(step)
                containers.append(value)
                pending.append(_members(value))
                break
            if fault:
                problems.append(Problem(path_text([*path, step]), fault))
            if len(problems) >= MAX_PROBLEMS:
                return [*problems[:MAX_PROBLEMS], Problem("", MORE_PROBLEMS)]
        else:
            pending.pop()
            containers.pop()
            if path:
                path.pop()
    return problems


def _members(container: Any) -> Iterator[tuple[str | int, Any, str | None]]:
    """Each member's step of the path, its value, and what is wrong with its key."""
    if not isinstance(container, dict):
        for position, value in enumerate(container):
            yield position, value, None
        return
    for key, value in container.items():
        if isinstance(key, str):
            fault = string_fault(key)
            yield key, value, f"The key {path_text([key])}: {fault}" if fault else None
        else:
            yield repr(key), value, f"The key {key!r} is {kind_name(key)}; keys must be text. Put it in quotes."


def value_fault(value: object) -> str | None:
    """Why a value that is neither object nor list cannot be stored, or None."""
    try:
        if isinstance(value, str):
            return string_fault(value)
        if value is None or isinstance(value, bool):
            return None
        if isinstance(value, int):
            int_text(value)
        elif isinstance(value, float):
            float_text(value)
        elif isinstance(value, Decimal):
            decimal_text(value)
        else:
            return f"A value of type {type(value).__name__} cannot be written as JSON. Turn it into text or a number."
    except Unstorable as fault:
        return str(fault)
    return None


def kind_name(value: object) -> str:
    """What JSON calls the value, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float | Decimal):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    return f"a value of type {type(value).__name__}"
