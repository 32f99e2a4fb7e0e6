"""Checks: a function that looks at a subject and says what is wrong with it, registered by a decorator."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from opsadmin.core.finding import CheckResult, Finding, Status, Unavailable, worst

logger = logging.getLogger(__name__)


class CannotLook(Exception):
    """Raised by a check that cannot be made here; carries the reason and what would let it."""

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(reason)
        self.unavailable = Unavailable(reason, fix)


@dataclass(frozen=True)
class Outcome:
    """What a check function returns: its findings, and how much it examined ("2 documents")."""

    findings: list[Finding]
    examined: str = ""


@dataclass(frozen=True)
class Check:
    """A registered check. `look` takes the subject that its family agreed on."""

    id: str
    area: str
    title: str
    look: Callable[[Any], Outcome]

    def run(self, subject: Any) -> CheckResult:
        """Look; a check that fails is reported as one that could not look and never costs the others' findings."""
        try:
            outcome = self.look(subject)
        except CannotLook as error:
            return CheckResult(self.id, self.area, self.title, Status.UNKNOWN, unavailable=error.unavailable)
        except Exception as error:  # any fault of one check must leave the others standing
            logger.exception("[health] the check %s failed", self.id)
            return CheckResult(
                self.id,
                self.area,
                self.title,
                Status.UNKNOWN,
                unavailable=Unavailable(f"The check itself failed ({type(error).__name__}).", "See the site's log."),
            )
        status = worst(finding.severity for finding in outcome.findings)
        return CheckResult(self.id, self.area, self.title, status, tuple(outcome.findings), outcome.examined)


_registry: dict[str, Check] = {}


def check(id: str, *, title: str) -> Callable[[Callable[[Any], Outcome]], Callable[[Any], Outcome]]:
    """Register the function as the check `id`, spelled `area.name`."""

    def register(look: Callable[[Any], Outcome]) -> Callable[[Any], Outcome]:
        _registry[id] = Check(id, id.split(".", 1)[0], title, look)
        return look

    return register


def load_checks(package: ModuleType) -> None:
    """Import every module of a package of checks, so that adding a check means adding a file."""
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


def checks_of(area: str) -> list[Check]:
    """The registered checks of an area, by id."""
    return sorted((one for one in _registry.values() if one.area == area), key=lambda one: one.id)


def run_checks(checks: Iterable[Check], subject: Any) -> tuple[CheckResult, ...]:
    """Every check's outcome, worst first."""
    return tuple(sorted((one.run(subject) for one in checks), key=lambda result: -result.status.rank))
