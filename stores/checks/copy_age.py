"""Is there a readable JSON copy of what PostgreSQL holds?

The copy is kept by itself: each process brings what it sees of PostgreSQL there within about 0.1 s. Thresholds: a copy
that stands for what PostgreSQL held 24 hours ago is a warning, as is a missing one, or one that another program
changed: the site leaves that alone. An unreadable one is critical: the dashboard counts on it."""

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
        return (
            Status.WARNING,
            f"There is no JSON copy of {kind} at {copy.path}: the dashboard has nothing to fall back on.",
        )
    if copy.same_as_store is False and copy.foreign:
        return Status.WARNING, f"The JSON copy of {kind} was changed by another program, and is left as it is."
    if copy.same_as_store is False:
        return Status.WARNING, f"The JSON copy of {kind} differs from what PostgreSQL was last seen to hold."
    if copy.age_seconds is not None and copy.age_seconds > OLD_SECONDS:
        hours = copy.age_seconds / 3600
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
                    hint="Write a fresh copy; the present file is kept beside it.",
                    fix_command=EXPORT,
                )
            )
    return Outcome(findings, f"{len(store.documents)} files")
