"""What a resync makes of one document, from what both sides hold. Pure: preview and run come to the same verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from stores.backends.failover.report import DocumentResync
from stores.backends.protocol import Document

if TYPE_CHECKING:
    from stores.documents.merge_rules import MergeRules
    from stores.sync.differences import Keys
    from stores.sync.merge import Merge, Strategy, TimeOf


@dataclass(frozen=True)
class Ours:
    """The copy. `base`: PostgreSQL's document when the host left it, at `base_revision`; None where it is not known.
    `document` None: there is none. `changes`: when (UTC) the copy held which document, newest first. `fenced`: the
    epoch that PostgreSQL was last told of."""

    kind: str
    path: str
    document: Document | None
    base: Document | None
    base_revision: int | None
    writes: int = 0
    changes: tuple[tuple[datetime, Document], ...] = ()
    fenced: int = 0


@dataclass(frozen=True)
class Theirs:
    """PostgreSQL's side. `document` None: there is no row. `arrived`: the newest document of a write in doubt, or of an
    earlier resync, that is in PostgreSQL, with its revision: what the copy had then. `base`: what PostgreSQL remembers
    of the base revision, None where that is no longer kept. `unnoted`: the newest write of this host after the base of which
    nobody was told that it was done. `host_epoch`: None where it does not know this host."""

    document: Document | None
    revision: int | None
    base: Document | None = None
    arrived: Document | None = None
    arrived_revision: int | None = None
    arrived_token: str = ""
    host_epoch: int | None = None
    changes: tuple[tuple[datetime, Document], ...] = ()
    unnoted: Document | None = None
    unnoted_revision: int = 0


def decide(ours: Ours, theirs: Theirs, rules: MergeRules, strategy: Strategy) -> DocumentResync:
    """`strategy` "rules" never takes one side whole: where merging could spread damage it stops."""
    from stores.sync.differences import differences, same
    from stores.sync.merge import merge

    mine, others = ours.document, theirs.document or {}
    base, base_revision = ours.base, ours.base_revision
    if theirs.arrived is not None:
        # That state is in both histories, so it is the better base.
        base, base_revision = theirs.arrived, theirs.arrived_revision
    common = {
        "kind": ours.kind,
        "path": ours.path,
        "base_revision": base_revision,
        "theirs_revision": theirs.revision,
        "writes": ours.writes,
        "base": base,
        "ours": mine or {},
        "theirs": others,
    }
    if mine is None or same(mine, others):
        return DocumentResync(verdict="same" if mine is not None else "theirs", document=others, **common)  # type: ignore[arg-type]
    why = _why_to_stop(ours, theirs, base)
    if why:
        changes = tuple(differences(others, mine))
        if strategy == "rules":
            return DocumentResync(verdict="stop", stop=why, ours_changed=changes, document=others, **common)  # type: ignore[arg-type]
        side = strategy if strategy != "newest" else _newer(ours, theirs)
        chosen = mine if side == "ours" else others
        note = (
            f"{why} Decided by --strategy {strategy}: {'the copy' if side == 'ours' else 'PostgreSQL'} was taken whole."
        )
        return DocumentResync(
            verdict=side,  # type: ignore[arg-type]
            document=chosen,
            ours_changed=changes,
            notes=(note,),
            **common,  # type: ignore[arg-type]
        )

    def merged_from(found: Document) -> Merge:
        ours_at, theirs_at = _times(ours.changes), _times(theirs.changes)
        return merge(found, mine, others, rules, strategy=strategy, ours_at=ours_at, theirs_at=theirs_at)

    merged = merged_from(base or {})
    if merged.conflicts and theirs.unnoted is not None and theirs.unnoted_revision > (base_revision or 0):
        # Nobody was told that this write was done, and the copy went on without it: it is not a side of its own.
        common |= {"base": theirs.unnoted, "base_revision": theirs.unnoted_revision}
        merged = merged_from(theirs.unnoted)
    if not merged.ours_changed:
        verdict = "theirs"
    elif not merged.theirs_changed:
        verdict = "ours"
    else:
        verdict = "merged"
    return DocumentResync(
        verdict=verdict,  # type: ignore[arg-type]
        document=merged.document,
        ours_changed=merged.ours_changed,
        theirs_changed=merged.theirs_changed,
        conflicts=merged.conflicts,
        **common,  # type: ignore[arg-type]
    )


def _why_to_stop(ours: Ours, theirs: Theirs, base: Document | None) -> str:
    """Why merging would spread damage; "" where it would not."""
    from stores.sync.differences import same

    kind = ours.kind
    base_revision = ours.base_revision if theirs.arrived is None else theirs.arrived_revision
    if base is None:
        if not theirs.document:
            return ""
        return (
            f"It is not known what {kind} was when the copy and PostgreSQL last agreed, and they differ. Choose with "
            "--strategy ours (the copy) or theirs (PostgreSQL)."
        )
    if base and not theirs.document:
        found = "has no row" if theirs.document is None else "is empty"
        return (
            f"PostgreSQL's {kind} {found}, but at revision {base_revision} it was not: it was emptied or restored. "
            "Bring the copy back with --strategy ours."
        )
    if base_revision is not None and theirs.revision is not None:
        if theirs.revision < base_revision:
            return (
                f"PostgreSQL's {kind} is at revision {theirs.revision}, behind revision {base_revision} that this host "
                "has seen: it was restored to an older point, or is another database. Choose with --strategy ours (the "
                "copy) or theirs (PostgreSQL)."
            )
        if theirs.arrived is not None:
            return ""  # PostgreSQL has a write of this very time
        if theirs.base is not None and not same(theirs.base, base):
            return (
                f"Revision {base_revision} of PostgreSQL's {kind} is not what this host saw under that number: it was "
                "restored and written on, or is another database. Choose with --strategy ours or theirs."
            )
    if ours.fenced and (theirs.host_epoch or 0) < ours.fenced:
        return (
            f"PostgreSQL does not remember that this host returned to it (epoch {ours.fenced}): it was restored to an older "
            "point, or is another database. Choose with --strategy ours (the copy) or theirs (PostgreSQL)."
        )
    return ""


def _newer(ours: Ours, theirs: Theirs) -> str:
    mine = ours.changes[0][0] if ours.changes else None
    others = theirs.changes[0][0] if theirs.changes else None
    return "theirs" if others is not None and (mine is None or others > mine) else "ours"


def _times(changes: Iterable[tuple[datetime, Document]]) -> TimeOf:
    """When a place took its present value: the time of the oldest of the latest documents that have that value."""
    history = list(changes)

    def time_of(keys: Keys) -> datetime | None:
        from stores.sync.differences import same
        from stores.sync.merge import ABSENT, value_at

        found: datetime | None = None
        present = ABSENT
        for at, document in history:
            value = value_at(document, keys)
            if found is None:
                found, present = at, value
            elif (value is ABSENT) != (present is ABSENT) or (value is not ABSENT and not same(value, present)):
                return found
            else:
                found = at
        return found

    return time_of
