"""Does the configured backend of each document answer?"""

from __future__ import annotations

from opsadmin.core.check import Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook


@check("store.backend_answers", title="The store answers")
def look(store: StoreLook) -> Outcome:
    findings = [
        Finding(
            check="store.backend_answers",
            area="store",
            severity=Status.CRITICAL,
            object=document.kind,
            message=f"{document.kind} on {document.status.backend} cannot be read: {document.status.error}",
            hint="Until it answers, the dashboard's reads and writes of this document fail. See docs/core/deployment.md, 'When PostgreSQL is down'.",
        )
        for document in store.documents
        if not document.status.available
    ]
    times = [
        f"{document.kind} {document.status.latency_ms:.1f} ms"
        for document in store.documents
        if document.status.latency_ms is not None
    ]
    return Outcome(findings, ", ".join(times))
