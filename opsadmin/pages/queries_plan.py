"""The plan of a statement of the list, where it comes soon enough."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from opsadmin.core.errors import OperationError
from opsadmin.pages.actions import details_url
from opsadmin.pages.patient import ask
from opsadmin.pages.plan_view import PlanView, plan_view
from opsadmin.pages.queries_read import trusted
from opsadmin.perform import find, perform
from opsadmin.plans.plan import Plan
from opsadmin.plans.text import text_of
from opsadmin.plans.tree import Node

OPERATION = "explain_query"

#: Nodes that read or write a table under its name; of others `relation` is a function or a part of the statement.
_OF_TABLES = frozenset(
    (
        "Seq Scan",
        "Sample Scan",
        "Index Scan",
        "Index Only Scan",
        "Bitmap Heap Scan",
        "Tid Scan",
        "Tid Range Scan",
        "Foreign Scan",
        "ModifyTable",
    )
)


@dataclass(frozen=True)
class Planned:
    """`view`, or why there is none: `running`, or the `reason` in a sentence, with a `hint`. `tables`: what it touches, each
    with the address of its page."""

    view: PlanView | None = None
    running: bool = False
    reason: str = ""
    hint: str = ""
    tables: tuple[tuple[str, str], ...] = ()


def read_plan(request: HttpRequest, database: str, query: dict[str, Any]) -> Planned | None:
    """The plan for any value of the statement's parameters; None where the person may not ask for it."""
    if not request.user.has_perm(find(OPERATION).permission):
        return None
    if query["is_cut"]:
        return Planned(reason=_("The text is too long to be planned: it is cut."))
    caller = trusted(request)
    # PostgreSQL is asked once: its text can be made from what it says.
    given = {"sql": query["sql"], "database": database, "format": "json"}
    answer = ask((OPERATION, database, query["sql"]), database, lambda: perform(OPERATION, given, caller))
    if answer.value is not None:
        said: Plan = answer.value
        plan = replace(said, text=_text(said))
        return Planned(plan_view(plan), tables=tuple(_tables(plan.tree, database)))
    error = answer.error
    if error is None:
        return Planned(running=True)
    return Planned(reason=error.message, hint=_hint(error))


def _text(plan: Plan) -> str:
    """`plan`: with a text in JSON."""
    statements = [one for one in json.loads(plan.text, parse_float=Decimal) if isinstance(one, dict) and "Plan" in one]
    return text_of([{**one, "Settings": plan.settings} for one in statements])


def _hint(error: OperationError) -> str:
    return " ".join(part for part in (error.hint, ", ".join(error.allowed)) if part)


def _tables(tree: Node, database: str) -> Iterator[tuple[str, str]]:
    names = {node.relation for node in tree.walk() if node.node_type in _OF_TABLES}
    for name in sorted(names):
        schema, dot, table = name.partition(".")
        if dot:
            yield name, details_url(database, schema, table)
