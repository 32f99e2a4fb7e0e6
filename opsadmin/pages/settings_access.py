"""What our role may do in PostgreSQL, what it lacks, and what would let it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import Error as DatabaseError
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationFailed
from opsadmin.last_seen import recall, remember
from opsadmin.pages.patient import ask
from opsadmin.postgres.capabilities import OLDEST, Capabilities, capabilities_of
from opsadmin.postgres.sentences import sentence_of
from opsadmin.postgres.session import read_only
from opsadmin.retold import retold
from opsadmin.snapshots import latest

_SEEN = "settings.access"


@dataclass(frozen=True)
class Access:
    """`rights`: what roles and extensions let this site do, each with `has` and the `fix`. `extensions`: installed ones
    with their schema. Why it is not of now: PostgreSQL is still asked (`running`), or `silence` says why it does not
    answer; `seen`: it was read at `taken_at` then. `blind`: `titles` of checks that could not look at the last report, by
    `reason` and `fix`."""

    role: str = ""
    server: str = ""
    is_superuser: bool = False
    is_old: bool = False
    started_at: str = ""
    rights: list[dict[str, Any]] = field(default_factory=list)
    extensions: list[list[str]] = field(default_factory=list)
    taken_at: datetime | None = None
    seen: bool = False
    running: bool = False
    silence: str = ""
    blind: list[dict[str, Any]] = field(default_factory=list)
    blind_at: datetime | None = None

    @property
    def is_known(self) -> bool:
        return bool(self.role)


def read_access(database: str) -> Access:
    """What PostgreSQL allows, now or when it was seen last."""
    answer = ask(("settings",), database, lambda: _read(database), after=lambda found: remember(database, _SEEN, found))
    snapshot = latest(database)
    checks = snapshot.report.get("checks", []) if snapshot else []
    more: dict[str, Any] = {"blind": _blind(checks), "blind_at": snapshot.taken_at if snapshot else None}
    if answer.value is not None:
        return Access(**answer.value, taken_at=answer.taken_at, **more)
    silence = answer.error.message if answer.error is not None else ""
    seen = recall(database, _SEEN)
    data = seen.data if seen is not None else {}
    taken_at = seen.taken_at if seen is not None else None
    return Access(**data, taken_at=taken_at, seen=seen is not None, running=not silence, silence=silence, **more)


def _read(database: str) -> dict[str, Any]:
    """Three statements.

    Raises `OperationFailed`."""
    try:
        with read_only(database) as session:
            found = capabilities_of(session)
    except DatabaseError as error:
        raise OperationFailed(sentence_of(error)) from error
    return {
        "role": found.role,
        "server": found.server,
        "is_superuser": found.is_superuser,
        "is_old": found.major < OLDEST,
        "started_at": found.started_at.isoformat(),
        "rights": [_right(found, need, words) for need, words in needs().items()],
        "extensions": sorted([name, schema] for name, schema in found.extensions.items()),
    }


def _blind(checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The checks that could not look, together where one thing would help."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in checks:
        if lack := one.get("unavailable"):
            found.setdefault((retold(lack["reason"]), retold(lack.get("fix", ""))), []).append(one["title"])
    return [{"titles": titles, "reason": reason, "fix": fix} for (reason, fix), titles in found.items()]


def needs() -> dict[str, str]:
    """What is asked of the role and the server, and what for."""
    return {
        "role pg_read_all_stats": _("See the statements and figures of other roles: sessions, queries, replication."),
        "role pg_read_all_settings": _("Read every setting of the server."),
        "role pg_read_all_data": _("See what ANALYZE knows of each column, and run SELECT on every table."),
        "role pg_stat_scan_tables": _("Measure how much of an index is empty."),
        "role pg_signal_backend": _("Cancel statements and end sessions of other roles."),
        "extension pg_stat_statements": _("Count what each statement costs: queries, their trends, index ideas."),
        "extension hypopg": _("Let the planner try an index that is not there: surer index ideas."),
        "extension pgstattuple": _("Measure how much of an index is empty."),
    }


def _right(found: Capabilities, need: str, words: str) -> dict[str, Any]:
    lack = found.lacks(need)
    kind, name = need.split()
    return {
        "kind": kind,
        "name": name,
        "words": words,
        "has": lack is None,
        "reason": lack.reason if lack else "",
        "fix": lack.fix if lack else "",
    }
