"""A document in a JSON file, in the dashboard's own format: indented by 2, not ASCII-escaped, newline at the end.

Readers take no lock: the file is only ever replaced whole. Writers hold a kernel lock for the length of their
read-modify-write. The dashboard knows nothing of that lock, so its changes are accepted as the present document,
and shown as "changed by another program". A file that is no document is never overwritten: the write that replaces
it keeps it as `NAME.damaged-TIME`."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stores.backends import durable_file, file_lock
from stores.backends.file_errors import read_failed, write_failed
from stores.backends.json_summary import Summary, digest, read_summary, write_summary
from stores.backends.json_text import MAX_BYTES, decode, encode
from stores.backends.protocol import Document, StoreStatus, WriterName
from stores.errors import DocumentDamaged, Problem, StoreBusy, StoreError, StoreMisconfigured

#: Larger than any document with its layout: not worth reading.
_LARGEST_FILE = 8 * MAX_BYTES
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_DAMAGED_SHOWN = 5
_ASIDE_KEPT = 10

CHECKSUM_OK = "ok"
CHECKSUM_CHANGED = "changed by another program"
CHECKSUM_MISSING = "missing"


@dataclass(frozen=True)
class _Content:
    """A file as one look found it; without its bytes where it is larger than `_LARGEST_FILE`."""

    data: bytes
    found: os.stat_result


def _identity(found: os.stat_result | None) -> tuple[int, int, int] | None:
    return found and (found.st_ino, found.st_mtime_ns, found.st_size)


class JsonStore:
    """The document in the file `path`, which need not exist yet: `read` then answers {}. A symbolic link is followed,
    and its target replaced.

    `kind` is the file's stem where it is not given; `writer` names who writes; `deadline` is how many seconds a write
    waits for another writer before `StoreBusy`. Safe to use from several threads and processes, and over a fork."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        kind: str | None = None,
        writer: WriterName | None = None,
        deadline: float = 10.0,
    ) -> None:
        self.path = os.path.abspath(os.fspath(path))
        self.kind = kind or os.path.splitext(os.path.basename(self.path))[0]
        self.deadline = deadline
        self._writer = writer or (lambda: "")
        self._local = threading.local()
        self._swept_by: int | None = None

    # --- reading ---

    def read(self) -> Document:
        """The document; {} where there is no file. The caller may change what it gets: it is a copy.

        Raises `DocumentDamaged` where the file is no document, `StoreMisconfigured` and `StoreError` where it
        cannot be read."""
        transaction = self._transaction()
        if transaction is not None:
            return transaction.read()
        return self._document(_read(self._target()))

    def _target(self) -> str:
        """The file that is replaced: a link in its place stays. (Links above it need no care.)"""
        return os.path.realpath(self.path) if os.path.islink(self.path) else self.path

    def _document(self, content: _Content | None) -> Document:
        if content is None:
            return {}
        try:
            return _decode(content, self.path)
        except DocumentDamaged as damaged:
            name = os.path.basename(self.path)
            advice = f"The file stays as it is. Correct it in an editor, or write a document: the file is then kept as {name}.damaged-TIME."
            raise DocumentDamaged([*damaged.problems, Problem("", advice)], source=self.path) from None

    # --- writing ---

    def write(self, document: Document) -> None:
        """Make `document` the content, durably. On any error the former content stands.

        Raises `DocumentError` (before anything is touched), `StoreBusy`, `StoreReadOnly`, `StoreMisconfigured`, and
        `StoreError` for a full or failing disk."""
        transaction = self._transaction()
        if transaction is not None:
            transaction.write(document)
            return
        data = _file_text(document)
        target = self._target()
        with self._lock(target) as lock:
            self._replace(lock, target, data)

    @contextmanager
    def hold(self, deadline: float | None = None) -> Iterator[HeldFile]:
        """Hold the document's lock and act on the file at once; `deadline` in seconds (None: the store's). Raises
        `StoreBusy`. Not within a transaction of the same thread."""
        target = self._target()
        with self._lock(target, deadline) as lock:
            yield HeldFile(self, target, lock)

    @contextmanager
    def transaction(self) -> Iterator[FileTransaction]:
        """Hold the document's lock: yields an object with `read` and `write`; the last write counts, at the end of
        the block. An exception takes everything back.

        A block within a block of the same thread joins it: it writes nothing by itself, and an exception that leaves
        the inner block takes back what the inner block wrote, no more. Raises as `write`."""
        outer = self._transaction()
        if outer is not None:
            before = outer.pending
            try:
                yield outer
            except BaseException:
                outer.pending = before
                raise
            return
        target = self._target()
        with self._lock(target) as lock:
            transaction = FileTransaction(self, target)
            self._local.transaction = transaction
            try:
                yield transaction
            finally:
                self._local.transaction = None
                transaction.over = True
            if transaction.pending is not None:
                if not lock.is_ours():
                    raise StoreBusy(
                        f"The lock {lock.path} was removed, or this is a forked process. {self.path} was not written. "
                        "Try again."
                    )
                self._replace(lock, target, transaction.pending, transaction)

    def _transaction(self) -> FileTransaction | None:
        """The transaction of this thread; a forked child has none, for it does not hold the lock."""
        found: FileTransaction | None = getattr(self._local, "transaction", None)
        return found if found is not None and found.process == os.getpid() else None

    @contextmanager
    def _lock(self, target: str, deadline: float | None = None) -> Iterator[file_lock.FileLock]:
        path = _beside(target, "lock")
        patience = self.deadline if deadline is None else deadline
        try:
            try:
                lock = file_lock.acquire(path, patience)
            except FileNotFoundError:
                durable_file.make_directory(os.path.dirname(target))
                lock = file_lock.acquire(path, patience)
        except OSError as error:
            raise write_failed(self.path, error) from error
        try:
            yield lock
        finally:
            lock.release()

    def _replace(
        self,
        lock: file_lock.FileLock,
        target: str,
        data: bytes,
        transaction: FileTransaction | None = None,
        *,
        before: Callable[[], None] | None = None,
        durable: bool = True,
    ) -> None:
        try:
            if self._swept_by != os.getpid() or lock.was_interrupted():
                durable_file.remove_leftovers(target)
                self._swept_by = os.getpid()
            lock.begin()
            self._put(target, data, transaction, before, durable)
            lock.end()
        except OSError as error:
            raise write_failed(self.path, error) from error

    def _put(
        self,
        target: str,
        data: bytes,
        transaction: FileTransaction | None,
        before: Callable[[], None] | None,
        durable: bool,
    ) -> None:
        """Set a damaged file aside and replace the content. `before` is called when the new content is complete, and
        may still refuse it. Raises OSError and StoreError."""
        found = _stat(target)
        if transaction is not None and transaction.has_read and _identity(found) != _identity(transaction.found):
            raise StoreBusy(
                f"{self.path} was changed by another program during the transaction. Nothing was written. Try again."
            )
        note = _beside(target, "sum")
        summary = read_summary(note)
        kept: str | None = None
        if found is None:
            previous, revision = "", summary.revision if summary else 0
        elif summary is not None and summary.is_of(found):
            previous, revision = summary.sha256, summary.revision
        else:
            content = _read(target)
            previous = digest(content.data) if content else ""
            revision = _revision(summary, previous)
            if content is not None and not _is_document(content):
                kept = durable_file.set_aside(target, f"{os.path.basename(target)}.damaged-{_now():%Y%m%dT%H%M%S.%fZ}")
        try:
            announce = self._announcer(note, data, previous, revision + 1, before)
            durable_file.replace(target, data, announce, durable=durable)
        except BaseException:
            if kept and os.path.lexists(target):  # still there under its own name: no second one
                os.unlink(kept)
            raise

    def _announcer(
        self, note: str, data: bytes, previous: str, revision: int, before: Callable[[], None] | None
    ) -> Callable[[os.stat_result], None]:
        def announce(made: os.stat_result) -> None:
            if before is not None:
                before()
            summary = Summary(
                sha256=digest(data),
                size=len(data),
                revision=revision,
                writer=self._writer(),
                written_at=_now().isoformat(),
                previous=previous,
                inode=made.st_ino,
                mtime_ns=made.st_mtime_ns,
            )
            write_summary(note, summary)

        return announce

    def sync(self) -> None:
        """Bring a file that was replaced without that to the disk. Never raises: the file is whole either way."""
        target = self._target()
        with suppress(OSError):
            with open(target, "rb") as file:
                os.fsync(file.fileno())
            durable_file.sync_directory(os.path.dirname(target))

    # --- looking ---

    def is_ours(self) -> bool:
        """Whether the present content was written by a `JsonStore`, and not by another program."""
        target = self._target()
        content, summary = _read(target), read_summary(_beside(target, "sum"))
        return (
            content is not None and summary is not None and digest(content.data) in (summary.sha256, summary.previous)
        )

    def health_check(self) -> bool:
        """Whether the document can be read and its directory written. Never raises."""
        try:
            self._document(_read(self._target()))
        except StoreError:
            return False
        directory = os.path.dirname(self._target())
        while not os.path.lexists(directory):  # it will be made
            directory = os.path.dirname(directory)
        return os.access(directory, os.W_OK | os.X_OK)

    def status(self) -> StoreStatus:
        """The file as it is on the disk. Never raises; `detail` holds path, size_bytes, checksum (`ok`, `changed by
        another program`, `missing`) and the newest damaged_copies."""
        target = self._target()
        detail: dict[str, Any] = {"path": self.path, "size_bytes": None, "checksum": CHECKSUM_MISSING}
        detail["damaged_copies"] = _damaged_copies(target)
        begun = time.perf_counter()
        error: str | None = None
        content: _Content | None = None
        summary = read_summary(_beside(target, "sum"))
        try:
            content = _read(target)
            self._document(content)
        except StoreError as problem:
            error = str(problem)
        latency = (time.perf_counter() - begun) * 1000
        if content is None:
            return StoreStatus(self.kind, "filesystem", error is None, latency, error=error, detail=detail)
        detail["size_bytes"] = content.found.st_size
        updated = datetime.fromtimestamp(content.found.st_mtime, UTC)
        writer = revision = None
        if summary is not None:
            checksum = digest(content.data)
            revision = _revision(summary, checksum)
            if checksum == summary.sha256:
                detail["checksum"], writer = CHECKSUM_OK, summary.writer or None
                updated = datetime.fromisoformat(summary.written_at)
            elif checksum == summary.previous:
                detail["checksum"] = CHECKSUM_OK
            else:
                detail["checksum"] = CHECKSUM_CHANGED
        return StoreStatus(
            self.kind, "filesystem", error is None, latency, revision, updated, writer, error=error, detail=detail
        )

    def close(self) -> None:
        """Nothing is kept open between calls."""


