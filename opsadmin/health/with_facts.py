"""Questions outside of the checks that read the facts of the checks (opsadmin/checks/facts)."""

from __future__ import annotations

from collections.abc import Mapping

from opsadmin.health.catalog import facts, facts_of
from opsadmin.postgres.session import Session


def with_facts(session: Session, sql: str, narrowed: Mapping[str, str] | None = None) -> str:
    """The question, one SELECT, with the facts that it reads before it as the server's version has them. It must be sent
    without parameters: a % in the facts stands for itself. `narrowed`: by the name of a fact that ends with its WHERE, a
    further condition."""
    known = dict(facts(session.raw.info.server_version // 10_000))
    for name, condition in (narrowed or {}).items():
        known[name] += f" AND {condition}"
    return "WITH " + ",\n".join(f'"{fact}" AS (\n{known[fact]}\n)' for fact in facts_of(sql, known)) + "\n" + sql
