"""What if there were an index, or one were not there: HypoPG, in the one session and transaction of the plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from opsadmin.catalogue.names import close_to, readings
from opsadmin.console.tree import Node
from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.result import Result
from opsadmin.plans.candidates import Candidate, candidate_of
from opsadmin.plans.permit import permit_text
from opsadmin.plans.relations import question
from opsadmin.plans.server import PlanSession


@dataclass(frozen=True)
class HypotheticalIndex(Result):
    """`name`: as it stands in the plan; `size_bytes`: as HypoPG estimates it; `used`: by the plan that came of it."""

    ddl: str
    name: str
    size_bytes: int | None
    used: bool = False


@dataclass(frozen=True)
class _Hypo:
    """HypoPG as it is installed. `schema`: quoted."""

    schema: str
    version: str
    hides: bool


@dataclass(frozen=True)
class Wanted:
    """What is to be tried, checked: indexes to have, and (oid, name) of those not to have."""

    candidates: tuple[Candidate, ...]
    hidden: tuple[tuple[int, str], ...]
    schema: str


def wanted_of(plans: PlanSession, indexes: Sequence[Any], hidden: Sequence[str]) -> Wanted:
    """What is to be tried, as the catalogue knows it.

    Raises `OperationFailed` where HypoPG is missing or too old, `OperationError` for an index that cannot be."""
    path = tuple(plans.rows("SELECT pg_catalog.current_schemas(false) AS path", {})[0]["path"])
    with plans.catalogue():
        hypo = _hypo(plans)
    if hidden and not hypo.hides:
        raise OperationFailed(
            f"HypoPG {hypo.version} cannot hide indexes; 1.4 and later can.",
            parameter="hidden_indexes",
            hint="Install a newer package of HypoPG, then: ALTER EXTENSION hypopg UPDATE;",
        )
    with plans.catalogue():
        candidates = tuple(candidate_of(plans, one, path) for one in indexes)
        found = tuple(_index(plans, name, path) for name in dict.fromkeys(hidden))
    return Wanted(candidates, found, hypo.schema)


@contextmanager
def tried(plans: PlanSession, wanted: Wanted, tree: Sequence[Node]) -> Iterator[list[HypotheticalIndex]]:
    """Inside, the planner sees the indexes of `wanted` and not the hidden ones. `tree`: how the server reads the statement.

    Raises `OperationError` where HypoPG cannot make one; psycopg's errors."""
    try:
        found = [_create(plans, one, wanted.schema, tree) for one in wanted.candidates]
        for oid, _name in wanted.hidden:
            with plans.attempt():
                plans.rows(f"SELECT {wanted.schema}.hypopg_hide_index(%(oid)s::oid)", {"oid": oid})
        yield found
    finally:
        # The connection is closed after this; behind a pooler the server's session goes on.
        if not plans.connection.broken:
            unhide = f", {wanted.schema}.hypopg_unhide_all_indexes()" if wanted.hidden else ""
            plans.rows(f"SELECT {wanted.schema}.hypopg_reset(){unhide}", {})


def _hypo(plans: PlanSession) -> _Hypo:
    (row,) = plans.rows(question("hypopg"), {})
    if row["version"] is None:
        steps = f"As a superuser, or the owner of the database {row['database']}: CREATE EXTENSION hypopg;"
        if not row["available"]:
            steps = (
                f"Install it on the server first (Debian: apt install postgresql-{row['major']}-hypopg; a hosted "
                f"PostgreSQL: its list of extensions). Then: CREATE EXTENSION hypopg;"
            )
        raise OperationFailed(
            f"What-if needs the extension hypopg, which is not in the database {row['database']}.", hint=steps
        )
    return _Hypo(row["schema_name"], row["version"], bool(row["hides"]))


def _index(plans: PlanSession, name: str, path: Sequence[str]) -> tuple[int, str]:
    places: list[tuple[list[str], list[str]]] = [([], readings(name))]
    places += [
        (readings(name[:at]), readings(name[at + 1 :]))
        for at, letter in enumerate(name)
        if letter == "." and 0 < at < len(name) - 1
    ]
    for schemas, names in places:
        if not names:
            continue
        for row in plans.rows(question("indexes"), {"schemas": schemas, "names": names, "path": list(path)}):
            return int(row["oid"]), str(row["identity"])
    known = [row["name"] for row in plans.rows(question("indexes"), {"schemas": [], "names": [], "path": list(path)})]
    close = close_to(name, known)
    said = f" Names like it are {', '.join(close)}." if close else ""
    raise OperationError(f"There is no index {name!r}.{said}", parameter="hidden_indexes", allowed=close)


def _may_be_tried(candidate: Candidate, read: Sequence[Node], tree: Sequence[Node]) -> None:
    """HypoPG, up to 1.4.3, takes the table of an expression or a predicate for the first one of the statement, whichever it
    is: such an index is then never used, and the server may crash (HypoPG's issue 116).

    Raises `OperationError` where that could happen. `read`: how the server reads the candidate's probe."""
    (probe,) = read
    conditions = [quals for joins in probe.nodes("jointree") for quals in joins.nodes("quals")]
    keys = [expression for target in probe.nodes("targetList") for expression in target.nodes("expr")]
    if not conditions and all(key.label == "VAR" for key in keys):
        return
    relation = probe.nodes("rtable")[0].number("relid")
    entries = [entry for entry in _tables(tree) if entry.number("relid") == relation]
    first = tree[0].nodes("rtable")[:1] if tree else []
    if len(entries) == 1 and entries == first and entries[0].word("relkind") != "p":
        return
    raise OperationError(
        "HypoPG can try an index with an expression or a predicate only on the first table of a statement that names the "
        "table once, and not through a view or a partitioned table.",
        parameter="hypothetical_indexes",
        hint=f"Name its table first, or try the index without them. It was read as: {candidate.ddl}",
    )


def _tables(tree: Sequence[Node]) -> Iterator[Node]:
    waiting = list(tree)
    while waiting:
        node = waiting.pop()
        if node.label == "RANGETBLENTRY" and node.word("rtekind") == "0":
            yield node
        waiting.extend(node.inner())


def _create(plans: PlanSession, candidate: Candidate, schema: str, tree: Sequence[Node]) -> HypotheticalIndex:
    try:
        # HypoPG folds the expressions' constants: what the guard would not let run must not come there.
        with plans.attempt():
            _may_be_tried(candidate, permit_text(plans, candidate.probe, candidate.names, []), tree)
        with plans.attempt():
            call = f"{schema}.hypopg_create_index(%(ddl)s)"
            size = f"{schema}.hypopg_relation_size(h.indexrelid)"
            rows = plans.rows(
                f"SELECT h.indexname AS name, {size} AS size_bytes FROM {call} AS h",  # noqa: S608  # quoted by the server
                {"ddl": candidate.ddl},
            )
    except psycopg.Error as error:
        if plans.connection.broken or error.sqlstate is None or error.sqlstate[:2] not in ("42", "0A", "22", "XX"):
            raise
        raise OperationError(
            f"There can be no such index: {error.diag.message_primary}.",
            parameter="hypothetical_indexes",
            hint=f"It was read as: {candidate.ddl}",
        ) from None
    if len(rows) != 1:
        raise OperationError(
            f"HypoPG made no index of: {candidate.ddl}",
            parameter="hypothetical_indexes",
            hint="It may know no such access method.",
        )
    return HypotheticalIndex(candidate.ddl, rows[0]["name"], rows[0]["size_bytes"])
