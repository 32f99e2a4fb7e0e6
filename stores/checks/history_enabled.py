"""Is history being written?"""

from __future__ import annotations

from opsadmin.core.check import CannotLook, Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook


@check("store.history_enabled", title="History")
def look(store: StoreLook) -> Outcome:
    history = store.history
    pending = history.get("pending", 0)
    if store.tables_error and history.get("enabled", True):
        raise CannotLook(store.tables_error, f"{pending:,} readings wait to be written meanwhile.")
    findings = []
    if not history.get("enabled", True):
        findings.append(
            Finding(
                check="store.history_enabled",
                area="store",
                severity=Status.WARNING,
                object="state_history",
                message=f"History is off in this process: {history.get('reason')}",
                hint=f"It comes back by itself when PostgreSQL answers; {pending:,} readings wait to be written.",
            )
        )
    return Outcome(findings, f"{pending:,} readings wait to be written")
