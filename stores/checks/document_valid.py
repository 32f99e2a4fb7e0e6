"""Do the documents keep the dashboard's rules?"""

from __future__ import annotations

from opsadmin.core.check import CannotLook, Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook


@check("store.document_valid", title="Documents are valid")
def look(store: StoreLook) -> Outcome:
    readable = [document for document in store.documents if document.status.available]
    if not readable:
        raise CannotLook("No document could be read.", "Make the store answer first.")
    findings = []
    for document in readable:
        if document.empty:
            findings.append(
                Finding(
                    check="store.document_valid",
                    area="store",
                    severity=Status.WARNING,
                    object=document.kind,
                    message=f"{document.kind} is empty: the dashboard runs on its defaults.",
                    hint="Bring the dashboard's file over, or restore a revision.",
                    fix_command="python manage.py migrate_to_postgres --dry-run",
                )
            )
        findings += [
            Finding(
                check="store.document_valid",
                area="store",
                severity=Status.WARNING,
                object=f"{document.kind} {remark.partition(':')[0]}",
                message=remark,
                hint="Correct the value in the admin; each change keeps the previous value as a revision.",
            )
            for remark in document.remarks
        ]
    return Outcome(findings, f"{len(readable)} documents")
