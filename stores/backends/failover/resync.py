"""Bringing what a host wrote on its copies back into PostgreSQL.

Every step may be the last one before the power goes: run again, it ends in the same place. What makes that true: the
journal names the token of what is about to be written before it is sent, so the next run finds out whether it arrived;
the mode changes after the commit; files move last."""

from __future__ import annotations

import json
import os
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg

from stores.backends import durable_file
from stores.backends.bounded import BoundedConnection
from stores.backends.failover import resync_sql as sql
from stores.backends.failover.copy_side import CopySide
from stores.backends.failover.decide import Ours, Theirs, decide
from stores.backends.failover.host import Host
from stores.backends.failover.journal import Journal, JournalState, Record, journal_files
from stores.backends.failover.mode import Backend, Mode
from stores.backends.failover.postgres_side import OWN_TOKEN
from stores.backends.failover.report import DocumentResync, ResyncReport
from stores.backends.failover.steps import reached
from stores.backends.file_errors import write_failed
from stores.backends.json_file import HeldFile, JsonStore
from stores.backends.json_text import decode, encode
from stores.backends.line import Connection
from stores.backends.postgres import PostgresStore
from stores.errors import DocumentDamaged, StoreBusy, StoreError, StoreMisconfigured, StoreReadOnly, StoreUnavailable

if TYPE_CHECKING:
    from stores.sync.merge import Strategy

#: How long a resync waits for a document's lock before it lets go of all of them: a transaction that holds one and
#: wants another must get on.
LOCK_SECONDS = 0.3
#: Writes of the host wait while it is alone with PostgreSQL.
ALONE_SECONDS = 1.5
#: Rows of other writers' locks are not waited for longer than this part of the time.
LOCK_SHARE = 0.5
#: Newest records of a journal that are read to find out when which key changed.
RECORDS_READ = 200


@dataclass
class _Participant:
    """One document of the host, under its lock unless this is a preview."""

    kind: str
    path: str
    side: CopySide
    held: HeldFile | None
    journal: Journal
    state: JournalState
    ours: Ours


