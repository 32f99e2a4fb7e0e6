"""What a resync did, or would do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from stores.backends.protocol import Document

if TYPE_CHECKING:
    from stores.sync.differences import Change
    from stores.sync.merge import Conflict

#: `same`: both sides hold the same. `ours`: only the copy changed. `theirs`: only PostgreSQL did. `merged`: both did.
#: `stop`: PostgreSQL was emptied, restored or exchanged, or there is no common base: a person decides.
Verdict = Literal["same", "ours", "theirs", "merged", "stop"]


@dataclass(frozen=True)
class DocumentResync:
    """One document. `base_revision` and `theirs_revision` are PostgreSQL's, when the host left it and now; `revision`
    what the resync wrote, None where it wrote nothing. `writes`: acknowledged on the copy. `conflicts` include those
    that a rule settled. `document` is what both sides hold afterwards."""

    kind: str
    path: str
    verdict: Verdict
    base_revision: int | None
    theirs_revision: int | None
    revision: int | None = None
    writes: int = 0
    ours_changed: tuple[Change, ...] = ()
    theirs_changed: tuple[Change, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    stop: str = ""
    notes: tuple[str, ...] = ()
    document: Document = field(default_factory=dict, repr=False)
    base: Document | None = field(default=None, repr=False)
    ours: Document = field(default_factory=dict, repr=False)
    theirs: Document = field(default_factory=dict, repr=False)

    @property
    def goes_to_postgres(self) -> bool:
        """Whether a resync writes the document: also where a person gave the copy up, which then stays a revision."""
        return self.verdict in ("ours", "merged") or bool(self.verdict == "theirs" and self.notes)

    @property
    def open(self) -> tuple[Conflict, ...]:
        """The conflicts that wait for a person."""
        return tuple(conflict for conflict in self.conflicts if not conflict.settled)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: everything but the documents."""
        return {
            "path": self.path,
            "verdict": self.verdict,
            "base_revision": self.base_revision,
            "theirs_revision": self.theirs_revision,
            "revision": self.revision,
            "writes": self.writes,
            "ours_changed": [change.as_dict() for change in self.ours_changed],
            "theirs_changed": [change.as_dict() for change in self.theirs_changed],
            "conflicts": [conflict.as_dict() for conflict in self.conflicts],
            "stop": self.stop,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class ResyncReport:
    """`applied`: whether anything was done. `backend`: where the host is now (or would be). `token` finds what was
    written in json_store_revision. `stopped`: why nothing was done and a person must decide; "" else."""

    applied: bool
    backend: str
    epoch: int
    taken_at: datetime
    elapsed_ms: float
    documents: tuple[DocumentResync, ...] = ()
    token: str = ""

    @property
    def stopped(self) -> str:
        return " ".join(document.stop for document in self.documents if document.stop)

    @property
    def open_conflicts(self) -> int:
        return sum(len(document.open) for document in self.documents)

    def as_dict(self) -> dict[str, Any]:
        return {
            "applied": self.applied,
            "backend": self.backend,
            "epoch": self.epoch,
            "taken_at": self.taken_at.isoformat(),
            "elapsed_ms": round(self.elapsed_ms, 1),
            "token": self.token,
            "stopped": self.stopped,
            "documents": {document.kind: document.as_dict() for document in self.documents},
        }

    def summary(self) -> dict[str, Any]:
        """For the log of switches: no value of a document, which may be a secret."""
        return {
            "token": self.token,
            "elapsed_ms": round(self.elapsed_ms, 1),
            "documents": {
                document.kind: {
                    "verdict": document.verdict,
                    "revision": document.revision,
                    "writes": document.writes,
                    "conflicts": len(document.open),
                }
                for document in self.documents
            },
        }
