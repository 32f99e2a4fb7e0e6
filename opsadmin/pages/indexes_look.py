"""One look at all indexes: which nobody reads, which are doubled, invalid or bloated, by the checks that the health report
goes by. What it found is kept, because on a large catalogue it takes longer than a page waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.db import Error as DatabaseError
from django.db import router, transaction

from opsadmin.core.errors import OperationFailed
from opsadmin.core.finding import Status, Unavailable
from opsadmin.core.result import plain
from opsadmin.health.batch import batch_sql, rows_by_check
from opsadmin.health.card import Card
from opsadmin.health.catalog import checks
from opsadmin.health.findings import finding_of, threshold_of
from opsadmin.health.limits import Limits, limits
from opsadmin.health.run import PLANNER, why
from opsadmin.last_seen import recall, remember
from opsadmin.models import SeenAnswer
from opsadmin.pages.actions import names_of
from opsadmin.postgres.capabilities import Capabilities, capabilities_of
from opsadmin.postgres.sentences import sentence_of
from opsadmin.postgres.session import Session, read_only

logger = logging.getLogger(__name__)

SQL = Path(__file__).parents[1] / "postgres" / "sql"
LIST = (SQL / "index_list.sql").read_text(encoding="utf-8")

#: The lists of the page and the checks that they are made of. `idle` is what `unused` spares.
LISTS: Mapping[str, tuple[str, ...]] = {
    "unused": ("index.unused",),
    "idle": (),
    "duplicate": ("index.duplicate", "index.redundant"),
    "invalid": ("index.invalid",),
    "bloated": ("index.bloat",),
}
#: Of a list so many are kept, the largest; what lies beyond is counted.
KEPT = 500
STATEMENT_MS = 5000

_IDLE, _GROUND = "page.idle", "page.ground"
_ROW = ("kept", "because", "reads", "state", "wasted_percent", "needed_bytes", "weight")


@dataclass(frozen=True)
class Looked:
    """`lists`: of each list its rows as plain data, how many there are (`found`), how it is judged, and what could not be
    seen. `ground`: since when the counters run."""

    lists: dict[str, dict[str, Any]]
    ground: dict[str, Any]
    seconds: float

    @property
    def counts(self) -> dict[str, Any]:
        """What every page shows of the look: how many each list has, and the ground."""
        counts = {name: None if one["lacks"] and not one["found"] else one["found"] for name, one in self.lists.items()}
        return {"counts": counts, "ground": self.ground, "seconds": self.seconds}


def look(database: str) -> Looked:
    """Six statements.

    Raises `OperationFailed` where PostgreSQL does not answer, or not in time."""
    begun = time.monotonic()
    cards: list[Card] = []
    capabilities: Capabilities | None = None
    try:
        with read_only(database, statement_ms=STATEMENT_MS, settings=PLANNER) as session:
            capabilities = capabilities_of(session)
            by, lacks = limits(), {}
            for card in _cards(capabilities):
                lack = next(filter(None, map(capabilities.lacks, card.needs)), None)
                if lack is None:
                    cards.append(card)
                else:
                    lacks[card.id] = lack
            if _is_there(cards, "index.unused"):
                cards.append(_of_page(_IDLE, "index_idle"))
            cards.append(_of_page(_GROUND, "index_ground"))
            values = {card.id: by.values(card) for card in cards}
            text = batch_sql(cards, values, capabilities.major, capabilities.extensions, KEPT)
            rows, totals = rows_by_check(session.tuples(text))
            details = _details(session, rows)
    except DatabaseError as error:
        cause = error.__cause__
        if capabilities is not None and isinstance(cause, psycopg.Error) and cause.sqlstate is not None:
            raise OperationFailed(why(cause, capabilities, {}).reason) from error
        raise OperationFailed(sentence_of(error)) from error
    lists = {name: _list(name, cards, by, rows, totals, lacks, details) for name in LISTS}
    (ground,) = rows[_GROUND]
    return Looked(lists, ground, time.monotonic() - begun)


def keep(database: str, looked: Looked) -> None:
    """For when PostgreSQL does not answer, and for the next page."""
    try:
        with transaction.atomic(using=router.db_for_write(SeenAnswer)):
            for name, one in looked.lists.items():
                remember(database, f"indexes.{name}", one)
            remember(database, "indexes", looked.counts)
    except DatabaseError as error:
        logger.warning("[indexes] what was seen of %s was not kept (%s)", database, type(error).__name__)


def kept(database: str, name: str = "") -> SeenAnswer | None:
    """The list that was kept last, or the counts; None where there is none."""
    return recall(database, f"indexes.{name}" if name else "indexes")


def _cards(capabilities: Capabilities) -> Iterable[Card]:
    wanted = {check for one in LISTS.values() for check in one}
    return [check.card(capabilities.major) for check in checks() if check.id in wanted]


def _is_there(cards: Iterable[Card], check: str) -> bool:
    return any(card.id == check for card in cards)


def _of_page(id: str, name: str) -> Card:
    """A question of this page that is asked in one statement with the checks, because it reads the same facts."""
    sql = (SQL / f"{name}.sql").read_text(encoding="utf-8").strip()
    return Card(id=id, area="index", title="", severity=Status.OK, says="", why="", sql=sql)


def _details(session: Session, rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """What the list of all says of those indexes, by name."""
    objects = {row["object"] for check, found in rows.items() if check != _GROUND for row in found}
    names = [parts for parts in map(names_of, sorted(objects)) if len(parts) == 2]
    if not names:
        return {}
    values = {
        "schemas": [schema for schema, _name in names],
        "names": [name for _schema, name in names],
        "text": "",
        "limit": None,
        "offset": 0,
    }
    return {row["object"]: plain({**row, "found": None}) for row in session.rows(LIST, values)}


def _list(
    name: str,
    cards: Iterable[Card],
    by: Limits,
    rows: Mapping[str, list[dict[str, Any]]],
    totals: Mapping[str, int],
    lacks: Mapping[str, Unavailable],
    details: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    made_of = [card for card in cards if card.id in LISTS[name] or (name == "idle" and card.id == _IDLE)]
    listed: dict[str, dict[str, Any]] = {}
    found, ignored = 0, 0
    missing = [plain(lacks[check]) for check in LISTS[name] if check in lacks]
    for card in made_of:
        values = by.values(card)
        found += totals.get(card.id, 0)
        for row in rows.get(card.id, ()):
            if row.get("not_looked_at"):
                found -= 1
                missing.append({"reason": row["not_looked_at"], "fix": row.get("fix_sql") or "", "applicable": True})
            elif by.ignores(card.id, row["object"]):
                found -= 1
                ignored += 1
            elif row["object"] in listed:
                found -= 1  # a duplicate may be the beginning of a longer one, too
            else:
                listed[row["object"]] = {**details.get(row["object"], {}), **_told(card, row, values)}
    return {
        "found": found,
        "ignored": ignored,
        "rows": sorted(listed.values(), key=lambda row: -(row.get("weight") or 0))[:KEPT],
        "lacks": missing,
        "judged": [
            {"check": card.id, "title": card.title, "why": card.why, "threshold": threshold_of(card, by.values(card))}
            for card in made_of
            if card.id != _IDLE
        ],
    }


def _told(card: Card, row: Mapping[str, Any], values: dict[str, float]) -> dict[str, Any]:
    """What the check says of the index, beside what it is."""
    told = {name: row[name] for name in _ROW if row.get(name) is not None}
    if card.id == _IDLE:
        return {**told, "object": row["object"]}
    finding = finding_of(card, dict(row), values)
    said = {"message": finding.message, "hint": finding.hint, "fix": finding.fix_sql, "lock": finding.lock}
    return {**told, **said, "object": row["object"], "check": card.id, "table_object": row.get("table_object") or ""}
