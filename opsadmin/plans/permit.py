"""The guard, asked about a plan: planning runs functions (IMMUTABLE ones of constants, STABLE ones for estimates), so what
they may do is judged first; and ANALYZE runs all of the statement."""

from __future__ import annotations

import secrets

from opsadmin.console.guard import judge, judge_names
from opsadmin.console.tree import Node, read_tree, unfolded, unreadable
from opsadmin.plans.server import PlanSession

#: The server's account of a statement that a rule turns into nothing.
NOTHING = "<>"


def permit_names(plans: PlanSession) -> None:
    """Return where the server may read the statement: reading a constant may run a type's checks.

    Raises `SqlRefused`; psycopg's errors."""
    with plans.catalogue():
        judge_names(plans.names, plans.catalog)


def permit(plans: PlanSession, *, runs: bool) -> list[Node]:
    """Return where the statement may be planned; `runs`: and run. Answers how the server reads it.

    Raises `SqlRefused`; psycopg's errors."""
    return permit_text(plans, plans.work.text(), plans.names, plans.unused_types(plans.work), runs=runs)


def permit_text(
    plans: PlanSession, query: str, names: frozenset[str], types: list[int], *, runs: bool = False
) -> list[Node]:
    """As `permit`, for another query with those names.

    Raises `SqlRefused`; psycopg's errors."""
    session = plans.session
    session.set({"search_path": "pg_catalog"})  # for questions to the catalogue
    judge_names(names, plans.catalog)
    # A pooler that knows a text by heart does not ask the server again: no text is ever the same.
    text = f"{query}\n/* opsadmin {secrets.token_hex(8)} */".encode()
    with session.telling():
        plans.send(lambda pgconn: pgconn.send_prepare(b"", text, types))
    told = [notice for notice in session.notices if notice.startswith(("(", NOTHING))]
    if len(told) != 1:
        raise unreadable("nothing at all")
    tree = read_tree(unfolded(told[0])) if told != [NOTHING] else []
    if any(node.label != "QUERY" for node in tree):
        raise unreadable("no query")
    judge(tree, plans.catalog, plan_only=not runs)
    session.ready(as_usual=True)
    return tree
