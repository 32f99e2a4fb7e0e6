"""The guard, asked about a plan: planning runs functions (IMMUTABLE ones of constants, STABLE ones for estimates), so what
they may do is judged first; and ANALYZE runs all of the statement."""

from __future__ import annotations

import secrets

import psycopg

from opsadmin.console.guard import judge, judge_names
from opsadmin.console.tree import Node, read_tree, unfolded, unreadable
from opsadmin.plans.server import NOTHING, PlanSession, trees_in


def permit_names(plans: PlanSession) -> None:
    """Return where the server may read the statement: reading a constant may run a type's checks.

    Raises `SqlRefused`; psycopg's errors."""
    with plans.catalogue():
        judge_names(plans.names, plans.catalog)


def permit(plans: PlanSession, *, runs: bool) -> list[Node]:
    """Return where the statement may be planned; `runs`: and run. Answers how the server reads it.

    Raises `SqlRefused`; psycopg's errors."""
    return permit_text(plans, plans.work.text(), plans.names, plans.unused_types(plans.work), runs=runs)


def permit_first(plans: PlanSession, *, runs: bool) -> list[Node]:
    """`permit_names`, the reading, and `permit`, in a session that has just begun, whose search_path is the catalogue's
    still. It takes half as many statements: what the server says while it reads the statement is what is judged.

    Raises `SqlRefused`; psycopg's errors."""
    judge_names(plans.names, plans.catalog)
    told: list[str] = []
    unread: psycopg.Error | None = None
    with plans.session.telling(ready=True):
        try:
            told = plans.read_telling()
        except psycopg.Error as error:
            if plans.connection.broken:
                raise
            unread = error
    if unread is not None:  # when the server has stopped telling: somebody may ask it why
        raise unread
    if len(told) != 1:  # a pooler that knows the text, or a server that says it otherwise
        return permit(plans, runs=runs)
    judge_names(plans.names, plans.catalog)  # types that were found for parameters are names, too
    return _judged(plans, told, runs=runs)


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
    return _judged(plans, trees_in(session.notices), runs=runs)


def _judged(plans: PlanSession, told: list[str], *, runs: bool) -> list[Node]:
    """`told`: what the server said of how it reads the statement."""
    if len(told) != 1:
        raise unreadable("nothing at all")
    tree = read_tree(unfolded(told[0])) if told != [NOTHING] else []
    if any(node.label != "QUERY" for node in tree):
        raise unreadable("no query")
    judge(tree, plans.catalog, plan_only=not runs)
    plans.session.ready(as_usual=True)
    return tree
