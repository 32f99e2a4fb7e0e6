"""Which checks and facts there are: the files of opsadmin/checks. One file is one check; `name.pg17.sql` beside
`name.sql` is what is asked from PostgreSQL 17 on."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsadmin.health.card import Card, CardError, parse_card

if TYPE_CHECKING:
    from opsadmin.health.look import Look

ROOT = Path(__file__).parent.parent / "checks"
#: The families, in the order in which a report is read where nothing is wrong.
AREAS = (
    "connection",
    "index",
    "vacuum",
    "table",
    "sequence",
    "constraint",
    "replication",
    "buffer",
    "query",
    "security",
    "configuration",
)
_SOURCE = re.compile(r"\b(?:from|join)\s+([a-z0-9_]+)")
_VARIANT = re.compile(r"(?P<name>[a-z0-9_]+)(?:\.pg(?P<major>\d+))?")


@dataclass(frozen=True)
class PostgresCheck:
    """A check of PostgreSQL. `variants`: the card of each major version from which it holds, oldest first. `look`: for a
    check in Python, a function that takes a `Look` and returns its rows."""

    id: str
    variants: tuple[tuple[int, Card], ...]
    look: Callable[[Look], list[dict[str, Any]]] | None = None

    def card(self, major: int) -> Card:
        """The card for a server of that version."""
        fitting = [card for since, card in self.variants if since <= major]
        return fitting[-1] if fitting else self.variants[0][1]


@cache
def checks() -> tuple[PostgresCheck, ...]:
    """All checks of PostgreSQL, by area and name.

    Raises `CardError` for a file that is not written as it must be."""
    found: dict[str, list[tuple[int, Card]]] = {}
    looks: dict[str, Callable[[Look], list[dict[str, Any]]]] = {}
    for area in AREAS:
        for path in sorted((ROOT / area).glob("*.*")):
            if path.suffix not in (".sql", ".py") or path.stem == "__init__":
                continue
            name, major = _named(path)
            id = f"{area}.{name}"
            if path.suffix == ".py":
                module = importlib.import_module(f"opsadmin.checks.{area}.{name}")
                card = parse_card(id, inspect.cleandoc(module.__doc__ or ""))
                looks[id] = module.look
            else:
                card = parse_card(id, path.read_text(encoding="utf-8"))
            found.setdefault(id, []).append((major, card))
    return tuple(
        PostgresCheck(id, tuple(sorted(variants, key=lambda one: one[0])), looks.get(id))
        for id, variants in found.items()
    )


@cache
def facts(major: int) -> dict[str, str]:
    """The shared facts by name: a SELECT each, which checks and other facts read FROM by that name."""
    found: dict[str, tuple[int, str]] = {}
    for path in sorted((ROOT / "facts").glob("*.sql")):
        name, since = _named(path)
        if since <= major and since >= found.get(name, (0, ""))[0]:
            found[name] = (since, path.read_text(encoding="utf-8").strip().rstrip(";"))
    return {name: sql for name, (_, sql) in found.items()}


def facts_of(sql: str, known: dict[str, str]) -> list[str]:
    """The facts that a text reads, those they read themselves first."""
    ordered: dict[str, None] = {}

    def visit(text: str, above: tuple[str, ...]) -> None:
        for name in _read(text):
            if name in known and name not in above and name not in ordered:
                visit(known[name], (*above, name))
                ordered[name] = None

    visit(sql, ())
    return list(ordered)


@cache
def _read(text: str) -> tuple[str, ...]:
    """What a text reads from, in alphabetical order."""
    return tuple(sorted(set(_SOURCE.findall(text.lower()))))


def _named(path: Path) -> tuple[str, int]:
    match = _VARIANT.fullmatch(path.name.removesuffix(path.suffix))
    if match is None:
        raise CardError(f"{path.name} must be named name.sql, name.pg17.sql or name.py")
    return match["name"], int(match["major"] or 0)
