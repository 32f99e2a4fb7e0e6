"""Is history being written?"""

from __future__ import annotations

from opsadmin.core.check import CannotLook, Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook


@check("store.history_enabled", title="History")
def look(store: StoreLook) -> Outcome:
    history = store.history
    if store.tables_error and history.get("enabled", True):
        raise CannotLook(store.tables_error, "Readings wait in the buffer meanwhile.")
    findings = []
    if not history.get("enabled", True):
        findings.append(
            Finding(
                check="store.history_enabled",
                area="store",
                severity=Status.WARNING,
                object="state_history",
                message=f"History is off in this process: {history.get('reason')}",
                hint="It comes back by itself when PostgreSQL answers.",
            )
        )
    if history.get("refused"):
        findings.append(
            Finding(
                check="store.history_enabled",
                area="store",
                severity=Status.CRITICAL,
                object="state_history",
                message=f"{history['refused']} readings were refused because the buffer was full.",
                hint="Make PostgreSQL answer; refused readings are gone.",
            )
        )
    return Outcome(findings, f"{history.get('pending', 0)} readings wait to be written")
