"""The documents as PostgreSQL and this host's copies hold them now, side by side. Nothing here changes the mode, and
nothing waits longer than it is told."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from stores import registry
from stores.backends.failover.mode import Mode
from stores.backends.json_file import JsonStore
from stores.backends.json_text import decode
from stores.backends.protocol import KINDS, Document
from stores.errors import StoreError
from stores.fallback.journals import Waiting, waiting
from stores.sync.differences import Change, differences
from stores.sync.masking import masked_changes

_ROWS = """
SELECT held.kind, held.data::text, held.revision, held.updated_at, coalesce(kept.writer, '')
FROM json_store AS held
LEFT JOIN LATERAL (
    SELECT writer FROM json_store_revision AS kept WHERE kept.kind = held.kind ORDER BY kept.revision DESC LIMIT 1
) AS kept ON true
WHERE held.kind = ANY(%(kinds)s)
"""


@dataclass(frozen=True)
class Row:
    """A document in PostgreSQL."""

    revision: int
    updated_at: datetime | None
    writer: str
    text: str


@dataclass(frozen=True)
class Comparison:
    """One document. `revision`, `updated_at` and `writer` are PostgreSQL's now, None where it does not answer or has no
    row; `known_revision` and `seen_at` what this host saw of it last. `exists`: whether the copy is there. `same`
    compares the copy with PostgreSQL, or with what was seen of it last; None where one of them cannot be read.
    `changes` lead from the copy to PostgreSQL, secrets masked. `foreign`: another program wrote the copy. `waiting`: the copy's writes that PostgreSQL lacks.
    `error`: why the copy cannot be read."""

    kind: str
    path: str
    revision: int | None
    updated_at: datetime | None
    writer: str | None
    known_revision: int | None
    seen_at: datetime | None
    exists: bool
    same: bool | None
    changes: tuple[Change, ...]
    waiting: Waiting
    foreign: bool = False
    error: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "revision": self.revision,
            "updated_at": _iso(self.updated_at),
            "writer": self.writer,
            "known_revision": self.known_revision,
            "seen_at": _iso(self.seen_at),
            "exists": self.exists,
            "same": self.same,
            "foreign": self.foreign,
            "changes": [change.as_dict() for change in self.changes],
            "journal_writes": self.waiting.writes,
            "journal_bytes": self.waiting.size,
            "error": self.error,
        }


def rows(seconds: float) -> dict[str, Row]:
    """The documents in PostgreSQL by kind, from one statement. Raises `StoreError` after about `seconds`."""
    with registry.line().connection(seconds) as connection:
        found = connection.execute(_ROWS, {"kinds": list(KINDS)}).fetchall()
    return {kind: Row(revision, at, writer, text) for kind, text, revision, at, writer in found}


def compare(seconds: float | None = None) -> tuple[tuple[Comparison, ...], str]:
    """Both documents, and why PostgreSQL could not be asked ("" where it could). `seconds`: how long it may take to
    answer (None: the store's deadline)."""
    there: dict[str, Row] = {}
    error = ""
    try:
        there = rows(settings.STORE_DEADLINE_SECONDS if seconds is None else seconds)
    except StoreError as failure:
        error = str(failure)
    mode = registry.host().mode()
    return tuple(_compared(kind, there.get(kind), mode) for kind in KINDS), error


def _compared(kind: str, row: Row | None, mode: Mode) -> Comparison:
    host = registry.host()
    known = host.known(kind).latest()
    path = copy_of(kind)
    copy, problem = _copy(kind, path)
    text = row.text if row is not None else known.text if known is not None else None
    reference: Document | None = None if text is None else decode(text)
    changes: tuple[Change, ...] = ()
    if copy is not None and reference is not None:
        changes = masked_changes(kind, differences(copy, reference))
    return Comparison(
        kind=kind,
        path=path,
        revision=None if row is None else row.revision,
        updated_at=None if row is None else row.updated_at,
        writer=None if row is None else row.writer,
        known_revision=None if known is None else known.revision,
        seen_at=None if known is None else known.seen_at,
        exists=os.path.exists(path),
        same=not changes if copy is not None and reference is not None else None,
        changes=changes,
        waiting=waiting(host, kind, mode.epoch) if mode.backend == "filesystem" else Waiting(),
        foreign=copy is not None and not JsonStore(path, kind=kind).is_ours(),
        error=problem,
    )


def copy_of(kind: str) -> str:
    """The path of the document's copy."""
    return os.path.abspath(settings.STORE_PATHS[kind])


def _copy(kind: str, path: str) -> tuple[Document | None, str]:
    if not os.path.exists(path):
        return None, ""
    try:
        return JsonStore(path, kind=kind).read(), ""
    except StoreError as error:
        return None, str(error)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
