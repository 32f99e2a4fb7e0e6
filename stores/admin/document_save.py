"""Write a person's changes through the store's own transaction, onto what the document is by then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stores import get_store
from stores.admin.document_seal import seal, strange_placeholders, unseal
from stores.backends.json_text import encode
from stores.backends.protocol import Document
from stores.documents.fields import moment
from stores.documents.state import LOCK_EXPIRES_SECONDS
from stores.errors import DocumentError
from stores.sync.differences import Change, differences
from stores.sync.merge import Merge, merge
from stores.writer import current_writer, writing_as

#: Held by the process that works on the state now: going back in time must not touch it.
LOCK_KEYS = (
    "automation_in_progress",
    "automation_locked_at",
    "automation_lock_owner",
    "automation_lock_token",
)


@dataclass
class Conflicted(Exception):  # noqa: N818
    """Somebody changed the same places meanwhile. `merged` shows both; `current` is the sealed document now."""

    merged: Merge
    current: Document


class LockNotStale(Exception):  # noqa: N818
    """The automation lock is free, or held for less than its time."""


def save_changes(kind: str, base: Document, mine: Document, *, reason: str) -> list[Change]:
    """Write what differs between `base` and `mine` (both sealed); everything else stays as it is by now.

    Returns the changes made, sealed. Raises `Conflicted`, `DocumentError` for what cannot be stored, `StoreError`."""

    def change(current: Document) -> Document:
        sealed, secrets = seal(kind, current)
        merged = merge(base, mine, sealed, strategy="ours")
        if merged.conflicts:
            raise Conflicted(merged, sealed)
        document: Document = unseal(merged.document, secrets)
        if found := strange_placeholders(document):
            raise DocumentError(
                f"{found[0]} stands for no stored address. Write the whole address, or leave the key out."
            )
        return document

    return _rewrite(kind, change, reason)


def restore(kind: str, content: Document, *, expected: Document, reason: str) -> list[Change]:
    """Write an earlier `content` in the place of the document, which must still be as `expected` (sealed).

    Raises `Conflicted` where it is not, and what `save_changes` raises."""

    def change(current: Document) -> Document:
        sealed, _ = seal(kind, current)
        target = restored(kind, content, current)
        # What is written is what the person saw; other keys of the state may have moved on, and are written over.
        if kind != "state" and differences(expected, sealed):
            raise Conflicted(Merge(sealed), sealed)
        return target

    return _rewrite(kind, change, reason)


def restored(kind: str, content: Document, current: Document) -> Document:
    """The document that a restore of `content` writes: a state keeps the present automation lock."""
    if kind != "state":
        return content
    kept = {key: current[key] for key in LOCK_KEYS if key in current}
    return {**{key: value for key, value in content.items() if key not in LOCK_KEYS}, **kept}


def lock_age(state: Document, now: datetime) -> timedelta | None:
    """How long the automation lock is held; None where it is free. A lock without a readable time counts as held
    for ever, as nothing will ever let it expire."""
    if not state.get("automation_in_progress"):
        return None
    since = moment(state.get("automation_locked_at"))
    if since is None or since.tzinfo is None:
        return timedelta.max
    return now - since


def is_stale(age: timedelta | None) -> bool:
    return age is not None and age > timedelta(seconds=LOCK_EXPIRES_SECONDS)


def release_lock(now: datetime, *, reason: str) -> list[Change]:
    """Free a stale automation lock. Its token rises, so that its late owner is fenced off.

    Raises `LockNotStale` where the lock is free or in time, `StoreError`."""

    def change(state: Document) -> Document:
        if not is_stale(lock_age(state, now)):
            raise LockNotStale
        token = state.get("automation_lock_token")
        following = token + 1 if isinstance(token, int) and not isinstance(token, bool) else 1
        return {
            **state,
            "automation_in_progress": False,
            "automation_locked_at": None,
            "automation_lock_owner": None,
            "automation_lock_token": following,
        }

    return _rewrite("state", change, reason)


def _rewrite(kind: str, change: Callable[[Document], Document], reason: str) -> list[Change]:
    with writing_as(current_writer(), reason), get_store(kind).transaction() as document:
        before = document.read()
        after = change(before)
        changes = differences(seal(kind, before)[0], seal(kind, after)[0])
        if changes:
            document.write(after)
    return changes


def value_text(value: Any) -> str:
    """A value as JSON on one line, as the store writes it."""
    return encode({"v": value})[5:-1]
