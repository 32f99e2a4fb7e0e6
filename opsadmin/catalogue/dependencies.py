"""What an object uses, and what uses it."""

from __future__ import annotations

from opsadmin.catalogue.parts import Dependency, made
from opsadmin.catalogue.questions import question
from opsadmin.postgres.session import Session

#: The most dependencies, partitions or members that are listed.
MOST = 500


def dependencies_of(
    session: Session, catalogue: str, oid: int, *, row_type: int = 0
) -> tuple[tuple[Dependency, ...], tuple[Dependency, ...], list[str]]:
    """What it uses, what uses it, and sentences where there is more than is listed. `catalogue`: the system table that
    the object is in (`pg_class`). One statement.

    Raises psycopg's errors."""
    values = {"class": catalogue, "oid": oid, "row_type": row_type, "limit": MOST}
    rows = session.rows(question("dependencies"), values)
    uses = tuple(made(Dependency, row) for row in rows if row["uses"])
    used_by = tuple(made(Dependency, row) for row in rows if not row["uses"])
    totals = {row["uses"]: row["total"] for row in rows}
    cut = [
        f"{what}: the first {MOST} of {totals[direction]} are listed."
        for direction, what in ((True, "What it uses"), (False, "What uses it"))
        if totals.get(direction, 0) > MOST
    ]
    return uses, used_by, cut