class HeldFile:
    """The document's file under its lock."""

    def __init__(self, store: JsonStore, target: str, lock: file_lock.FileLock) -> None:
        self._store = store
        self._target = target
        self._lock = lock

    def identity(self) -> tuple[int, int, int] | None:
        """Changes with every change of the file, but those that keep inode, time and size; None where there is none."""
        return _identity(_stat(self._target))

    def age(self) -> float:
        """Seconds since the file was changed; infinite where there is none, or its time lies ahead."""
        found = _stat(self._target)
        age = time.time() - found.st_mtime if found is not None else -1.0
        return age if age >= 0 else float("inf")

    def read(self) -> Document | None:
        """The document; None where there is no file. Raises as `JsonStore.read`."""
        content = _read(self._target)
        return None if content is None else self._store._document(content)

    def replace(
        self, document: Document, *, before: Callable[[], None] | None = None, durable: bool = True
    ) -> tuple[int, int, int] | None:
        """Make `document` the content, and answer the file's new identity. `before` is called when the new content is
        complete, and may still refuse it by an exception. Not `durable`: a power cut may take it. Raises as `write`."""
        data = _file_text(document)
        self._store._replace(self._lock, self._target, data, before=before, durable=durable)
        return self.identity()

    def is_ours(self) -> bool:
        """Whether the present content was written by a `JsonStore`, and not by another program."""
        return self._store.is_ours()

    def set_aside(self, what: str) -> str:
        """Keep the present file also as NAME.WHAT-TIME, and answer that path. The newest ten of a kind are kept."""
        directory, name = os.path.split(self._target)
        try:
            kept = durable_file.set_aside(self._target, f"{name}.{what}-{_now():%Y%m%dT%H%M%S.%fZ}")
            former = sorted(entry for entry in os.listdir(directory) if entry.startswith(f"{name}.{what}-"))
            for entry in former[:-_ASIDE_KEPT]:
                os.unlink(os.path.join(directory, entry))
        except OSError as error:
            raise write_failed(self._store.path, error) from error
        return kept


