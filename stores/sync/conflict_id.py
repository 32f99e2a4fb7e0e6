"""The name of a conflict: its file's in the store's directory and its row's in the site database."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID


def conflict_id(resync: UUID | str, kind: str, path: str) -> str:
    """64 hexadecimal digits for the place `path` (as `path_text` writes it) of the document `kind` in the resync with
    this token. A resync that is run again names its conflicts alike, so none of them is there twice."""
    return sha256(f"{UUID(str(resync))}:{kind}:{path}".encode()).hexdigest()
