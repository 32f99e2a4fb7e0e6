"""The last advice of each kind, in the site database: for the running workload, and for statements that somebody gave.
Constants of statements are not kept."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.advisor.advice import (
    Advice,
    AdvisedMigration,
    AdvisedQuery,
    FrontierPoint,
    Helped,
    NotAnalyzed,
    Recommendation,
)
from opsadmin.advisor.drops import Drop
from opsadmin.advisor.left_out import LeftOut
from opsadmin.core.errors import OperationFailed
from opsadmin.last_seen import recall, remember
from opsadmin.postgres.masking import masked

WORKLOAD, QUERIES = "workload", "queries"
KINDS = (WORKLOAD, QUERIES)
OPERATIONS = {WORKLOAD: "analyze_workload_indexes", QUERIES: "analyze_query_indexes"}
_PARTS = (Advice, Recommendation, Helped, AdvisedQuery, AdvisedMigration, NotAnalyzed, FrontierPoint, Drop, LeftOut)
#: Of a statement's text.
CHARACTERS = 4000


@dataclass(frozen=True)
class Kept:
    """`given`: what was asked for, by the parameters' names, statements left out; `key` names the asking. `statements`:
    those that were given, where they hold no constants. `advice`: the Advice's `as_dict()`, texts cut and masked."""

    kind: str
    taken_at: datetime
    by: str
    key: str
    given: dict[str, Any]
    statements: tuple[str, ...]
    advice: dict[str, Any]


def keep(database: str, kind: str, advice: Advice, *, by: str, key: str, given: dict[str, Any]) -> None:
    """In place of the one before.

    Raises `OperationFailed` where the site's own database did not take it."""
    statements = [str(one) for one in given.get("queries", ())]
    found = advice.as_dict()
    for one in found["queries"]:
        one["sql"] = _short(one["sql"])
    for one in found["not_analyzed"]:
        one["query"] = _short(one["query"])
    asked = {
        "by": by,
        "key": key,
        "given": {name: value for name, value in given.items() if name != "queries"},
        "statements": statements if all(masked(one) == one for one in statements) else [],
    }
    remember(database, _name(kind), {"shape": _shape(), "asked": asked, "advice": found})
    there = kept(database, kind)
    if there is None or there.key != key:
        raise OperationFailed(_("The advice was made, but the site's own database did not take it. Ask again."))


def kept(database: str, kind: str) -> Kept | None:
    """The last one; None where there is none, or another release of this site kept it in another shape."""
    seen = recall(database, _name(kind))
    if seen is None or seen.data.get("shape") != _shape():
        return None
    asked = seen.data["asked"]
    return Kept(
        kind=kind,
        taken_at=seen.taken_at,
        by=asked["by"],
        key=asked["key"],
        given=asked["given"],
        statements=tuple(asked["statements"]),
        advice=seen.data["advice"],
    )


def _shape() -> dict[str, list[str]]:
    """What an advice is made of."""
    return {one.__name__: [field.name for field in fields(one)] for one in _PARTS}


def _name(kind: str) -> str:
    return f"index_ideas.{kind}"


def _short(sql: str) -> str:
    text = masked(sql)
    return text if len(text) <= CHARACTERS else f"{text[: CHARACTERS - 1]}…"