class Resync:
    """`primary`: a store of this host's PostgreSQL, whichever document it is of. `seconds`: how long it may take
    until nothing holds it up any more; writes of the host wait for `ALONE_SECONDS` at most."""

    def __init__(self, host: Host, primary: PostgresStore, *, strategy: Strategy, seconds: float) -> None:
        self._host = host
        self._primary = primary
        self._strategy: Strategy = strategy
        self._seconds = seconds
        self._started = monotonic()

    # --- what the callers want -------------------------------------------------------------------------------------

    def look_whether_writable(self, seconds: float) -> None:
        """Raises `StoreError` where PostgreSQL does not answer or takes no writes. Holds nothing up."""
        with self._primary.line.connection(seconds) as connection:
            row = connection.execute(sql.WRITABLE).fetchone()
        if row is not None and not row[0]:
            raise StoreReadOnly("PostgreSQL answers, but takes no writes: it is a replica or set to read only.")

    def preview(self) -> ResyncReport:
        """What a run would do now; nothing is written and nothing is held up."""
        return self._previewed(self._host.mode())

    def _previewed(self, mode: Mode) -> ResyncReport:
        participants = [self._seen(kind, path, mode) for kind, path in self._documents(mode)]
        with self._transaction(sql.BEGIN_READ_ONLY, participants, monotonic() + self._seconds, lock=False) as (
            _,
            theirs,
        ):
            documents = self._decided(participants, theirs)
        return self._report(mode, documents, applied=False)

    def run(self, *, automatic: bool, who: str, reason: str, to_postgres: bool) -> ResyncReport:
        """Do it. Raises `StoreError`; then the host is where it was. A report with `stopped` says what to decide. On
        PostgreSQL there is nothing to bring back, and the report only compares."""
        until = monotonic() + self._seconds
        while True:
            mode = self._host.mode()
            if mode.backend == "postgres":
                return self._previewed(mode)
            if automatic and not mode.automatic:
                return self._report(mode, (), applied=False)
            # Waking a sleeping server and connecting may take seconds; nobody shall wait for that.
            self.look_whether_writable(max(0.0, until - monotonic()))
            try:
                with ExitStack() as locks:
                    files = self._locked_files(locks, mode)
                    with self._host.catching_up(until) as now:
                        if (now.backend, now.automatic, now.epoch) == (mode.backend, mode.automatic, mode.epoch):
                            return self._run_alone(now, files, automatic, who, reason, to_postgres)
            except _LocksTaken:
                if monotonic() >= until:
                    raise StoreBusy(
                        "A transaction holds a document for too long: the copies were not brought back. Try again."
                    ) from None

    # --- the steps -------------------------------------------------------------------------------------------------

    def _documents(self, mode: Mode) -> list[tuple[str, str]]:
        """Kind and copy of each document of the host. Raises `StoreMisconfigured` where one with writes is missing."""
        found = self._host.documents()
        journalled = {kind for kind, epoch, _, _ in journal_files(self._host.journals) if epoch == mode.epoch}
        lost = sorted(journalled - set(found))
        if lost:
            raise StoreMisconfigured(
                f"This host has written {', '.join(lost)} on its copy, but it is no longer known where that copy is. "
                "Restart the processes that use it, and try again."
            )
        return sorted(found.items())

    def _locked_files(self, locks: ExitStack, mode: Mode) -> dict[str, tuple[str, CopySide, HeldFile]]:
        found = {}
        for kind, path in self._documents(mode):
            side = CopySide(kind, JsonStore(path, kind=kind, writer=self._primary.writer), self._host)
            try:
                held = locks.enter_context(side.file.hold(LOCK_SECONDS))
            except StoreBusy as error:
                raise _LocksTaken from error
            found[kind] = path, side, held
        return found

    def _run_alone(
        self,
        mode: Mode,
        files: dict[str, tuple[str, CopySide, HeldFile]],
        automatic: bool,
        who: str,
        reason: str,
        to_postgres: bool,
    ) -> ResyncReport:
        until = monotonic() + ALONE_SECONDS
        participants = [
            found for kind, (path, side, held) in files.items() if (found := self._agreed(kind, path, side, held, mode))
        ]
        token = str(uuid4())
        with self._transaction(sql.BEGIN, participants, until, lock=True) as (connection, theirs):
            reached("resync.looked")
            documents = self._decided(participants, theirs)
            if any(document.stop for document in documents):
                report = self._report(mode, documents, applied=False)
                self._host.stop(mode, report.stopped)
                return report
            for participant, document in zip(participants, documents, strict=True):
                self._keep_earlier_conflicts(participant, theirs)
                self._announce(participant, document, token, theirs[participant.kind].arrived_token)
            reached("resync.journalled")
            # The fence must rise above whatever this host was before, also where its directory was restored.
            epoch = max(mode.epoch, *(side.host_epoch or 0 for side in theirs.values()), 0) + 1
            revisions = self._write(connection, documents, token, epoch, automatic, who, reason)
        reached("resync.committed")
        documents = tuple(replace(document, revision=revisions.get(document.kind)) for document in documents)
        for document in documents:
            known = document.revision if document.revision is not None else document.theirs_revision
            if known is not None:
                self._host.known(document.kind).force(known, encode(document.document))
        reached("resync.known")
        for document in documents:
            self._keep_conflicts(document, token, mode)
        reached("resync.conflicts")
        backend: Backend = "postgres" if to_postgres else "filesystem"
        report = self._report(replace(mode, backend=backend, epoch=epoch), documents, applied=True, token=token)
        self._host.after_resync(
            mode, backend, epoch, automatic, reason or "The copies were brought back.", who, report.summary()
        )
        for participant, document in zip(participants, documents, strict=True):
            self._refresh(participant, document)
        reached("resync.copied")
        for participant in participants:
            with suppress(StoreError):
                participant.journal.archive()
        reached("resync.archived")
        return report

    def _agreed(self, kind: str, path: str, side: CopySide, held: HeldFile, mode: Mode) -> _Participant | None:
        """The document as it is on this host, file and journal brought together. None: this host has none."""
        try:
            side.agree(held, mode)
        except StoreUnavailable:
            return None
        journal = self._host.journal(kind, mode.epoch)
        state = journal.state()
        return _Participant(kind, path, side, held, journal, state, self._ours(kind, path, state, journal, mode))

    def _seen(self, kind: str, path: str, mode: Mode) -> _Participant:
        """The same for a preview, which takes no lock and changes nothing."""
        side = CopySide(kind, JsonStore(path, kind=kind), self._host)
        journal = Journal(self._host.journals, kind, mode.epoch)
        state = journal.state()
        ours = self._ours(kind, path, state, journal, mode)
        try:
            found = side.file.read() or None
        except DocumentDamaged:
            found = None
        if state.base is None:
            known = self._host.known(kind).latest()
            base = decode(known.text) if known else None
            ours = replace(ours, document=base or found, base=base, base_revision=known.revision if known else None)
        elif found is not None and not side.file.is_ours():
            ours = replace(ours, document=found)
        return _Participant(kind, path, side, None, journal, state, ours)

    def _ours(self, kind: str, path: str, state: JournalState, journal: Journal, mode: Mode) -> Ours:
        base = state.base
        newest = deque(journal.records() if state.writes else (), RECORDS_READ)
        return Ours(
            kind,
            path,
            document=decode(state.head.text) if state.head is not None and state.head.text is not None else None,
            base=decode(base.text)
            if base is not None and base.revision is not None and base.text is not None
            else None,
            base_revision=base.revision if base is not None else None,
            writes=state.writes,
            changes=tuple((record.at, decode(record.text)) for record in reversed(newest) if record.text is not None),
            fenced=mode.fenced,
        )

    def _decided(self, participants: list[_Participant], theirs: dict[str, Theirs]) -> tuple[DocumentResync, ...]:
        from stores.documents.merge_rules import NO_RULES, RULES

        return tuple(
            decide(
                participant.ours,
                theirs[participant.kind],
                RULES.get(participant.kind, NO_RULES),
                self._strategy,
            )
            for participant in participants
        )

    def _announce(self, participant: _Participant, document: DocumentResync, token: str, arrived: str) -> None:
        """Put on the disk what is about to be sent, and what is known of earlier ones."""
        if not document.goes_to_postgres:
            return
        participant.journal.append(
            Record(
                participant.state.next_number,
                "resync",
                datetime.now(UTC),
                encode(document.ours),
                token=token,
                more={"conflicts": [conflict.as_dict() for conflict in document.conflicts], "arrived": arrived},
            )
        )

    # --- PostgreSQL ------------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(
        self, begin: str, participants: list[_Participant], until: float, *, lock: bool
    ) -> Iterator[tuple[Connection, dict[str, Theirs]]]:
        """A transaction in which both rows have been looked at, and are locked. What the block does not commit is
        rolled back. Raises `StoreError`."""
        line = self._primary.line
        seconds = max(0.0, until - monotonic())
        with line.connection(seconds) as connection:
            values = {
                "host": self._host.id,
                "lock_timeout": f"{max(1, int(seconds * LOCK_SHARE * 1000))}ms",
                "statement_timeout": f"{max(1, int(seconds * 1000))}ms",
                "idle_timeout": f"{int((seconds + 5) * 1000)}ms",
            }
            theirs = self._look(connection, begin, participants, values, lock)
            self._note_changes(connection, participants, theirs)
            yield connection, theirs
            if isinstance(connection, BoundedConnection):
                connection.until = monotonic() + 1.0  # for the rollback

    def _look(
        self, connection: Connection, begin: str, participants: list[_Participant], values: dict[str, Any], lock: bool
    ) -> dict[str, Theirs]:
        cursor = psycopg.ClientCursor(connection)
        text = [cursor.mogrify(begin + sql.HOST, values)]
        for participant in participants:
            own = {
                "kind": participant.kind,
                "tokens": _tokens(participant.state),
                "base_revision": participant.ours.base_revision,
                "own": self._own_tokens(participant),
            }
            steps = (sql.ROW, sql.MAKE_ROW, sql.ROW_LOCKED) if lock else (sql.ROW,)
            text += [cursor.mogrify(step, own) for step in (*steps, sql.ARRIVED, sql.UNNOTED, sql.BASE)]
        cursor.execute("".join(text).encode())
        rows = list(_rows(cursor))
        # One result per SELECT: the settings, the host, then for each document its row (twice with locks), and so on.
        position = 1
        known_host = rows[position]
        host_epoch = int(known_host[1]) if known_host is not None else None
        position += 1
        found = {}
        for participant in participants:
            row = before = rows[position]
            position += 1
            if lock:
                row = rows[position]
                position += 1
            arrived, unnoted, base = rows[position : position + 3]
            position += 3
            source = f"json_store, {participant.kind}"
            found[participant.kind] = Theirs(
                document=None if before is None or row is None else decode(row[2], source=source),
                revision=int(row[1]) if row is not None else None,
                base=None if base is None else decode(base[2]),
                arrived=None if arrived is None else self._ours_at(participant, arrived),
                arrived_revision=None if arrived is None else int(arrived[1]),
                arrived_token="" if arrived is None else arrived[3],
                unnoted=None if unnoted is None else decode(unnoted[2]),
                unnoted_revision=0 if unnoted is None else int(unnoted[1]),
                host_epoch=host_epoch,
                changes=() if row is None or row[3] is None else ((row[3], decode(row[2])),),
            )
        return found

    def _own_tokens(self, participant: _Participant) -> str:
        """How the tokens of this host's writes begin; "" where an acknowledged one may be among those after the base,
        because a power cut took the note of it."""
        base = participant.state.base
        return self._host.id[:OWN_TOKEN] if base is not None and base.more.get("newest") else ""

    def _ours_at(self, participant: _Participant, arrived: tuple[Any, ...]) -> dict[str, Any]:
        """What the copy was when the write arrived: a resync brought more to PostgreSQL than it had on the copy."""
        resync = _arrived(participant, arrived[3])
        if resync is not None and resync.text is not None:
            return decode(resync.text)
        return decode(arrived[2])

    def _note_changes(
        self, connection: Connection, participants: list[_Participant], theirs: dict[str, Theirs]
    ) -> None:
        """When PostgreSQL's side changed which key: only worth a round trip where both sides changed something."""
        for participant in participants:
            side = theirs[participant.kind]
            base = participant.ours.base_revision
            if not participant.ours.writes or base is None or side.revision is None or side.revision <= base:
                continue
            rows = connection.execute(sql.CHANGES, {"kind": participant.kind, "base_revision": base}).fetchall()
            theirs[participant.kind] = replace(side, changes=tuple((at, decode(text)) for _, at, text in rows))

    def _write(
        self,
        connection: Connection,
        documents: tuple[DocumentResync, ...],
        token: str,
        epoch: int,
        automatic: bool,
        who: str,
        reason: str,
    ) -> dict[str, int]:
        """Write, raise the fence and commit, in one round trip; answers the revisions."""
        from stores.sync.differences import same

        cursor = psycopg.ClientCursor(connection)
        about = {
            "host": self._host.id,
            "name": socket.gethostname()[:150],
            "epoch": str(epoch),
            "writer": (who or "resync")[:150].replace("\0", ""),
        }
        text = [cursor.mogrify(sql.RAISE_EPOCH, about)]
        for document in documents:
            if not document.goes_to_postgres:
                continue
            values = {**about, "kind": document.kind}
            if not same(document.ours, document.document):
                # Kept as a revision of its own, so that also this side can be gone back to.
                values |= {"reason": "The copy, before the merge", "token": "", "data": encode(document.ours)}
                text.append(cursor.mogrify(sql.SET + sql.WRITE, values))
            values |= {
                "reason": (reason or f"Resync: {document.verdict}")[:200],
                "token": token,
                "data": encode(document.document),
            }
            text.append(cursor.mogrify(sql.SET + sql.WRITE, values))
        cursor.execute(("".join(text) + sql.COMMIT).encode())
        reached("resync.sent")
        return {row[1]: int(row[2]) for row in _rows(cursor) if row is not None and row[0] == "written"}

    # --- afterwards ------------------------------------------------------------------------------------------------

    def _keep_conflicts(self, document: DocumentResync, token: str, mode: Mode) -> None:
        if document.conflicts:
            content = [conflict.as_dict() for conflict in document.conflicts]
            self._write_conflicts(document.kind, token, content, mode.epoch, document.revision)

    def _keep_earlier_conflicts(self, participant: _Participant, theirs: dict[str, Theirs]) -> None:
        """Those of a resync that was killed after its commit."""
        side = theirs[participant.kind]
        resync = _arrived(participant, side.arrived_token)
        if resync is None or not resync.more.get("conflicts"):
            return
        content, epoch = resync.more["conflicts"], participant.journal.epoch
        self._write_conflicts(participant.kind, resync.token, content, epoch, side.arrived_revision)

    def _write_conflicts(
        self, kind: str, token: str, content: list[dict[str, Any]], epoch: int, revision: int | None
    ) -> None:
        path = os.path.join(self._host.conflicts, f"{token}-{kind}.json")
        data = {
            "resync": token,
            "kind": kind,
            "epoch": epoch,
            "revision": revision,
            "at": datetime.now(UTC).isoformat(),
            "conflicts": content,
        }
        try:
            durable_file.replace(path, (json.dumps(data) + "\n").encode(), lambda made: None)
        except OSError as error:
            raise write_failed(path, error) from error

    def _refresh(self, participant: _Participant, document: DocumentResync) -> None:
        """The copy follows. Where that fails, the next write to PostgreSQL refreshes it."""
        held = participant.held
        if held is None:
            return
        with suppress(StoreError):
            side, ours = participant.side, participant.ours.document
            if not side.holds(held, document.document):
                if ours is not None and side.is_document(held) and not side.holds(held, ours):
                    held.set_aside("changed")  # by another program, since the copy was read
                held.replace(document.document)

    def _report(
        self, mode: Mode, documents: tuple[DocumentResync, ...], *, applied: bool, token: str = ""
    ) -> ResyncReport:
        return ResyncReport(
            applied=applied,
            backend=mode.backend,
            epoch=mode.epoch,
            taken_at=datetime.now(UTC),
            elapsed_ms=(monotonic() - self._started) * 1000,
            documents=documents,
            token=token,
        )


class _LocksTaken(Exception):
    """A document's lock could not be had at once."""


def _tokens(state: JournalState) -> list[str]:
    return [*state.tokens, *(resync.token for resync in state.resyncs)]


def _arrived(participant: _Participant, token: str) -> Record | None:
    """The earlier resync with this token."""
    return next((resync for resync in participant.state.resyncs if resync.token == token), None)


def _rows(cursor: psycopg.Cursor[Any]) -> Iterator[tuple[Any, ...] | None]:
    """The first row of each result that has rows; None for one without."""
    while True:
        if cursor.description:
            yield cursor.fetchone()
        if not cursor.nextset():
            return
