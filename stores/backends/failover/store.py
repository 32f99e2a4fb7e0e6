"""A document in PostgreSQL that stays readable and writable while PostgreSQL is away.

What holds: an acknowledged write is in PostgreSQL, or in this host's journal on the disk until a resync has brought it
there. All processes that use one `journal_dir` change over together. Nobody has to notice: calls keep working, and
`status()` says where they go."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from time import monotonic
from typing import TYPE_CHECKING, NoReturn

from stores.backends.failover.background import background_of
from stores.backends.failover.copy_side import Author, CopySide, copy_path
from stores.backends.failover.host import Host, host_at
from stores.backends.failover.mode import SWITCHING, Backend, Mode
from stores.backends.failover.postgres_side import LockedRow, Lost, Moved, PostgresSide, WentBack
from stores.backends.failover.resync import ALONE_SECONDS, Resync
from stores.backends.held_document import HeldDocument
from stores.backends.json_file import HeldFile, JsonStore
from stores.backends.json_text import decode, encode
from stores.backends.postgres import PostgresStore, plain
from stores.backends.protocol import Document, StoreStatus, Transaction
from stores.errors import CommitUnknown, StoreBusy, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from stores.backends.failover.report import ResyncReport
    from stores.sync.differences import Change, Keys
    from stores.sync.merge import Strategy

#: How often a call starts over because the host changed its mode under it.
_TURNS = 6


class FailoverStore:
    """The document of `primary`, with the file of `fallback` as its copy. `journal_dir`: the host's directory, which
    all its processes share. `start`: what STORE_BACKEND says; it counts at the first start and when it has changed.
    `probe`: whether this process looks for PostgreSQL's return (a thread, only while the host is on its copies).

    A call that meets the failure is over within the primary's `deadline` and a little; later ones answer at once."""

    def __init__(
        self,
        primary: PostgresStore,
        fallback: JsonStore,
        *,
        journal_dir: str | os.PathLike[str],
        start: Backend = "postgres",
        probe: bool = True,
    ) -> None:
        self.kind = primary.kind
        self.primary = primary
        self.fallback = fallback
        self.deadline = primary.deadline
        self.host: Host = host_at(journal_dir, start=start)
        self.host.register(self.kind, copy_path(fallback))
        self.postgres = PostgresSide(primary, self.host)
        self.copy = CopySide(self.kind, fallback, self.host)
        self._background = background_of(self.host)
        self._background.serve(self, probe=probe)
        self._thread = threading.local()

    # --- reading ---------------------------------------------------------------------------------------------------

    def read(self) -> Document:
        """The document; `{}` where there is none yet. Raises `StoreError` where neither PostgreSQL nor a copy has it."""
        held = self._held()
        if held is not None:
            return held.read()
        for _ in range(_TURNS):
            until = monotonic() + self.deadline
            mode = self._settled_mode(until)
            if mode.backend == "filesystem":
                try:
                    return self.copy.read(mode, until)
                except Moved:
                    continue
            try:
                text = self.postgres.read(mode, until)
            except Moved:
                continue
            except (Lost, WentBack) as failure:
                try:
                    self._leave(mode, failure)
                except StoreError:
                    # As with a full disk: nothing can be written, but the house wants to be read.
                    known = self.host.known(self.kind).latest()
                    if known is None:
                        raise
                    return self.primary.decoded(known.text)
                continue
            self._background.refresh(self.kind)
            return {} if text is None else self.primary.decoded(text)
        raise StoreBusy("The store changes its mode again and again. Try again in a moment.")

    def _settled_mode(self, until: float) -> Mode:
        """The mode to read in: a return to PostgreSQL or an operator's switch need not be waited for."""
        mode = self.host.mode()
        if mode.phase == SWITCHING:
            mode = self.host.wait_for_mode(until)
        if mode.backend == "filesystem":
            self._background.watch()
        return mode

    def _leave(self, mode: Mode, failure: Lost | WentBack) -> None:
        """Go over to the copies because of `failure`. Raises the failure's error where there is no copy, and
        `StoreError` where the switch cannot be made."""
        stop = str(failure) if isinstance(failure, WentBack) else ""
        error = StoreUnavailable(stop) if isinstance(failure, WentBack) else failure.error
        now = self.host.mode()
        if now.epoch == mode.epoch and not self.copy.exists():
            raise error
        self.host.fail_over(mode, str(error), self._author().writer, stop=stop)
        self._background.watch()

    def _author(self, token: str = "") -> Author:
        return Author(plain(self.primary.writer), plain(self.primary.reason), token)

    # --- writing ---------------------------------------------------------------------------------------------------

    def write(self, document: Document) -> None:
        """Replace the document; it is durable when this returns. Raises `DocumentError` before anything is touched,
        `StoreBusy`, and `StoreError` where neither side takes it."""
        text = encode(document)
        held = self._held()
        if held is not None:
            held.replace(text)
            return
        doubt = _Doubt()
        try:
            self._write(document, text, doubt)
        except StoreError as error:
            self._say(error, doubt.token)

    def _write(self, document: Document, text: str, doubt: _Doubt) -> None:
        tried = False
        until = monotonic() + self.deadline
        for _ in range(_TURNS):
            mode = self.host.mode()
            if mode.phase:
                mode = self._wait_for_mode()
                until = monotonic() + self.deadline
            try:
                if mode.backend == "filesystem":
                    self._background.watch()
                    self.copy.write(mode, document, self._author(doubt.token), until)
                    return
                # A write in doubt of an earlier epoch needs no look: the fence keeps it from coming late, and this
                # one says the same.
                self.postgres.write(mode, text, until)
            except Moved:
                continue
            except (Lost, WentBack) as failure:
                doubt.note(failure)
                if isinstance(failure, Lost) and not failure.token and not tried and monotonic() < until:
                    tried = True  # certainly not written, and a broken line alone is no reason to switch
                    continue
                self._leave(mode, failure)
                until = monotonic() + self.deadline
            else:
                self._background.refresh(self.kind)
                return
        raise self._given_up(doubt.token)

    def _wait_for_mode(self) -> Mode:
        """The mode once it has been changed: that takes no longer than `ALONE_SECONDS`, and a call's time after it."""
        return self.host.wait_for_mode(monotonic() + ALONE_SECONDS + self.deadline)

    def _say(self, error: StoreError, token: str) -> NoReturn:
        """Raise the error; but none says that nothing was written where that is not certain."""
        if not token or isinstance(error, CommitUnknown):
            raise error
        raise self._given_up(token) from error

    def _given_up(self, token: str) -> StoreError:
        if token:
            return CommitUnknown(
                f"The line to PostgreSQL broke while {self.kind} was written: the write is either done or not. "
                "Read the document before writing again.",
                token=token,
            )
        return StoreBusy("The store changes its mode again and again. Nothing was written. Try again in a moment.")

    # --- transactions ----------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """The document under its lock: the row's in PostgreSQL, which the dashboard takes too, else the file's. What
        is written stands at the block's end; an exception undoes it. A block inside another one on the same thread
        joins it, and its exception goes back to what the document was at the inner block's start.

        If the host changes over while the block runs, what it wrote goes to the other side, provided that the document
        there is what the block has read, or differs in other keys only. Else `StoreBusy`: nothing was written; or
        `CommitUnknown`."""
        outer = self._held()
        if outer is not None:
            with outer.joined():
                yield outer
            return
        place = self._begin()
        held = self._thread.held = HeldDocument(place.text or "{}", self.primary.decoded)
        try:
            yield held
        except BaseException:
            place.release()
            raise
        finally:
            self._thread.held = None
            held.over = True
        if not held.changed:
            place.release()
            return
        self._finish(place, held.text)

    def _held(self) -> HeldDocument | None:
        held: HeldDocument | None = getattr(self._thread, "held", None)
        return held if held is not None and held.is_here() else None

    def _begin(self) -> _Place:
        tried = False
        for _ in range(_TURNS):
            until = monotonic() + self.deadline
            mode = self.host.mode()
            if mode.phase:
                mode = self._wait_for_mode()
                until = monotonic() + self.deadline
            try:
                if mode.backend == "filesystem":
                    self._background.watch()
                    return _OnFile(self, mode, until)
                return _OnRow(self, mode, until)
            except Moved:
                continue
            except (Lost, WentBack) as failure:
                if isinstance(failure, Lost) and not tried and monotonic() < until:
                    tried = True
                    continue
                self._leave(mode, failure)
        raise self._given_up("")

    def _finish(self, place: _Place, text: str) -> None:
        """Write what a block left, where it began or where the host is now."""
        doubt = _Doubt()
        try:
            self._try_to_finish(place, text, doubt)
        except StoreError as error:
            self._say(error, doubt.token)

    def _try_to_finish(self, place: _Place, text: str, doubt: _Doubt) -> None:
        read = place.text
        for turn in range(_TURNS):
            target = text
            if turn:
                place = self._begin()
                if doubt.token and isinstance(place, _OnRow) and self._arrived(place, doubt.token):
                    return
                brought = bring(read, text, place.text)
                if brought is None:
                    place.release()
                    raise StoreBusy(
                        f"The store was switched during the transaction, and {self.kind} was changed by another "
                        "writer. Nothing was written. Try again."
                    )
                target = brought
            try:
                place.write(target, doubt.token)
            except Moved:
                continue
            except (Lost, WentBack) as failure:
                doubt.note(failure)
                if isinstance(failure, Lost) and not failure.token and turn == 0:
                    continue  # the line broke; PostgreSQL may be well
                self._leave(place.mode, failure)
            else:
                return
        raise self._given_up(doubt.token)

    def _arrived(self, place: _Place, token: str) -> bool:
        """Whether the write with this token is in PostgreSQL, whose row we hold: then it stays as it is."""
        try:
            found = self.postgres.find(place.mode, token, monotonic() + self.deadline)
        except (Lost, Moved) as failure:
            place.release()
            raise StoreUnavailable() from failure
        except StoreError:
            place.release()
            raise
        if found is not None:
            place.release()
        return found is not None

    # --- bringing back ---------------------------------------------------------------------------------------------

    def resync(
        self,
        apply: bool = True,
        *,
        strategy: Strategy = "rules",
        to_postgres: bool = True,
        reason: str = "",
        seconds: float = 10.0,
    ) -> ResyncReport:
        """Bring what was written on this host's copies (of all its documents) into PostgreSQL, and go back to it.

        Not `apply`: only say what would happen. `strategy` decides what both sides changed, and what to do with a
        PostgreSQL that was emptied or restored: "rules" stops there. `to_postgres` False: stay on the copies.
        `seconds`: how long it may take. Raises `StoreError`."""
        resync = Resync(self.host, self.primary, strategy=strategy, seconds=seconds)
        if not apply:
            return resync.preview()
        return resync.run(automatic=False, who=self._author().writer, reason=reason, to_postgres=to_postgres)

    # --- looking ---------------------------------------------------------------------------------------------------

    def health_check(self) -> bool:
        """Whether the document can be read now, on either side."""
        try:
            self.read()
        except StoreError:
            return False
        return True

    def status(self) -> StoreStatus:
        """One look at the side in use. Never raises a `StoreError`. `detail["mode"]` is the host's mode;
        `detail["known"]` the revision of PostgreSQL that the host saw last, and when."""
        try:
            mode = self.host.mode()
            known = self.host.known(self.kind).latest()
        except StoreError as error:
            return StoreStatus(self.kind, "filesystem", False, error=str(error))
        status = self.primary.status() if mode.backend == "postgres" else self.fallback.status()
        status.detail["mode"] = mode.as_dict()
        status.detail["known"] = known and {"revision": known.revision, "seen_at": known.seen_at.isoformat()}
        return status

    def close(self) -> None:
        """Bring the copy up to date and stop this process's part. The primary's line closes where it is its own."""
        self._background.leave(self)
        self.primary.close()


class _Doubt:
    """What is open about one write: the token of a try that may have arrived in PostgreSQL."""

    def __init__(self) -> None:
        self.token = ""

    def note(self, failure: Lost | WentBack) -> None:
        if isinstance(failure, Lost) and failure.token:
            self.token = failure.token


class _Place:
    """Where a block's document is locked: `text` is what it holds."""

    def __init__(self, store: FailoverStore, mode: Mode) -> None:
        self.store = store
        self.mode = mode
        self.text: str | None = None

    def write(self, text: str, token: str) -> None:
        """Write and let go. Raises Moved, Lost, WentBack, `StoreError`."""
        raise NotImplementedError

    def release(self) -> None:
        raise NotImplementedError


