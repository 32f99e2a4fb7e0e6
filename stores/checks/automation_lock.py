"""Is an automation lock held longer than the dashboard lets it live?

The dashboard's lock expires after 5 minutes (its own rule); one that is older was left by a process that died."""

from __future__ import annotations

from datetime import datetime

from opsadmin.core.check import CannotLook, Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.health import StoreLook

EXPIRES_SECONDS = 300


@check("store.automation_lock", title="Automation lock")
def look(store: StoreLook) -> Outcome:
    state = next(document for document in store.documents if document.kind == "state")
    if not state.status.available:
        raise CannotLook("The state could not be read.", "Make the store answer first.")
    if state.automation_locked_at is None:
        return Outcome([], "not held")
    try:
        held = (store.taken_at - datetime.fromisoformat(state.automation_locked_at)).total_seconds()
    except (ValueError, TypeError):
        return Outcome([], "held since an unreadable time (see: documents are valid)")
    if held <= EXPIRES_SECONDS:
        return Outcome([], f"held for {held:.0f} s")
    finding = Finding(
        check="store.automation_lock",
        area="store",
        severity=Status.WARNING,
        object="state",
        message=f"The automation lock is held for {held / 60:.0f} minutes; it expires after {EXPIRES_SECONDS // 60}.",
        hint="Release it on the page of the document state, if no automation runs.",
    )
    return Outcome([finding], f"held for {held:.0f} s")
