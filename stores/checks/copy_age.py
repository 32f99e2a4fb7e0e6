"""Is there a fresh, readable JSON copy to fall back on?

Thresholds: a copy older than 24 hours is a warning; one evening a week is what the operator has, and a fallback to
yesterday's settings is the most that goes unnoticed. A missing copy is a warning, an unreadable one is critical:
somebody counts on it."""

from __future__ import annotations

from opsadmin.core.check import Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import CopyLook, StoreLook

OLD_SECONDS = 24 * 3600

EXPORT = "python manage.py export_store --force"


def judged(kind: str, copy: CopyLook) -> tuple[Status, str] | None:
    """How bad, and the sentence; None where the copy is fine."""
    if copy.error:
        return Status.CRITICAL, f"The JSON copy of {kind} cannot be read: {copy.error}"
    if not copy.exists:
        return Status.WARNING, f"There is no JSON copy of {kind} at {copy.path}: nothing to fall back on."
    if copy.same_as_store:
        return None  # its content is what counts, not its age
    hours = (copy.age_seconds or 0.0) / 3600
    if copy.same_as_store is False:
        return Status.WARNING, f"The JSON copy of {kind} differs from PostgreSQL; it was written {hours:.1f} h ago."
    if hours * 3600 > OLD_SECONDS:
        return Status.WARNING, f"The JSON copy of {kind} is {hours:.0f} h old (threshold {OLD_SECONDS // 3600} h)."
    return None


@check("store.copy_age", title="JSON copy to fall back on")
def look(store: StoreLook) -> Outcome:
    if store.backend == "filesystem":
        return Outcome([], "the JSON files are the store")
    findings = []
    for document in store.documents:
        verdict = judged(document.kind, document.copy)
        if verdict is not None:
            severity, message = verdict
            findings.append(
                Finding(
                    check="store.copy_age",
                    area="store",
                    severity=severity,
                    object=document.kind,
                    message=message,
                    hint="Write a fresh copy.",
                    fix_command=EXPORT,
                )
            )
    return Outcome(findings, f"{len(store.documents)} files")
