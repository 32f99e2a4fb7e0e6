"""Families of checks that other apps bring: the dashboard's store, a queue, a mailer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from opsadmin.core.finding import CheckResult


@dataclass(frozen=True)
class Area:
    """`run(database)` gives its results; it answers also while PostgreSQL does not, and returns none for a database that
    is not its own."""

    name: str
    run: Callable[[str], tuple[CheckResult, ...]]


_areas: dict[str, Area] = {}


def register_area(name: str, run: Callable[[str], tuple[CheckResult, ...]]) -> None:
    """Add a family to `analyze_db_health`, from an app's `operations` module."""
    _areas[name] = Area(name, run)


def registered_areas() -> dict[str, Area]:
    """By name, in the order of registration."""
    return dict(_areas)
