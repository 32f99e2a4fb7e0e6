"""The document of one thread's transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from stores.backends.json_text import encode
from stores.backends.protocol import Document
from stores.errors import StoreError


class HeldDocument:
    """`text` is what the document's place holds, or shall hold when `changed`. `decoded` reads such a text."""

    def __init__(self, text: str, decoded: Callable[[str], Document]) -> None:
        self.text = text
        self.changed = False
        self.over = False
        self.pid = os.getpid()
        self._decoded = decoded

    def is_here(self) -> bool:
        """False in a child process: it inherits the thread's transaction, but not the right to speak for it."""
        return self.pid == os.getpid()

    @contextmanager
    def joined(self) -> Iterator[None]:
        """A block inside the transaction: its exception goes back to what the document was at the block's start."""
        before = self.text, self.changed
        try:
            yield
        except BaseException:
            self.text, self.changed = before
            raise

    def read(self) -> Document:
        self._refuse_late()
        return self._decoded(self.text)

    def write(self, document: Document) -> None:
        self._refuse_late()
        self.replace(encode(document))

    def replace(self, text: str) -> None:
        self.text = text
        self.changed = True

    def _refuse_late(self) -> None:
        # What came now would be taken without a word and go nowhere.
        if self.over or not self.is_here():
            raise StoreError("The transaction is over, or belongs to another process. Begin a new one.")
