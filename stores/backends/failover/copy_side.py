"""The document in its JSON copy, as a host on the filesystem uses it: journal first, then the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from uuid import uuid4

from stores.backends.failover.host import Host
from stores.backends.failover.journal import Journal, Record
from stores.backends.failover.mode import Mode
from stores.backends.failover.postgres_side import Moved
from stores.backends.failover.steps import reached
from stores.backends.json_file import HeldFile, JsonStore
from stores.backends.json_text import decode, encode
from stores.backends.protocol import Document
from stores.errors import DocumentDamaged, StoreBusy, StoreUnavailable

#: A reader waits this long for a writer's transaction, and then reads what was before it.
READERS_SECONDS = 0.2


@dataclass(frozen=True)
class Author:
    """Who writes, why, and the token of a write that is in doubt ("" where it is not)."""

    writer: str = ""
    reason: str = ""
    token: str = ""


class CopySide:
    """The copy `file` of the document `kind`."""

    def __init__(self, kind: str, file: JsonStore, host: Host) -> None:
        self.kind = kind
        self.file = file
        self._host = host
        self._entered = -1
        # The file and the journal as this process left them: while both are so, they agree.
        self._agreed: tuple[int, int, tuple[int, int, int] | None] | None = None

    def exists(self) -> bool:
        """Whether there is anything to go on with: a document of PostgreSQL, or a file."""
        if self._host.known(self.kind).latest() is not None:
            return True
        try:
            return bool(self.file.read())
        except DocumentDamaged:
            return False

    # --- reading and writing ---------------------------------------------------------------------------------------

    def read(self, mode: Mode, until: float) -> Document:
        """The document in this mode. Raises Moved, and `StoreError`."""
        if self._entered == mode.epoch:
            with suppress(DocumentDamaged):
                document = self.file.read()
                if document:  # {} is also what a missing file reads as
                    return document
        patience = min(until, monotonic() + READERS_SECONDS)
        try:
            with self._held(patience) as held, self._host.lock.shared(patience):
                text = self.current(held, mode)
        except StoreBusy:
            # Who has the document has brought file and journal together.
            if self._journal(mode).segments():
                return self.file.read()
            # Or is about to: nothing has been written since PostgreSQL was left.
            known = self._host.known(self.kind).latest()
            if known is None:
                raise
            text = known.text
        return {} if text is None else decode(text, source=self.file.path)

    def write(self, mode: Mode, document: Document, author: Author, until: float) -> None:
        """Replace the document. Raises Moved, and `StoreError`; then nothing was written."""
        with self._held(until) as held:
            self.put(held, mode, document, author, until)

    @contextmanager
    def hold(self, mode: Mode, until: float) -> Iterator[tuple[HeldFile, str | None]]:
        """The document's lock, and its text under it; for `put`. While it is held the host does not return to
        PostgreSQL. Raises as `read`."""
        with self._held(until) as held:
            with self._host.lock.shared(until):
                text = self.current(held, mode)
            yield held, text

    def look(self, held: HeldFile, mode: Mode, until: float) -> str | None:
        """The document's text now, with the lock held already: another program may have changed it. Raises as `read`."""
        with self._host.lock.shared(until):
            return self.current(held, mode, replacing=True)

    def put(self, held: HeldFile, mode: Mode, document: Document, author: Author, until: float) -> None:
        """As `write`, with the lock held already."""
        text = encode(document)
        with self._host.lock.shared(until):
            self.current(held, mode, replacing=True)
            journal = self._journal(mode)
            record = Record(
                number=journal.state().next_number,
                what="write",
                at=datetime.now(UTC),
                text=text,
                writer=author.writer,
                reason=author.reason,
                token=author.token or str(uuid4()),
                doubt=bool(author.token),
            )
            self._replace(held, mode, journal, document, record)

    def _replace(self, held: HeldFile, mode: Mode, journal: Journal, document: Document, record: Record) -> None:
        appended = False

        def append() -> None:
            nonlocal appended
            journal.append(record)
            appended = True

        self._agreed = None
        try:
            identity = held.replace(document, before=append, durable=False)
        except BaseException:
            if appended:
                journal.retract(record)
            raise
        reached("copy.replaced")
        self._agreed = mode.epoch, journal.state().next_number, identity

    @contextmanager
    def _held(self, until: float) -> Iterator[HeldFile]:
        with self.file.hold(max(0.0, until - monotonic())) as held:
            yield held

    def _journal(self, mode: Mode) -> Journal:
        return self._host.journal(self.kind, mode.epoch)

    # --- the file and the journal ----------------------------------------------------------------------------------

    def current(self, held: HeldFile, mode: Mode, *, replacing: bool = False) -> str | None:
        """The document's text now, after file and journal were brought together. Under both locks. Raises Moved where
        the host is in another mode."""
        now = self._host.mode()
        if now.backend != "filesystem" or now.epoch != mode.epoch:
            raise Moved
        return self.agree(held, mode, replacing=replacing)

    def agree(self, held: HeldFile, mode: Mode, *, replacing: bool = False) -> str | None:
        """As `current`, for a resync, which has announced itself. `replacing`: the document is about to be written
        anew, so a damaged file is no hindrance. Raises `DocumentDamaged`."""
        journal = self._journal(mode)
        state = journal.state(repair=True)
        if state.base is None:
            self._begin(held, mode, journal, replacing)
            state = journal.state()
        head = state.head
        assert head is not None  # noqa: S101  # at least the base
        identity = held.identity()
        if identity is None or self._agreed != (mode.epoch, state.next_number, identity):
            self._bring_together(held, journal, head, replacing)
            state = journal.state()
            head = state.head or head
            self._agreed = mode.epoch, state.next_number, held.identity()
        self._entered = mode.epoch
        return head.text

    def _begin(self, held: HeldFile, mode: Mode, journal: Journal, replacing: bool) -> None:
        """The first call of this document in this epoch: note what it starts from."""
        known = self._host.known(self.kind).latest()
        found = self._read(held) if known is not None or replacing else held.read()
        now = datetime.now(UTC)
        if known is not None:
            document = decode(known.text, source=self.file.path)
            adopted = False
            # The file comes first: what differs from the journal's base counts as a write.
            if found is None:
                held.replace(document)
            elif encode(found) != known.text and not same(found, document):
                if held.is_ours():
                    held.replace(document)  # it was about to be refreshed
                elif mode.who == "start":
                    # STORE_BACKEND=filesystem: the files are what the dashboard works on.
                    adopted = True
                else:
                    held.set_aside("changed")
                    held.replace(document)
            journal.append(Record(0, "base", now, known.text, revision=known.revision, more={"newest": known.newest}))
            if adopted and found is not None:
                journal.append(Record(1, "adopted", now, encode(found), writer="another program"))
        elif found is not None:
            journal.append(Record(0, "base", now, encode(found)))
        elif mode.automatic:
            raise StoreUnavailable(
                f"PostgreSQL does not answer, and this host has no copy of {self.kind}: it has never read it. The copy "
                f"would be {self.file.path}."
            )
        else:
            journal.append(Record(0, "base", now, None))

    def _bring_together(self, held: HeldFile, journal: Journal, head: Record, replacing: bool) -> None:
        found = self._read(held) if head.text is not None or replacing else held.read()
        if head.text is None and found is None:
            return
        if head.text is not None:
            document = decode(head.text, source=self.file.path)
            if found is not None and same(found, document):
                return
            if found is None or self._was(journal, found):
                # A writer was killed, or a power cut came, between the journal and the file; or the file is damaged.
                held.replace(document)
                return
        assert found is not None  # noqa: S101
        # Our own file with what the journal never had: the journal's tail was damaged.
        writer = "the copy" if held.is_ours() else "another program"
        number = journal.state().next_number
        journal.append(Record(number, "adopted", datetime.now(UTC), encode(found), writer=writer))

    def holds(self, held: HeldFile, document: Document) -> bool:
        """Whether the file has this document."""
        found = self._read(held)
        return found is not None and same(found, document)

    def is_document(self, held: HeldFile) -> bool:
        """Whether the file is there and can be read."""
        return self._read(held) is not None

    def _was(self, journal: Journal, found: Document) -> bool:
        """Whether the journal has had this document."""
        return any(record.text is not None and same(decode(record.text), found) for record in journal.records())

    def _read(self, held: HeldFile) -> Document | None:
        try:
            return held.read()
        except DocumentDamaged:
            return None  # replacing it keeps it aside


def same(left: Document, right: Document) -> bool:
    """Whether jsonb holds both as equal."""
    from stores.sync.differences import same as equal

    return equal(left, right)


def copy_path(file: JsonStore) -> str:
    """Where a copy is, for `Host.register`."""
    return os.path.abspath(file.path)
