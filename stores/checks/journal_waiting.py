"""Can the journal of the JSON copies be read, and does it have room?

Thresholds: from 32 MiB of a document's journal on, its oldest records go (each holds the whole document, so no value is
lost that PostgreSQL lacks; but a resync then no longer knows when each key changed). Three quarters of that is a
warning. A damaged record is a warning: later ones have the whole document, and the bytes are kept."""

from __future__ import annotations

from opsadmin.core.check import CannotLook, Outcome, check
from opsadmin.core.finding import Finding, Status
from stores.backends.failover.journal import KEPT_BYTES
from stores.health import StoreLook

LARGE = 0.75 * KEPT_BYTES


def _finding(severity: Status, kind: str, message: str, hint: str) -> Finding:
    return Finding("store.journal_waiting", "store", severity, kind, message, hint)


@check("store.journal_waiting", title="Writes that wait for PostgreSQL")
def look(store: StoreLook) -> Outcome:
    if store.mode is None:
        raise CannotLook(store.mode_error or "The host's mode cannot be read.", "Look at STORE_DIR and its rights.")
    findings = []
    for document in store.documents:
        kind, found = document.kind, document.waiting
        if found.error:
            findings.append(
                _finding(
                    Status.CRITICAL, kind, f"The journal of {kind} cannot be read: {found.error}", "See STORE_DIR."
                )
            )
        if found.damaged:
            findings.append(
                _finding(
                    Status.WARNING,
                    kind,
                    f"{found.damaged:,} places of the journal of {kind} are damaged.",
                    "The records after them hold the whole document. The bytes are kept beside the journal, as "
                    "*.damaged-*: check the disk.",
                )
            )
        if found.size > LARGE:
            findings.append(
                _finding(
                    Status.WARNING,
                    kind,
                    f"The journal of {kind} has {found.size / 2**20:.0f} MiB; beyond {KEPT_BYTES / 2**20:.0f} MiB its "
                    "oldest records go.",
                    "Bring the copies back while it is still known when each key changed: resync_store.",
                )
            )
    writes = sum(document.waiting.writes for document in store.documents)
    size = sum(document.waiting.size for document in store.documents)
    return Outcome(findings, f"{writes:,} writes wait, {size / 1024:,.0f} KB" if writes else "none waits")
