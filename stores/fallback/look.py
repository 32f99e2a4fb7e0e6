"""One look at both sides of every document. Bounded: PostgreSQL is asked once, within the store's deadline, and not at
all while the host knows that it does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from stores import comparison, registry
from stores.admin.document_revisions import as_document, changes_between
from stores.backends.failover.host import Host
from stores.backends.failover.known import KnownDocument
from stores.backends.failover.mode import Mode
from stores.backends.failover.probe_plan import ProbePlan, find_plan
from stores.backends.json_text import decode
from stores.backends.protocol import KINDS, Document, StoreStatus
from stores.errors import DocumentError, StoreError
from stores.fallback.asking import NotAsked, ask_postgres, meet_the_stores
from stores.fallback.journals import Waiting, waiting
from stores.fallback.values import Sides, sides_of


@dataclass(frozen=True)
class Compared:
    """One document on both sides. `row` None: PostgreSQL was not heard (then the look's `error` says why), or has no
    such row. `known`: what it was last seen to hold. `copy`: the file, and `age` in seconds.

    `sides` are the differences between PostgreSQL (`known` where it was not heard: `against_known`) and the copy; None
    where one of the two cannot be read."""

    kind: str
    row: comparison.Row | None
    known: KnownDocument | None
    copy: StoreStatus
    age: float | None
    waiting: Waiting
    sides: tuple[Sides, ...] | None
    against_known: bool


@dataclass(frozen=True)
class Look:
    """`error`: why PostgreSQL was not heard; "" where it was. `asked` False: nobody tried. `plan`: the next probe."""

    taken_at: datetime
    mode: Mode
    host: str
    documents: tuple[Compared, ...]
    error: str
    asked: bool
    plan: ProbePlan | None

    @property
    def writes(self) -> int:
        return sum(document.waiting.writes for document in self.documents)

    @property
    def journal_bytes(self) -> int:
        return sum(document.waiting.size for document in self.documents)


def look(*, force: bool = False) -> Look:
    """`force`: ask PostgreSQL also where the host knows that it does not answer. Raises `StoreError` where the host's
    own directory cannot be read."""
    host = registry.host()
    meet_the_stores()
    mode = host.mode()
    plan = find_plan(host.probe_path, mode.epoch) if mode.backend == "filesystem" and mode.automatic else None
    asked, error = True, ""
    rows: dict[str, comparison.Row] = {}
    try:
        rows = ask_postgres(force=force)
    except NotAsked as reason:
        asked, error = False, str(reason)
    except StoreError as failure:
        error = str(failure)
    documents = tuple(_compare(host, mode, kind, rows.get(kind), heard=not error) for kind in KINDS)
    return Look(datetime.now(UTC), mode, host.id, documents, error, asked, plan)


def _decoded(text: str) -> Document | None:
    try:
        return as_document(decode(text))
    except DocumentError:
        return None


def _compare(host: Host, mode: Mode, kind: str, row: comparison.Row | None, *, heard: bool) -> Compared:
    store = registry.store_for(kind)
    known = _known(host, kind)
    copy = store.fallback.status()
    copied: Document | None = None
    if copy.available and copy.updated_at is not None:
        try:
            copied = store.fallback.read()
        except StoreError:
            copied = None
    held = row.text if row is not None else known.text if known is not None and not heard else None
    other = None if held is None else _decoded(held)
    return Compared(
        kind=kind,
        row=row,
        known=known,
        copy=copy,
        age=max(0.0, (datetime.now(UTC) - copy.updated_at).total_seconds()) if copy.updated_at else None,
        waiting=waiting(host, kind, mode.epoch) if mode.backend == "filesystem" else Waiting(),
        sides=None if other is None or copied is None else sides_of(changes_between(kind, other, copied)),
        against_known=not heard,
    )


def _known(host: Host, kind: str) -> KnownDocument | None:
    try:
        return host.known(kind).latest()
    except StoreError:
        return None
