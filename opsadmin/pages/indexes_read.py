"""What PostgreSQL says of its indexes now, or said last: for the page "Indexes"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import Error as DatabaseError
from django.utils import timezone

from opsadmin.core.errors import OperationFailed
from opsadmin.core.result import plain
from opsadmin.last_seen import remember
from opsadmin.models import SeenAnswer
from opsadmin.pages.indexes_look import LIST, LISTS, Looked, keep, kept, look
from opsadmin.pages.patient import PATIENCE_SECONDS, Answer, ask
from opsadmin.postgres.capabilities import capabilities_of
from opsadmin.postgres.sentences import sentence_of
from opsadmin.postgres.session import read_only

ALL = "all"
PAGE = 40
#: Of the list of all so many are kept: the largest.
KEPT = 200
#: Orders of a list: what SQL sorts by, and how; the first is the default.
ORDERS: Mapping[str, tuple[str, str]] = {
    "size": ("c.relpages", "DESC"),
    "scans": ("pg_stat_get_numscans(c.oid)", ""),
    "name": ("format('%%I.%%I', n.nspname, c.relname)", ""),
    "table": ("format('%%I.%%I', tn.nspname, t.relname)", ""),
}
#: Seconds that a page waits where something was seen before, and where nothing was.
PATIENCE, FIRST_PATIENCE = 0.15, 0.25
#: A look that took a second is good for half a minute; none is longer than a minute, and none is repeated at once.
FRESH_FOR, LONGEST, SHORTEST = 30, 60.0, 2.0


@dataclass(frozen=True)
class Wanted:
    """What the page is to list. `list`: one of LISTS, or all."""

    database: str
    is_default: bool
    list: str
    sort: str
    text: str
    page: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * PAGE

    @property
    def is_whole(self) -> bool:
        """Whether the answer is worth keeping."""
        return self.page == 1 and not self.text and self.sort == "size"

    def query(self, **changes: Any) -> str:
        """What a link says to be asked for the same, but for the changes."""
        values = {
            "database": "" if self.is_default else self.database,
            "list": self.list,
            "sort": self.sort,
            "text": self.text,
            "page": self.page,
            **changes,
        }
        usual = {"list": "unused", "sort": "size", "page": 1}
        return "?" + urlencode(
            {name: value for name, value in values.items() if value not in ("", None, usual.get(name))}
        )


@dataclass(frozen=True)
class Reading:
    """`rows`, `found`: of the list that is wanted. `seen`: the kept answer they come from. Why it is not of now:
    PostgreSQL is still asked (`running`), or `silence` says why it does not answer. `kept`: how many of `found` were kept,
    0 where all were. `counts`: how many each list has, None where nobody can tell. `ground`: since when is counted."""

    rows: list[dict[str, Any]] | None = None
    found: int = 0
    taken_at: datetime | None = None
    seen: bool = False
    running: bool = False
    silence: str = ""
    kept: int = 0
    lacks: list[dict[str, Any]] = field(default_factory=list)
    judged: list[dict[str, Any]] = field(default_factory=list)
    ignored: int = 0
    counts: dict[str, int | None] = field(default_factory=dict)
    ground: dict[str, Any] = field(default_factory=dict)


def read_list(wanted: Wanted, *, again: bool = False) -> Reading:
    """The list that is wanted. `again`: also where it was read a moment ago."""
    return _all(wanted) if wanted.list == ALL else _looked(wanted, again=again)


# --- by the checks ----------------------------------------------------------------------------------------------------
def _looked(wanted: Wanted, *, again: bool) -> Reading:
    counts = kept(wanted.database)
    if counts is not None and not again and _is_fresh(counts):
        return _of_kept(wanted, counts)
    answer = _ask(wanted.database, FIRST_PATIENCE if counts is None else PATIENCE)
    if answer.value is not None:
        looked = answer.value
        found = replace(_of_list(looked.lists[wanted.list], wanted), taken_at=answer.taken_at)
        return _with(found, looked.counts)
    last = replace(_of_kept(wanted, counts), seen=counts is not None)
    if answer.error is not None:
        return replace(last, silence=answer.error.message)
    return replace(last, running=True)


def _ask(database: str, patience: float) -> Answer[Looked]:
    return ask(
        ("indexes",), database, lambda: look(database), after=lambda looked: keep(database, looked), patience=patience
    )


def _is_fresh(counts: SeenAnswer) -> bool:
    """What was cheap to find out is asked again."""
    span = timedelta(seconds=max(SHORTEST, min(LONGEST, FRESH_FOR * float(counts.data["seconds"]))))
    return timezone.now() - counts.taken_at < span


def _of_kept(wanted: Wanted, counts: SeenAnswer | None) -> Reading:
    if counts is None:
        return Reading()
    seen = kept(wanted.database, wanted.list)
    if seen is None:
        return _with(Reading(), counts.data)
    return _with(replace(_of_list(seen.data, wanted), taken_at=seen.taken_at), counts.data)


def _with(reading: Reading, counts: Mapping[str, Any]) -> Reading:
    return replace(reading, counts=counts["counts"], ground=counts["ground"])


def _of_list(one: Mapping[str, Any], wanted: Wanted) -> Reading:
    rows = picked(one["rows"], wanted)
    is_cut = len(one["rows"]) < one["found"]
    found = len(rows) if is_cut or wanted.text else one["found"]
    return Reading(
        rows=rows[wanted.offset : wanted.offset + PAGE],
        found=found,
        kept=len(one["rows"]) if is_cut else 0,
        lacks=one["lacks"],
        judged=one["judged"],
        ignored=one["ignored"],
    )


def picked(rows: list[dict[str, Any]], wanted: Wanted) -> list[dict[str, Any]]:
    """Of rows that were kept those that are wanted, in their order."""
    text = wanted.text.casefold()
    found = [row for row in rows if not text or any(text in part.casefold() for part in _parts(row))]
    return sorted(found, key=_ORDER_OF[wanted.sort])


def _parts(row: Mapping[str, Any]) -> list[str]:
    plain_names = [f"{row.get('schema', '')}.{row.get('name', '')}", *row.get("columns", ())]
    table = f"{row.get('table_schema', '')}.{row.get('table_name', '')}"
    return [row["object"], row.get("table_object", ""), table, *plain_names]


_ORDER_OF: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "size": lambda row: -(row.get("bytes") or row.get("weight") or 0),
    "scans": lambda row: row.get("scans") or 0,
    "name": lambda row: row["object"],
    "table": lambda row: (row.get("table_object", ""), row["object"]),
}


# --- all of them ------------------------------------------------------------------------------------------------------
def _all(wanted: Wanted) -> Reading:
    seen = kept(wanted.database, ALL)
    answer = ask(
        ("indexes", ALL, wanted),
        wanted.database,
        lambda: _list(wanted),
        after=lambda found: remember(wanted.database, f"indexes.{ALL}", found) if wanted.is_whole else None,
        patience=PATIENCE_SECONDS if seen is None else FIRST_PATIENCE,
    )
    counts = kept(wanted.database)
    if answer.value is not None:
        found = answer.value
        reading = Reading(
            rows=found["rows"][:PAGE], found=found["found"], taken_at=answer.taken_at, ground=found["ground"]
        )
    else:
        reading = Reading(running=answer.error is None, silence=answer.error.message if answer.error else "")
        if seen is not None:
            found = seen.data
            rows = picked(found["rows"], wanted)
            is_cut = len(found["rows"]) < found["found"]
            reading = replace(
                reading,
                rows=rows[wanted.offset : wanted.offset + PAGE],
                found=len(rows),
                kept=len(found["rows"]) if is_cut else 0,
                taken_at=seen.taken_at,
                seen=True,
                ground=found["ground"],
            )
    return replace(reading, counts=counts.data["counts"]) if counts is not None else reading


def _list(wanted: Wanted) -> dict[str, Any]:
    """Four statements."""
    key, direction = ORDERS[wanted.sort]
    text = LIST.replace("/* key */ 0", key).replace("/* direction */", direction)
    values = {
        "schemas": None,
        "names": None,
        "text": wanted.text.lower(),
        "limit": KEPT if wanted.is_whole else PAGE,
        "offset": wanted.offset,
    }
    try:
        with read_only(wanted.database) as session:
            capabilities = capabilities_of(session)
            rows = session.rows(text, values)
    except DatabaseError as error:
        raise OperationFailed(sentence_of(error)) from error
    return {
        "found": rows[0]["found"] if rows else 0,
        "rows": [plain(row) for row in rows],
        "ground": {"reset_at": plain(capabilities.stats_reset), "in_recovery": capabilities.in_recovery},
    }


def seen_row(database: str, object: str) -> tuple[dict[str, Any], datetime] | None:
    """The index of that name, with its schema as SQL has it, as it was seen last."""
    for name in (ALL, *LISTS):
        seen = kept(database, name)
        found = next((row for row in seen.data["rows"] if row["object"] == object), None) if seen else None
        if seen is not None and found is not None:
            return found, seen.taken_at
    return None


def said_of(database: str, object: str) -> list[dict[str, Any]]:
    """What the last look said of that index."""
    lists = (kept(database, name) for name, made_of in LISTS.items() if made_of)
    return [row for seen in lists if seen for row in seen.data["rows"] if row["object"] == object]