class _OnRow(_Place):
    def __init__(self, store: FailoverStore, mode: Mode, until: float) -> None:
        super().__init__(store, mode)
        self._row: LockedRow = store.postgres.begin(mode, until)
        self.text = self._row.text

    def write(self, text: str, token: str) -> None:
        self.store.postgres.commit(self._row, text, monotonic() + self.store.deadline)
        self.store._background.refresh(self.store.kind)

    def release(self) -> None:
        self.store.postgres.release(self._row)


class _OnFile(_Place):
    def __init__(self, store: FailoverStore, mode: Mode, until: float) -> None:
        super().__init__(store, mode)
        self._block = store.copy.hold(mode, until)
        self._file: HeldFile
        self._file, self.text = self._block.__enter__()

    def write(self, text: str, token: str) -> None:
        try:
            until = monotonic() + self.store.deadline
            there = self.store.copy.look(self._file, self.mode, until)
            brought = bring(self.text, text, there)
            if brought is None:
                raise StoreBusy(
                    f"{self.store.fallback.path} was changed by another program during the transaction. Nothing was "
                    "written. Try again."
                )
            self.store.copy.put(self._file, self.mode, decode(brought), self.store._author(token), until)
        finally:
            self.release()

    def release(self) -> None:
        self._block.__exit__(None, None, None)


def bring(read: str | None, written: str, there: str | None) -> str | None:
    """What to write where the document is `there`, for a block that has read `read` and left `written`; None where
    both changed the same place, be it to the same value: two increments are not one."""
    if there == read:
        return written
    from stores.sync.merge import merge

    merged = merge(decode(read or "{}"), decode(written), decode(there or "{}"))
    ours, theirs = _places(merged.ours_changed), _places(merged.theirs_changed)
    meet = _with_those_above(ours) & theirs or _with_those_above(theirs) & ours
    return None if merged.conflicts or meet else encode(merged.document)


def _places(changes: tuple[Change, ...]) -> set[Keys]:
    """Where the changes are; a list is one place."""
    return {tuple(takewhile(lambda key: isinstance(key, str), change.keys)) for change in changes}


def _with_those_above(places: set[Keys]) -> set[Keys]:
    return {place[:length] for place in places for length in range(len(place) + 1)}
