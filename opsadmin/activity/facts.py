"""Questions of this package that read the facts of the health checks (opsadmin/checks/facts)."""

from __future__ import annotations

from pathlib import Path

from opsadmin.health.catalog import facts, facts_of
from opsadmin.postgres.session import Session as Look

_HERE = Path(__file__).parent


def question(look: Look, name: str) -> str:
    """The text of `<name>.sql` with the facts that it reads before it, as the server's version has them."""
    known = facts(look.raw.info.server_version // 10_000)
    own = (_HERE / f"{name}.sql").read_text(encoding="utf-8")
    return "WITH " + ",\n".join(f'"{fact}" AS (\n{known[fact]}\n)' for fact in facts_of(own, known)) + "\n" + own
