"""What was written to a document while PostgreSQL was away: one record per write, on the disk before the write is
acknowledged. Each record holds the whole document, so a damaged one costs nothing that a later one has.

A record is `SJ1 checksum length length`, a line of JSON that says who and when, and a line with the document. A tail
that is not whole is a write that nobody acknowledged: it is cut off. A damaged record, in the middle or at the end, is kept
aside and reported. The caller holds the document's lock."""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from stores.backends import durable_file
from stores.backends.failover.steps import reached
from stores.backends.file_errors import read_failed, write_failed

#: `base`: PostgreSQL's document when the host left it. `write`: an acknowledged write. `adopted`: another program
#: changed the copy. `resync`: what a resync is about to bring to PostgreSQL.
RecordKind = Literal["base", "write", "adopted", "resync"]

SEGMENT_BYTES = 4 * 1024 * 1024
#: Records hold whole documents, so old segments may go; the newest ones say when each key changed.
KEPT_BYTES = 32 * 1024 * 1024
_MARK = b"SJ1 "
_HEAD = re.compile(rb"SJ1 ([0-9a-f]{8}) (\d{1,9}) (\d{1,9})\n")
_HEAD_BEGUN = re.compile(rb"S?|SJ1? ?|SJ1 [0-9a-f]{1,8}|SJ1 [0-9a-f]{8} \d*|SJ1 [0-9a-f]{8} \d+ \d*")
_NAME = re.compile(r"(?P<kind>.+)\.(?P<epoch>\d+)\.(?P<segment>\d+)\.log")
#: A line end is among them, and documents have none inside: equal ones end a record in any case.
_TAIL = 256
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True)
class Record:
    """`number` counts the records of an epoch from 0. `revision`: PostgreSQL's, of a base. `doubt`: the write was sent
    to PostgreSQL too, where its `token` tells whether it arrived. `text`: the document as JSON; None where there was
    none. `more`: what only a resync has."""

    number: int
    what: RecordKind
    at: datetime
    text: str | None
    writer: str = ""
    reason: str = ""
    token: str = ""
    doubt: bool = False
    revision: int | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> bytes:
        about = {
            "n": self.number,
            "what": self.what,
            "at": self.at.isoformat(),
            "writer": self.writer,
            "reason": self.reason,
            "token": self.token,
            "doubt": self.doubt,
            "revision": self.revision,
            "empty": self.text is None,
            **({"more": self.more} if self.more else {}),
        }
        # ASCII: a lone surrogate of a name must not stop a write.
        head = json.dumps(about).encode()
        body = (self.text or "").encode()
        rest = head + b"\n" + body + b"\n"
        return b"%s%08x %d %d\n" % (_MARK, zlib.crc32(rest), len(head), len(body)) + rest

    @classmethod
    def decode(cls, head: bytes, body: bytes) -> Record:
        about = json.loads(head)
        return cls(
            number=about["n"],
            what=about["what"],
            at=datetime.fromisoformat(about["at"]),
            text=None if about["empty"] else body.decode(),
            writer=about["writer"],
            reason=about["reason"],
            token=about["token"],
            doubt=about["doubt"],
            revision=about["revision"],
            more=about.get("more", {}),
        )


@dataclass(frozen=True)
class Damage:
    """Bytes of a segment that were a record once, as they are all there; kept in the file `kept`."""

    segment: str
    offset: int
    length: int
    kept: str


@dataclass
class JournalState:
    """What a journal holds, read once and then followed. `tokens`: of the writes in doubt. `resyncs`: the latest one that
    was sent, after the one before it that is known to have arrived."""

    base: Record | None = None
    head: Record | None = None
    resyncs: list[Record] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    writes: int = 0
    next_number: int = 0
    damage: list[Damage] = field(default_factory=list)

    def take(self, record: Record) -> None:
        again = record.number < self.next_number  # at the head of a later segment
        self.next_number = max(self.next_number, record.number + 1)
        if record.what == "resync":
            # Of those before, whoever began this one knew which had arrived; no other ever will.
            arrived = record.more.get("arrived", "")
            self.resyncs = [*(found for found in self.resyncs if found.token == arrived), record]
            return
        if record.what == "base":
            self.base = self.base or record
            if self.head is not None:
                return
        else:
            self.writes += not again
            if record.doubt and record.token not in self.tokens:
                self.tokens.append(record.token)
        self.head = record


class _At(NamedTuple):
    """Up to which `offset` of which segment a process knows the journal. `tail`: the bytes before it, by which it finds
    out whether somebody cut and wrote anew."""

    segment: int
    inode: int
    offset: int
    changed_ns: int
    tail: bytes


