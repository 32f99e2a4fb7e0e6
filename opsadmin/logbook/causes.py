"""What makes several things that go wrong one incident: their cause. A check is its own cause; when PostgreSQL is away,
whatever else fails follows from that.

    register_cause("store.backend_answers", OUTAGE)
    register_runbook("store.*", _("When PostgreSQL is away"), "docs/core/failover.md")
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

#: PostgreSQL is not there, or not in use.
OUTAGE = "outage"

_causes: list[tuple[str, str]] = [("connection.answers", OUTAGE), ("switch", OUTAGE), ("switch:*", OUTAGE)]


@dataclass(frozen=True)
class Runbook:
    """A document that says what to do; `title` may be lazy."""

    title: Any
    docs: str


_runbooks: list[tuple[str, Runbook]] = []


def register_cause(pattern: str, cause: str) -> None:
    """The subjects that match belong to the cause; the latest one registered counts."""
    if (pattern, cause) not in _causes:
        _causes.insert(0, (pattern, cause))


def cause_of(subject: str) -> str:
    """The cause that the subject (a check, or what `happened` is told) belongs to."""
    return next((cause for pattern, cause in _causes if fnmatchcase(subject, pattern)), subject)


def register_runbook(pattern: str, title: Any, docs: str) -> None:
    """The document for the subjects that match."""
    entry = (pattern, Runbook(title, docs))
    if entry not in _runbooks:
        _runbooks.insert(0, entry)


def runbook_of(subject: str) -> Runbook | None:
    """The document for the subject; None where there is none."""
    return next((runbook for pattern, runbook in _runbooks if fnmatchcase(subject, pattern)), None)
