"""Do callers wait for connections?"""

from __future__ import annotations

from opsadmin.core.check import Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook


@check("store.pool_waiting", title="Connection pool of this process")
def look(store: StoreLook) -> Outcome:
    waiting = int(store.pool.get("waiting", 0))
    findings = []
    if waiting:
        findings.append(
            Finding(
                check="store.pool_waiting",
                area="store",
                severity=Status.WARNING,
                object="pool",
                message=f"{waiting} callers wait for one of {store.pool.get('size', '?')} connections.",
                hint="Raise STORE_POOL_SIZE, or look for a transaction that is held open.",
                fix_command="python manage.py store_pool --check",
            )
        )
    return Outcome(findings, f"{store.pool.get('open', 0)} of {store.pool.get('size', '?')} connections open")
