"""Does either side of each document answer: PostgreSQL, or the copy while PostgreSQL is away?"""

from __future__ import annotations

from opsadmin.core.check import Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook


@check("store.backend_answers", title="The store answers")
def look(store: StoreLook) -> Outcome:
    silent: dict[tuple[str, str | None], list[str]] = {}  # one cause is one finding, whatever it hits
    for document in store.documents:
        if not document.status.available:
            silent.setdefault((document.status.backend, document.status.error), []).append(document.kind)
    findings = [
        Finding(
            check="store.backend_answers",
            area="store",
            severity=Status.CRITICAL,
            object=", ".join(kinds),
            message=f"{' and '.join(kinds)} on {backend} cannot be read: {error}",
            hint="There is no copy to go on with either: until it answers, reads and writes fail. See "
            "docs/core/failover.md.",
        )
        for (backend, error), kinds in silent.items()
    ]
    refused = [document.kind for document in store.documents if document.status.detail.get("writable") is False]
    if refused:
        findings.append(
            Finding(
                check="store.backend_answers",
                area="store",
                severity=Status.CRITICAL,
                object=", ".join(refused),
                message=f"{' and '.join(refused)} can be read but not written: the server is read only (a replica?), "
                "or the role may not change json_store.",
                hint="Check which server and role POSTGRES_URL names; grant the role INSERT and UPDATE, or make it a "
                "member of the tables' owner.",
            )
        )
    times = [
        f"{document.kind} {document.status.latency_ms:.1f} ms"
        for document in store.documents
        if document.status.latency_ms is not None
    ]
    return Outcome(findings, ", ".join(times))