class FileTransaction:
    """The document under its lock: `pending` is the text to be written at the end."""

    def __init__(self, store: JsonStore, target: str) -> None:
        self.process = os.getpid()
        self.pending: bytes | None = None
        self.over = False
        self.has_read = False
        self._store = store
        self._target = target
        self._content: _Content | None = None

    @property
    def found(self) -> os.stat_result | None:
        """What the first `read` met."""
        return self._content.found if self._content else None

    def read(self) -> Document:
        """What was written in this transaction, else the file as the first read found it."""
        self._refuse_late()
        if self.pending is not None:
            return decode(self.pending)
        if not self.has_read:
            self._content = _read(self._target)
            self.has_read = True
        return self._store._document(self._content)

    def write(self, document: Document) -> None:
        """Keep `document` for the end of the transaction. Raises `DocumentError` at once."""
        self._refuse_late()
        self.pending = _file_text(document)

    def _refuse_late(self) -> None:
        if self.over or self.process != os.getpid():
            raise StoreError("The transaction is over, or belongs to another process. Begin a new one.")


def _file_text(document: Document) -> bytes:
    return (encode(document, indent=2) + "\n").encode("utf-8")


def _read(target: str) -> _Content | None:
    """The file's bytes; None where there is none. Raises `StoreMisconfigured` and `StoreError`."""
    try:
        descriptor = os.open(target, _READ)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise read_failed(target, error) from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise StoreMisconfigured(f"{target} is not a file. Correct the configured path.")
        parts = []
        while found.st_size <= _LARGEST_FILE and (part := os.read(descriptor, max(found.st_size, 4096) + 1)):
            parts.append(part)
        return _Content(b"".join(parts), found)
    except OSError as error:
        raise read_failed(target, error) from error
    finally:
        os.close(descriptor)


