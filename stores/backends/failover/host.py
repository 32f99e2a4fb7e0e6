"""One host's part of the failover: its directory, its mode, and the ways from one mode to another. All processes of
the host that use the same directory are one host."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from stores.backends import durable_file, file_lock
from stores.backends.failover.journal import Journal, journal_files
from stores.backends.failover.known import Known
from stores.backends.failover.lock import HostLock
from stores.backends.failover.mode import CATCHING_UP, DRAINING, SWITCHING, Backend, Mode, ModeFile
from stores.backends.failover.steps import reached
from stores.backends.failover.switch_log import SwitchLog, record_of
from stores.backends.file_errors import write_failed
from stores.errors import StoreBusy, StoreError

logger = logging.getLogger(__name__)

#: Calls in flight see a switch after this many seconds, and the switch takes little longer.
SWITCH_SECONDS = 1.0
#: A pause of those who wait for a switch.
_PAUSE = 0.001
#: How often those who wait look whether the process that switches has died.
_REPAIR_EVERY = 0.02

_hosts: dict[str, Host] = {}
_hosts_lock = threading.Lock()


def host_at(directory: str | os.PathLike[str], *, start: Backend = "postgres") -> Host:
    """The process's one `Host` of this directory, which is made if missing. `start`: what STORE_BACKEND says.

    Raises `StoreError` where the directory cannot be used."""
    place = os.path.realpath(os.fspath(directory))
    with _hosts_lock:
        host = _hosts.get(place)
        if host is None:
            host = _hosts[place] = Host(place)
    host.start(start)
    return host


class Host:
    """Use `host_at`."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        try:
            for name in ("known", "journal", "conflicts"):
                durable_file.make_directory(self._inside(name))
                os.chmod(self._inside(name), 0o700)
        except OSError as error:
            raise write_failed(directory, error) from error
        self.lock = HostLock(self._inside("lock"))
        self.log = SwitchLog(self._inside("switches.jsonl"))
        self.journals = self._inside("journal")
        self.conflicts = self._inside("conflicts")
        self.probe_path = self._inside("probe")
        self._mode_file = ModeFile(self._inside("mode"))
        self._known: dict[str, Known] = {}
        self._journals: dict[tuple[str, int], Journal] = {}
        self._mutex = threading.Lock()
        self._switching = threading.RLock()
        self._switch_depth = 0
        self._started: Backend | None = None
        self.id = self._identity()

    def _inside(self, name: str) -> str:
        return os.path.join(self.directory, name)

    def _identity(self) -> str:
        path = self._inside("host")
        with suppress(OSError):
            with open(path, encoding="ascii") as file:
                found = file.read().strip()
            if len(found) == 36:
                return found
        with self._switch_lock(time.monotonic() + SWITCH_SECONDS):
            with suppress(OSError), open(path, encoding="ascii") as file:
                found = file.read().strip()
                if len(found) == 36:
                    return found
            made = str(uuid4())
            try:
                durable_file.replace(path, (made + "\n").encode(), lambda _: None)
            except OSError as error:
                raise write_failed(path, error) from error
            return made

    def _after_fork(self) -> None:
        self._mutex = threading.Lock()
        self._switching = threading.RLock()
        self._switch_depth = 0
        for known in self._known.values():
            known.after_fork()

    # --- what belongs to a document --------------------------------------------------------------------------------

    def known(self, kind: str) -> Known:
        found = self._known.get(kind)
        if found is None:
            with self._mutex:
                found = self._known.setdefault(kind, Known(os.path.join(self._inside("known"), kind)))
        return found

    def journal(self, kind: str, epoch: int) -> Journal:
        """The journal of one epoch. Use it under the document's lock."""
        with self._mutex:
            for key in [key for key in self._journals if key[1] < epoch]:
                del self._journals[key]
            found = self._journals.get((kind, epoch))
            if found is None:
                found = self._journals[kind, epoch] = Journal(self.journals, kind, epoch)
            return found

    def register(self, kind: str, path: str) -> None:
        """Remember where the copy of `kind` is, so that any process can bring back all documents of the host."""
        if self.documents().get(kind) == path:
            return
        with self._switch_lock(time.monotonic() + SWITCH_SECONDS):
            self._write_json("documents", {**self.documents(), kind: path})

    def documents(self) -> dict[str, str]:
        """The copies' paths by kind."""
        with suppress(OSError, ValueError), open(self._inside("documents"), encoding="utf-8") as file:
            found = json.load(file)
            if isinstance(found, dict):
                return {str(kind): str(path) for kind, path in found.items()}
        return {}

    def _write_json(self, name: str, content: dict[str, Any]) -> None:
        path = self._inside(name)
        try:
            durable_file.replace(path, (json.dumps(content) + "\n").encode(), lambda _: None)
        except OSError as error:
            raise write_failed(path, error) from error

    # --- the mode --------------------------------------------------------------------------------------------------

    def mode(self) -> Mode:
        """The host's mode now. Costs one stat() while it does not change."""
        found = self._mode_file.read()
        return found if found is not None else self._first_mode()

    def _first_mode(self) -> Mode:
        with self._switch_lock(time.monotonic() + SWITCH_SECONDS):
            found = self._mode_file.read()
            if found is not None:
                return found
            start: Backend = self._started or "postgres"
            now = datetime.now(UTC)
            open_epochs = [epoch for _, epoch, _, _ in journal_files(self.journals)]
            if open_epochs:
                # The file is gone or cannot be read, and writes wait to be brought back.
                self._mode_file.set_aside()
                reason = "The file that holds the mode was lost; the journal has writes that PostgreSQL lacks."
                made = Mode("filesystem", True, max(open_epochs), now, reason, "start", start_value=start)
            else:
                if os.path.exists(self._mode_file.path):
                    self._mode_file.set_aside()
                # An epoch that was already must not come again: PostgreSQL would refuse it, and processes think they know it.
                epoch = 1 + max((record.epoch for record in self.log.latest()), default=0)
                reason = f"STORE_BACKEND={start} at the start."
                made = Mode(start, False, epoch, now, reason, "start", start_value=start)
            self._mode_file.write(made)
            self.log.add(record_of(None, made))
            return made

    def start(self, start: Backend) -> None:
        """Take STORE_BACKEND's value: it counts at the first start, and again each time it has changed."""
        if self._started == start:
            return
        self._started = start
        mode = self.mode()
        self._tidy()
        if mode.start_value == start:
            return
        with self._switch_lock(time.monotonic() + SWITCH_SECONDS):
            mode = self.mode()
            if mode.start_value == start:
                return
            reason = f"STORE_BACKEND is now {start}."
            if mode.backend == start:
                self._mode_file.write(replace(mode, start_value=start))
            elif start == "filesystem":
                with self._alone(mode, DRAINING, time.monotonic() + 10 * SWITCH_SECONDS):
                    self._change(mode, "filesystem", False, reason, "start", start_value=start)
            else:
                # The copies' writes come first; the prober brings them back and then switches.
                self._mode_file.write(replace(mode, automatic=True, reason=reason, who="start", start_value=start))

    def _tidy(self) -> None:
        """Put away the journals of a resync that was killed when all it had left to do was this. Never raises."""
        with suppress(StoreError), self._switch_lock(0.0):
            epoch = self.mode().epoch
            for old in {(kind, found) for kind, found, _, _ in journal_files(self.journals) if found < epoch}:
                Journal(self.journals, *old).archive()

    # --- changing it -----------------------------------------------------------------------------------------------

    def fail_over(self, seen: Mode, reason: str, who: str, *, stop: str = "") -> Mode:
        """Go on with the copies, unless the host has left `seen` meanwhile. Answers the mode that holds now.

        Raises `StoreError` where the switch cannot be made; the host then stays where it is."""
        until = time.monotonic() + SWITCH_SECONDS
        with self._switch_lock(until):
            mode = self.mode()
            if mode.epoch != seen.epoch or mode.backend != "postgres":
                return mode
            with self._alone(mode, SWITCHING, until):
                return self._change(mode, "filesystem", True, reason, who, stop=stop)

    def to_filesystem(self, reason: str, who: str, prepare: Callable[[Mode], None], seconds: float) -> Mode:
        """The operator's switch to the copies. `prepare` is called when no write is under way any more; what it
        raises leaves the host where it is. On the filesystem already, only the probing ends."""
        until = time.monotonic() + seconds
        with self._switch_lock(until):
            mode = self.mode()
            if mode.backend == "filesystem":
                return self._change(mode, "filesystem", False, reason, who, stop="", epoch=mode.epoch)
            with self._alone(mode, DRAINING, until):
                prepare(mode)
                return self._change(mode, "filesystem", False, reason, who)

    def after_resync(
        self, mode: Mode, backend: Backend, epoch: int, automatic: bool, reason: str, who: str, detail: dict[str, Any]
    ) -> Mode:
        """The end of a resync, which holds the locks of switches and of writes. Where the host stays on its copies,
        they begin anew from what PostgreSQL holds now."""
        kept = mode.automatic if backend == "filesystem" else automatic
        return self._change(mode, backend, kept, reason, who, epoch=epoch, detail=detail, fenced=epoch)

    def stop(self, mode: Mode, why: str) -> None:
        """Say why a person must decide. Under the lock of switches."""
        if mode.stop != why:
            self._mode_file.write(replace(self.mode(), stop=why))
            if why:
                logger.error("[store] %s", why)

    def _change(
        self,
        before: Mode,
        backend: Backend,
        automatic: bool,
        reason: str,
        who: str,
        *,
        stop: str = "",
        epoch: int | None = None,
        detail: dict[str, Any] | None = None,
        start_value: str | None = None,
        fenced: int | None = None,
    ) -> Mode:
        after = Mode(
            backend,
            automatic,
            before.epoch + 1 if epoch is None else epoch,
            datetime.now(UTC),
            reason,
            who,
            stop=stop,
            start_value=before.start_value if start_value is None else start_value,
            fenced=before.fenced if fenced is None else fenced,
        )
        self._mode_file.write(after)
        reached("switch.done" if backend == "filesystem" else "resync.mode")
        self.log.add(record_of(before, after, detail))
        return after

    @contextmanager
    def _alone(self, mode: Mode, phase: str, until: float) -> Iterator[None]:
        """Announce a phase and wait until no write of the host is under way. If the block fails, the phase is over
        and the mode stays. Under the lock of switches."""
        self._mode_file.write(replace(mode, phase=phase), durable=False)
        reached("switch.announced" if phase != CATCHING_UP else "resync.announced")
        try:
            with self.lock.exclusive(until):
                reached("switch.alone" if phase != CATCHING_UP else "resync.alone")
                yield
        except BaseException:
            with suppress(StoreError):
                now = self.mode()
                if now.phase == phase and now.epoch == mode.epoch:
                    self._mode_file.write(replace(now, phase=""), durable=False)
            raise

    @contextmanager
    def catching_up(self, until: float) -> Iterator[Mode]:
        """For a resync: the lock of switches, then of writes. Yields the mode of before."""
        with self._switch_lock(until):
            mode = self.mode()
            with self._alone(mode, CATCHING_UP, until):
                yield mode
                now = self.mode()
                if now.phase:
                    self._mode_file.write(replace(now, phase=""), durable=False)

    def wait_for_mode(self, until: float) -> Mode:
        """The mode once no change of it is under way. Raises `StoreBusy`."""
        look = time.monotonic() + _REPAIR_EVERY
        while True:
            mode = self.mode()
            if not mode.phase:
                return mode
            now = time.monotonic()
            if now >= until:
                raise StoreBusy(f"The store is {mode.phase}, which takes longer than this call could wait. Try again.")
            if now >= look:
                look = now + _REPAIR_EVERY
                self._repair()
            time.sleep(_PAUSE)

    def _repair(self) -> None:
        """End the phase of a process that died in it: the mode of before holds."""
        with suppress(StoreBusy), self._switch_lock(0.0):
            mode = self.mode()
            if mode.phase:
                self._mode_file.write(replace(mode, phase=""))

    @contextmanager
    def _switch_lock(self, until: float) -> Iterator[None]:
        """One change at a time, over the processes of the host. A thread that holds it may take it again. Raises
        `StoreBusy`."""
        if not self._switching.acquire(timeout=max(0.0, until - time.monotonic())):
            raise StoreBusy("Another thread switches the store. Try again.")
        try:
            if self._switch_depth:
                yield
                return
            path = self._inside("switch.lock")
            try:
                held = file_lock.acquire(path, max(0.0, until - time.monotonic()))
            except OSError as error:
                raise write_failed(path, error) from error
            self._switch_depth = 1
            try:
                yield
            finally:
                self._switch_depth = 0
                held.release()
        finally:
            self._switching.release()

    def close(self) -> None:
        """Close the files. Who still has this host may go on; `host_at` makes a new one."""
        with _hosts_lock:
            if _hosts.get(self.directory) is self:
                del _hosts[self.directory]
        for known in self._known.values():
            known.close()


def _after_fork() -> None:
    global _hosts_lock
    _hosts_lock = threading.Lock()
    for host in _hosts.values():
        host._after_fork()


os.register_at_fork(after_in_child=_after_fork)
