"""Why there is no plan, in words for the one who asked."""

from __future__ import annotations

import contextlib
from typing import Any

import psycopg

from opsadmin.console.mask import Masker
from opsadmin.core.blocks import said_seconds
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.plans.relations import question
from opsadmin.plans.server import LIMITS, PlanSession

#: A longer text of the server is cut.
MAX_ERROR = 600

_HINTS = {
    "42P01": "Name its schema if it is not in the search_path; a temporary table is seen by its own session alone.",
    "42703": "Where the statement comes out of a function, the name may be one of the function's variables: put a value there.",
    "42501": "The role that looks needs the same privileges as the one that runs the statement: GRANT SELECT ON the table.",
    "42P18": "Say the type of the parameter: $1::integer.",
}
#: A long statement with many parameters that nothing says the type of.
GAVE_UP = (
    "The types of its parameters were not found in the time that a look has: say them ($1::integer), or explain a part."
)
_UNREADABLE = "Parameters are written $1, $2; %s, ? and :name are a driver's."


def failure(error: psycopg.Error, plans: PlanSession | None, *, ran: bool) -> OperationError:
    """What to say about an error. `plans`: the session, where one was open; `ran`: whether the statement itself ran."""
    state, diag = error.sqlstate, error.diag
    cut = plans.session.line.cut if plans is not None and plans.session.line is not None else ""
    if cut == "time":
        return overdue(ran=ran)
    if cut == "bytes":
        return OperationError(
            f"The statement is too large: what the server says of it is more than {LIMITS.line_bytes // 1_000_000} MB.",
            parameter="sql",
            hint="Explain a part of it.",
        )
    if state is None or diag.message_primary is None or plans is None:
        return OperationFailed("PostgreSQL does not answer.")
    words = Masker().text(diag.message_primary[: 4 * MAX_ERROR])[:MAX_ERROR]
    if state == "55P03":
        return _held(plans)
    if state == "57014":
        return overdue(ran=ran)
    if state.startswith(("08", "53", "57", "58", "XX")):
        return OperationFailed(f"PostgreSQL could not do it: {words}.")
    where = ""
    if diag.statement_position:
        at = plans.work.original_position(int(diag.statement_position))
        where = f" (at character {at})"
    hints = [Masker().text(diag.message_hint)[:MAX_ERROR]] if diag.message_hint else []
    if state == "42601" and any(sign in plans.asked.query for sign in ("%s", "%(", "?", ":")):
        hints.append(_UNREADABLE)
    if state in _HINTS:
        hints.append(_HINTS[state])
    if plans.gave_up:
        hints.append(GAVE_UP)
    doing = "run" if ran else "plan"
    return OperationError(
        f"PostgreSQL cannot {doing} the statement: {words}{where}.", parameter="sql", hint=" ".join(hints)
    )


def overdue(*, ran: bool) -> OperationFailed:
    """Out of time."""
    if ran:
        return OperationFailed(
            "The statement ran longer than a look may take, and was ended.",
            hint="Ask without analyze: the plan's estimates take milliseconds. Or run EXPLAIN ANALYZE in psql at a quiet time.",
        )
    return OperationFailed(
        "Planning took longer than a look may take, and was ended.",
        hint="A statement with dozens of joins or thousands of partitions plans that long: lower join_collapse_limit for it.",
    )


def _held(plans: PlanSession) -> OperationFailed:
    """Somebody holds a table: who."""
    holders: list[dict[str, Any]] = []
    with contextlib.suppress(psycopg.Error):
        with plans.catalogue():
            holders = plans.rows(question("lock_holders"), {"names": list(plans.names)})
    named = [one for one in holders if one["named"]] or holders
    who = " ".join(_holder(one) for one in named[:3])
    return OperationFailed(
        "A table of the statement is locked, and even its plan has to wait for that. "
        + (who or "The lock was gone a moment later: ask again."),
        parameter="sql",
        hint="Ask again when the lock is gone." if who else "",
    )


def _holder(one: dict[str, Any]) -> str:
    if one["pid"] is None:
        who = "A prepared transaction"
    else:
        name = f" ({one['application_name']})" if one["application_name"] else ""
        who = f"Process {one['pid']}{name} of {one['role'] or 'the server'}"
    verb = "holds" if one["granted"] else "waits for"
    since = ""
    if one["since"] is not None:
        ago = said_seconds((one["now"] - one["since"]).total_seconds())
        since = f" since {one['since']:%Y-%m-%d %H:%M:%S %Z} ({ago})"
    return f"{who} {verb} ACCESS EXCLUSIVE on {one['relation']}{since}."
