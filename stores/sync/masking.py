"""What a resync and its conflicts may show: the same with every secret masked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from stores import documents
from stores.backends.failover.report import DocumentResync, ResyncReport
from stores.backends.protocol import Document
from stores.sync.differences import Change, Keys
from stores.sync.merge import ABSENT, Conflict


def masked_value(kind: str, keys: Keys, value: Any) -> Any:
    """What may be shown of the value that the document `kind` has in this place; `ABSENT` stays `ABSENT`."""
    if value is ABSENT:
        return ABSENT
    if not keys:
        return documents.masked(kind, value) if isinstance(value, dict) else value
    # Only the outermost key makes a value secret; what is between does not matter.
    return documents.masked(kind, {str(keys[0]): [value]})[str(keys[0])][0]


def masked_conflict(kind: str, conflict: Conflict) -> Conflict:
    """The conflict as it may be shown."""
    base, ours, theirs = (
        masked_value(kind, conflict.keys, value) for value in (conflict.base, conflict.ours, conflict.theirs)
    )
    return replace(conflict, base=base, ours=ours, theirs=theirs)


def masked_changes(kind: str, changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes as they may be shown."""
    return tuple(
        replace(
            change,
            before=masked_value(kind, change.keys, change.before),
            after=masked_value(kind, change.keys, change.after),
        )
        for change in changes
    )


def masked_report(report: ResyncReport) -> ResyncReport:
    """The report as it may be shown. Its documents are masked as well: write nothing of it anywhere."""
    return replace(report, documents=tuple(_masked_document(found) for found in report.documents))


def _masked_document(found: DocumentResync) -> DocumentResync:
    def masked(document: Document) -> Document:
        return documents.masked(found.kind, document)

    return replace(
        found,
        ours_changed=masked_changes(found.kind, found.ours_changed),
        theirs_changed=masked_changes(found.kind, found.theirs_changed),
        conflicts=tuple(masked_conflict(found.kind, conflict) for conflict in found.conflicts),
        document=masked(found.document),
        base=None if found.base is None else masked(found.base),
        ours=masked(found.ours),
        theirs=masked(found.theirs),
    )
