"""Explaining a statement: read, judge, plan, try what is to be tried, and say what it means.

plan = explain({"host": "/run/postgresql", "dbname": "shop"}, "SELECT * FROM orders WHERE customer_id = $1")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from opsadmin.console.session import console_session
from opsadmin.console.tree import Node as Part
from opsadmin.console.wire import OutOfTime
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.plans.asked import CHANGES, Asked, asked_of
from opsadmin.plans.failed import failure, overdue
from opsadmin.plans.formats import xml_of, yaml_of
from opsadmin.plans.permit import permit_first
from opsadmin.plans.plan import Plan, Side
from opsadmin.plans.relations import stored_in
from opsadmin.plans.server import LIMITS, Explained, PlanSession
from opsadmin.plans.text import text_of
from opsadmin.plans.tree import Node, tree_of
from opsadmin.plans.warnings import warnings_of
from opsadmin.plans.whatif import HypotheticalIndex, Wanted, tried, wanted_of

#: What PostgreSQL counts as the planner's and is ours.
_OURS = frozenset({"plan_cache_mode", "enable_partition_pruning", "constraint_exclusion"})


@dataclass(frozen=True)
class Request:
    """What is asked for. `sql`, `format`: as the operation takes them."""

    sql: str
    analyze: bool = False
    hypothetical_indexes: Sequence[Any] = ()
    hidden_indexes: Sequence[str] = ()
    format: str = "text"

    @property
    def tries(self) -> bool:
        return bool(self.hypothetical_indexes or self.hidden_indexes)


def explain(address: Mapping[str, Any], request: Request, *, role: str = "") -> Plan:
    """The plan. `address`: of the connection, as libpq names it; `role`: one to change to.

    Raises `OperationError` (the statement or the indexes cannot be), `SqlRefused` (the guard), `OperationFailed` (locked,
    out of time, HypoPG missing, no server)."""
    asked = asked_of(request.sql)
    if request.analyze:
        _may_analyze(asked, request)
    plans: PlanSession | None = None
    try:
        with console_session(address, LIMITS, role=role) as session:
            plans = PlanSession(session, asked)
            try:
                return _explain(plans, request)
            except psycopg.Error as error:
                raise failure(error, plans, ran=request.analyze) from None
    except OutOfTime:
        raise overdue(ran=request.analyze) from None
    except psycopg.Error as error:
        raise failure(error, None, ran=False) from None
    except RecursionError:
        raise OperationFailed("The plan is nested too deep to be shown.", hint="Explain its parts.") from None


def _may_analyze(asked: Asked, request: Request) -> None:
    """Raises `OperationError` where ANALYZE would run what must not run, or something that cannot run."""
    first = next((token.text for token in asked.tokens if token.text != "("), "")
    if asked.makes or first in CHANGES:
        raise OperationError(
            f"analyze runs the statement, and {asked.makes or first.upper()} changes something.",
            parameter="analyze",
            hint="Ask without analyze: it plans and changes nothing.",
        )
    if request.tries:
        raise OperationError(
            "analyze runs the statement, and an index that is only tried cannot be run: it is not there.",
            parameter="analyze",
            hint="Ask without analyze for before and after, or with analyze and without indexes to try.",
        )
    if any(token.kind == "parameter" for token in asked.tokens):
        raise OperationError(
            "analyze runs the statement, and its parameters ($1 ...) have no values.",
            parameter="analyze",
            hint="Put values in their places, or ask without analyze.",
        )


def _explain(plans: PlanSession, request: Request) -> Plan:
    read = permit_first(plans, runs=request.analyze)
    wanted = wanted_of(plans, request.hypothetical_indexes, request.hidden_indexes) if request.tries else None
    found = plans.analyze() if request.analyze else plans.explain()
    plan = _plan(plans, request, found)
    return plan if wanted is None else _tried(plans, request, plan, wanted, read)


def _plan(plans: PlanSession, request: Request, found: Explained) -> Plan:
    tree = tree_of(found.statements)
    first = found.statements[0] if found.statements else {}
    return Plan(
        sql=request.sql,
        format=request.format,
        text=_text(plans, request, found),
        total_cost=tree.cost,
        rows=tree.rows,
        tree=tree,
        analyzed=request.analyze,
        generic=plans.generic,
        warnings=_warnings(plans, tree, found),
        notes=tuple(_notes(plans)),
        assumed_types={f"${number}": kind for number, kind in sorted(plans.assumed.items())},
        planning_ms=_ms(first.get("Planning Time")),
        execution_ms=_ms(first.get("Execution Time")),
        settings={name: str(value) for name, value in (first.get("Settings") or {}).items() if name not in _OURS},
    )


def _tried(plans: PlanSession, request: Request, plan: Plan, wanted: Wanted, read: Sequence[Part]) -> Plan:
    before = Side(plan.total_cost, plan.rows, plan.text, plan.tree)
    with tried(plans, wanted, read) as indexes:
        found = plans.explain()
        text = _text(plans, request, found)
    tree = tree_of(found.statements)
    after = Side(tree.cost, tree.rows, text, tree)
    return replace(
        plan,
        text=after.text,
        total_cost=after.total_cost,
        rows=after.rows,
        tree=tree,
        warnings=_warnings(plans, tree, found),
        before=before,
        after=after,
        hypothetical_indexes=_used(indexes, tree),
        hidden_indexes=tuple(name for _oid, name in wanted.hidden),
    )


def _used(indexes: Sequence[HypotheticalIndex], tree: Node) -> tuple[HypotheticalIndex, ...]:
    names = {node.index for node in tree.walk()}
    return tuple(replace(one, used=one.name in names) for one in indexes)


def _text(plans: PlanSession, request: Request, found: Explained) -> str:
    match request.format:
        case "json":
            return found.raw
        case "yaml":
            return yaml_of(found.statements)
        case "xml":
            return xml_of(found.statements)
    return text_of(found.statements) if request.analyze else plans.explain(as_text=True).raw


def _warnings(plans: PlanSession, tree: Node, found: Explained) -> Any:
    stored = stored_in(plans, found.statements)
    return warnings_of(tree, found.statements, stored, work_mem=plans.session.work_mem)


def _notes(plans: PlanSession) -> list[str]:
    found = []
    if plans.generic:
        names = ", ".join(f"${number}" for number in plans.work.numbers)
        found.append(
            f"This is the plan for any value of {names}: with values known, PostgreSQL may choose another one."
        )
    for kind in sorted(set(plans.assumed.values())):
        alike = ", ".join(f"${number}" for number, one in sorted(plans.assumed.items()) if one == kind)
        found.append(f"Nothing in the statement says the type of {alike}: planned as {kind}.")
    if plans.asked.makes:
        found.append(f"This is the plan of the query; {plans.asked.makes} adds the cost of writing its rows.")
    return found


def _ms(value: Any) -> float | None:
    return None if value is None else float(value)
