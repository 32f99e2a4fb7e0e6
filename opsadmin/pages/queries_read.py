"""What PostgreSQL says of its statements now, or said last: for the page "Queries"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.operation import Caller
from opsadmin.last_seen import recall, remember
from opsadmin.models import SeenAnswer
from opsadmin.pages.patient import Answer, ask
from opsadmin.pages.queries_view import Wanted, picked, told
from opsadmin.pages.site import caller_of
from opsadmin.perform import perform
from opsadmin.workload.queries import ORDERS

OPERATION = "get_top_queries"

_NUMBERED = re.compile(r"^\d+\. ")
_SQL = re.compile(r"(?:GRANT|CREATE|ALTER) .*;$")


@dataclass(frozen=True)
class Step:
    """What to do for an answer: in words, as SQL to copy, or both."""

    words: str
    sql: str


@dataclass(frozen=True)
class Reading:
    """`found`: as `told` makes it; None where there is nothing to show. `seen`: the kept answer it comes from. Why it is not of now: PostgreSQL is still asked (`running`), or `silence` says why it does not answer.
    `refusal`: why nobody counts statements here, with `steps`. `wrong`: what was asked for cannot be."""

    found: dict[str, Any] | None = None
    taken_at: datetime | None = None
    seen: SeenAnswer | None = None
    running: bool = False
    silence: str = ""
    refusal: str = ""
    steps: tuple[Step, ...] = ()
    wrong: OperationError | None = None

    @property
    def kept(self) -> int:
        """How many statements are kept, where there were more; else 0."""
        data = self.seen.data if self.seen else {}
        count = len(data.get("queries", ()))
        return count if count < int(data.get("found", 0)) else 0


def read_list(request: HttpRequest, wanted: Wanted) -> Reading:
    """The statements that are wanted."""
    caller = trusted(request)

    def keep(found: dict[str, Any]) -> None:
        remember(wanted.database, _name(wanted.sort), found)

    answer = ask(
        (OPERATION, wanted),
        wanted.database,
        lambda: told(perform(OPERATION, wanted.parameters, caller)),
        after=keep if wanted.is_whole else None,
    )
    return _reading(answer, lambda: _seen_list(wanted))


def read_one(request: HttpRequest, database: str, queryid: str) -> Reading:
    """One statement, the only one of `found`."""
    caller = trusted(request)
    given = {"database": database, "queryid": queryid}
    answer = ask((OPERATION, database, queryid), database, lambda: told(perform(OPERATION, given, caller)))
    return _reading(answer, lambda: _seen_one(database, queryid))


def trusted(request: HttpRequest) -> Caller:
    """The person at the page, whose permission was asked for already: the request's user is this thread's alone."""
    return replace(caller_of(request), may=lambda permission: True)


def _reading(answer: Answer[dict[str, Any]], last: Callable[[], Reading]) -> Reading:
    error = answer.error
    if answer.value is not None:
        return Reading(answer.value, answer.taken_at)
    if error is None:
        return replace(last(), running=True)
    if not isinstance(error, OperationFailed):
        return Reading(wrong=error)
    if error.hint:
        return Reading(refusal=error.message, steps=steps_of(error.hint))
    return replace(last(), silence=error.message)


def _name(order: str) -> str:
    return f"{OPERATION}.{order}"


def _seen_list(wanted: Wanted) -> Reading:
    seen = recall(wanted.database, *(_name(order) for order in dict.fromkeys((wanted.sort, *ORDERS))))
    return Reading(picked(seen.data, wanted), seen.taken_at, seen) if seen else Reading()


def _seen_one(database: str, queryid: str) -> Reading:
    for order in ORDERS:
        seen = recall(database, _name(order))
        found = [one for one in seen.data.get("queries", ()) if one["queryid"] == queryid] if seen else []
        if seen and found:
            return Reading({**seen.data, "queries": found}, seen.taken_at, seen)
    return Reading()


def steps_of(hint: str) -> tuple[Step, ...]:
    """What an operation says would help, a line each, with the SQL in it apart."""
    found = []
    for line in hint.splitlines():
        text = _NUMBERED.sub("", line)
        words, colon, sql = text.partition(": ")
        if _SQL.match(text):
            found.append(Step("", text))
        elif colon and _SQL.match(sql):
            found.append(Step(f"{words}:", sql))
        else:
            found.append(Step(text, ""))
    return tuple(found)
