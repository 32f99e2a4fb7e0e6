"""From an idea of the page to the operation that does it: `create_index` and `drop_index` show what they would do first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase

from opsadmin.pages.ideas_kept import QUERIES, Kept
from opsadmin.pages.ideas_verified import VERIFY

CREATE, DROP = "create_index", "drop_index"
#: What of an asking is handed on to have it verified.
_ASKED = ("max_size_mb", "max_indexes", "min_calls", "time_limit")
#: Statements that are handed on to whoever follows the index.
FOLLOWED = 10


def hand_over(request: HttpRequest, kept: Kept, database: str) -> HttpResponseBase | None:
    """The page of the operation for the idea whose number was sent, None where the advice has no such one: another was
    made meanwhile."""
    from opsadmin.faces.operation_page import operation_page  # which draws on the pages itself

    for name, ideas, parameters in (
        ("create", kept.advice["recommendations"], _creation),
        ("drop", kept.advice["drops"], _drop),
    ):
        number = request.POST.get(name, "")
        if request.POST.get("key") == kept.key and number.isdecimal() and 0 < int(number[:6]) <= len(ideas):
            given = {**parameters(ideas[int(number) - 1], kept.advice), "database": database, "_step": "preview"}
            query = QueryDict(mutable=True)
            query.update(given)
            request.POST = query  # type: ignore[assignment]  # Django's own setter
            return operation_page(request, CREATE if name == "create" else DROP)
    return None


def hand_over_whole(
    request: HttpRequest, kept: Kept, statements: Sequence[str], database: str
) -> HttpResponseBase | None:
    """The page of the operation that verifies the advice, where that was asked for. `statements`: those that were given."""
    from opsadmin.faces.operation_page import operation_page  # which draws on the pages itself

    how = request.POST.get("verify", "")
    if not how or request.POST.get("key") != kept.key or (kept.kind == QUERIES and not statements):
        return None
    given = {name: str(kept.given[name]) for name in _ASKED if kept.given.get(name) is not None}
    query = QueryDict(mutable=True)
    query.update({**given, "how": how, "database": database, "_step": "preview"})
    if kept.kind == QUERIES:
        query["queries"] = json.dumps(list(statements), ensure_ascii=False)
    request.POST = query  # type: ignore[assignment]  # Django's own setter
    return operation_page(request, VERIFY)


def _creation(idea: Mapping[str, Any], advice: Mapping[str, Any]) -> dict[str, str]:
    """With what the index is to bring, so that it can be held against it."""
    queries: Sequence[Mapping[str, Any]] = advice["queries"]
    helped = [
        {
            "sql": queries[one["query"]]["sql"],
            "queryid": queries[one["query"]]["queryid"],
            "weight": queries[one["query"]]["weight"],
            "cost_before": one["cost_before"],
            "cost_after": one["cost_after"],
        }
        for one in idea["queries"][:FOLLOWED]
        if one["query"] < len(queries)
    ]
    before = sum(one["weight"] * one["cost_before"] for one in helped)
    after = sum(one["weight"] * one["cost_after"] for one in helped)
    promise = {"gain": idea["gain"], "promise": after / before if before else None, "queries": helped}
    return {"ddl": idea["ddl"], "advice": json.dumps(promise, ensure_ascii=False)}


def _drop(idea: Mapping[str, Any], advice: Mapping[str, Any]) -> dict[str, str]:
    return {"index": idea["index"]}