def _decode(content: _Content, source: str = "") -> Document:
    if content.found.st_size > _LARGEST_FILE:
        size = content.found.st_size / 1024 / 1024
        raise DocumentDamaged(f"The file has {size:,.0f} MiB, which is too large for a document.", source=source)
    return decode(content.data, source=source)


def _is_document(content: _Content) -> bool:
    try:
        _decode(content)
    except DocumentDamaged:
        return False
    return True


def _stat(target: str) -> os.stat_result | None:
    try:
        return os.stat(target)
    except FileNotFoundError:
        return None


def _revision(summary: Summary | None, checksum: str) -> int:
    """The number of the content with this checksum: our last write, the one before, or one by others after it."""
    if summary is None:
        return 0
    if checksum == summary.sha256:
        return summary.revision
    return summary.revision - 1 if checksum == summary.previous else summary.revision + 1


def _beside(target: str, what: str) -> str:
    directory, name = os.path.split(target)
    return f"{directory}/.{name}.{what}"


def _damaged_copies(target: str) -> list[str]:
    """Names of the newest copies of damaged files, newest first."""
    directory, name = os.path.split(target)
    try:
        found = [entry for entry in os.listdir(directory) if entry.startswith(f"{name}.damaged-")]
    except OSError:
        return []
    return sorted(found, reverse=True)[:_DAMAGED_SHOWN]


def _now() -> datetime:
    return datetime.now(UTC)