class Journal:
    """The journal of the document `kind` in one `epoch`, in files of `directory`."""

    def __init__(self, directory: str, kind: str, epoch: int) -> None:
        self.directory = directory
        self.kind = kind
        self.epoch = epoch
        self._state = JournalState()
        self._at: _At | None = None  # what `_state` knows
        self._fresh = False

    # --- reading ---------------------------------------------------------------------------------------------------

    def segments(self) -> list[tuple[int, str]]:
        """(number, path) of the segments, oldest first."""
        return [
            (segment, path)
            for kind, epoch, segment, path in journal_files(self.directory)
            if (kind, epoch) == self._key
        ]

    @property
    def _key(self) -> tuple[str, int]:
        return self.kind, self.epoch

    def size(self) -> int:
        """Bytes on the disk."""
        return sum(_size(path) for _, path in self.segments())

    def state(self, *, repair: bool = False) -> JournalState:
        """What the journal holds now. `repair` (with the document's lock only): cut a torn tail, keep damage aside."""
        try:
            return self._follow(repair)
        except OSError as error:
            raise read_failed(self.directory, error) from error

    def records(self) -> Iterator[Record]:
        """All records that can be read, oldest first."""
        for _, path in self.segments():
            try:
                with open(path, "rb") as file:
                    data = file.read()
            except OSError as error:
                raise read_failed(path, error) from error
            for piece in _parse(data):
                if piece.record is not None:
                    yield piece.record

    def _follow(self, repair: bool) -> JournalState:
        at = self._at
        if at is not None:
            path = self._path(at.segment)
            with suppress(FileNotFoundError):
                found = os.stat(path)
                same = (found.st_ino, found.st_size, found.st_mtime_ns) == (at.inode, at.offset, at.changed_ns)
                if same and not os.path.exists(self._path(at.segment + 1)):
                    return self._state  # the usual case: nobody else wrote since
                if found.st_ino == at.inode and self._is_still_there(path, at):
                    self._read_on(at.segment, at.offset, at.tail, repair)
                    return self._state
        self._state, self._at = JournalState(), None
        for segment, _ in self.segments():
            if self._at is None or segment > self._at.segment:
                self._read_on(segment, 0, b"", repair)
        return self._state

    def _is_still_there(self, path: str, at: _At) -> bool:
        with open(path, "rb") as file:
            file.seek(at.offset - len(at.tail))
            return file.read(len(at.tail)) == at.tail

    def _read_on(self, segment: int, offset: int, tail: bytes, repair: bool) -> None:
        """Take what the segment and its followers hold from `offset` on, which is a record's end."""
        while True:
            path = self._path(segment)
            with open(path, "rb") as file:
                file.seek(offset)
                data = file.read()
            good = 0
            followed = os.path.exists(self._path(segment + 1))
            for piece in _parse(data):
                if piece.record is not None:
                    self._state.take(piece.record)
                else:
                    last = piece.end == len(data) and not followed
                    if not (last and _is_torn(data, piece.start)):
                        kept = self._keep(path, offset + piece.start, data[piece.start : piece.end], repair)
                        self._state.damage.append(kept)
                    if last:
                        break
                good = piece.end
            if good < len(data) and repair and not followed:
                with open(path, "r+b") as file:
                    file.truncate(offset + good)
                    os.fsync(file.fileno())
            self._know(segment, offset + good, tail + data[:good])
            if not followed:
                return
            segment, offset, tail = segment + 1, 0, b""

    def _know(self, segment: int, offset: int, before: bytes) -> None:
        found = os.stat(self._path(segment))
        self._at = _At(segment, found.st_ino, offset, found.st_mtime_ns, before[-_TAIL:])

    def _keep(self, path: str, offset: int, data: bytes, repair: bool) -> Damage:
        kept = f"{path}.damaged-{offset}"
        if repair and not os.path.exists(kept):
            with open(kept, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                durable_file.give_to_owner(file.fileno(), self.directory)
                file.write(data)
        return Damage(os.path.basename(path), offset, len(data), kept)

    def _path(self, segment: int) -> str:
        return os.path.join(self.directory, self._name(segment))

    def _name(self, segment: int) -> str:
        return f"{self.kind}.{self.epoch}.{segment}.log"

    # --- writing ---------------------------------------------------------------------------------------------------

    def append(self, record: Record) -> None:
        """Bring the record to the disk. Raises `StoreError`; then it is not in the journal."""
        data = record.encode()
        path = self.directory
        try:
            state = self._follow(repair=True)
            segment, size = (self._at.segment, self._at.offset) if self._at else (0, 0)
            if self._fresh or (size and size + len(data) > SEGMENT_BYTES):
                segment, size = self._roll(segment)
            path = self._path(segment)
            self._write(path, size, data, new=size == 0)
            self._know(segment, size + len(data), data)
        except OSError as error:
            raise write_failed(path, error) from error
        state.take(record)
        reached("journal.based" if record.what == "base" else "journal.appended")

    def _write(self, path: str, size: int, data: bytes, *, new: bool) -> None:
        descriptor = os.open(path, _FLAGS, 0o600)
        try:
            try:
                if new:
                    durable_file.give_to_owner(descriptor, self.directory)
                view = memoryview(data)
                while view:
                    view = view[os.write(descriptor, view) :]
                os.fdatasync(descriptor)
                if new:
                    durable_file.sync_directory(self.directory)
            except OSError:
                # After a failed sync the kernel may hold other bytes than the disk: this file gets no more records.
                self._fresh = True
                os.ftruncate(descriptor, size)
                with suppress(OSError):
                    os.fdatasync(descriptor)
                raise
        finally:
            os.close(descriptor)

    def retract(self, record: Record) -> None:
        """Take back the record that was appended last: its write is refused. Raises `StoreError`."""
        path = self.directory
        try:
            segment = self._at.segment if self._at else 0
            path = self._path(segment)
            with open(path, "r+b") as file:
                file.truncate(os.fstat(file.fileno()).st_size - len(record.encode()))
                os.fdatasync(file.fileno())
        except OSError as error:
            raise write_failed(path, error) from error
        finally:
            self._state, self._at = JournalState(), None

    def _roll(self, segment: int) -> tuple[int, int]:
        """Begin the next segment, with the base and what is in doubt at its head; drop the oldest beyond the limit."""
        base = self._state.base
        head = b"" if base is None else base.encode()
        for record in self._in_doubt():
            head += record.encode()
        path = self._path(segment + 1)
        with suppress(FileNotFoundError):
            os.unlink(path)  # one that could not be written before
        self._write(path, 0, head, new=True)
        self._fresh = False
        self._know(segment + 1, len(head), head)
        segments = self.segments()
        total = sum(_size(path) for _, path in segments)
        for _, path in segments[:-2]:
            if total <= KEPT_BYTES:
                break
            total -= _size(path)
            os.unlink(path)
        return segment + 1, len(head)

    def _in_doubt(self) -> list[Record]:
        """Of each write in doubt its token, and the resyncs: both are looked for in PostgreSQL."""
        kept = [
            Record(self._state.head.number, "write", datetime.now(UTC), self._state.head.text, token=token, doubt=True)
            for token in self._state.tokens
            if self._state.head is not None
        ]
        return [*kept, *self._state.resyncs]

    def archive(self) -> None:
        """Move the segments to `done/`: their writes are in PostgreSQL. Raises `StoreError`."""
        done = os.path.join(self.directory, "done")
        try:
            durable_file.make_directory(done)
            for segment, path in self.segments():
                kept = self._name(segment)
                while os.path.exists(os.path.join(done, kept)):  # epochs begin anew where the mode file was lost
                    segment += 1
                    kept = self._name(segment)
                os.rename(path, os.path.join(done, kept))
            _drop_oldest(done)
        except OSError as error:
            raise write_failed(done, error) from error
        self._state, self._at = JournalState(), None


def journal_files(directory: str) -> list[tuple[str, int, int, str]]:
    """(kind, epoch, segment, path) of every segment in `directory`, sorted."""
    found = []
    with suppress(FileNotFoundError):
        for name in os.listdir(directory):
            match = _NAME.fullmatch(name)
            if match:
                found.append((match["kind"], int(match["epoch"]), int(match["segment"]), os.path.join(directory, name)))
    return sorted(found)


@dataclass(frozen=True)
class _Piece:
    """A part of a segment; `record` None: those bytes are none."""

    start: int
    end: int
    record: Record | None = None


def _parse(data: bytes) -> Iterator[_Piece]:
    position = 0
    while position < len(data):
        piece = _record_at(data, position)
        if piece is None:
            following = data.find(_MARK, position + 1)
            while following >= 0 and _record_at(data, following) is None:
                following = data.find(_MARK, following + 1)
            piece = _Piece(position, len(data) if following < 0 else following)
        yield piece
        position = piece.end


def _is_torn(data: bytes, position: int) -> bool:
    """Whether a record that begins here just ends too early, as where its writer was killed."""
    match = _HEAD.match(data, position)
    if match is not None:
        return len(data) < match.end() + int(match[2]) + 1 + int(match[3]) + 1
    return _HEAD_BEGUN.fullmatch(data, position) is not None


def _record_at(data: bytes, position: int) -> _Piece | None:
    match = _HEAD.match(data, position)
    if match is None:
        return None
    head_at = match.end()
    body_at = head_at + int(match[2]) + 1
    end = body_at + int(match[3]) + 1
    if end > len(data) or zlib.crc32(data[head_at:end]) != int(match[1], 16):
        return None
    try:
        return _Piece(position, end, Record.decode(data[head_at : body_at - 1], data[body_at : end - 1]))
    except (ValueError, KeyError, TypeError):
        return None


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _drop_oldest(done: str) -> None:
    files = sorted((entry.stat().st_mtime, entry.path, entry.stat().st_size) for entry in os.scandir(done))
    total = sum(size for _, _, size in files)
    for _, path, size in files:
        if total <= KEPT_BYTES:
            return
        total -= size
        os.unlink(path)
