"""What a process does beside its calls: keep the JSON copies as PostgreSQL is, and, while the host is on its copies,
look for PostgreSQL's return. One thread per process and host, which starts when there is work and sleeps else."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING

from stores.backends import file_lock
from stores.backends.failover.host import Host
from stores.backends.failover.probe_plan import read_plan, write_plan
from stores.backends.json_text import decode
from stores.errors import StoreBusy, StoreError, StoreReadOnly

if TYPE_CHECKING:
    from stores.backends.failover.store import FailoverStore

logger = logging.getLogger(__name__)

#: Seconds that changes are gathered for one refresh of a copy.
GATHER = 0.1
#: Seconds after which a copy is brought to the disk: sooner would only get in the way of PostgreSQL's own syncs.
SYNC_AFTER = 2.0
#: A file younger than this (seconds) that is no document yet may become one.
BEING_WRITTEN = 2.0
#: Seconds after which a process with nothing to do looks at the mode: another process may have changed it.
IDLE = 5.0
#: A probe may wait longer than a call: Neon needs 2 s to wake up.
PROBE_SECONDS = 5.0

_HOST = "the host"

_backgrounds: weakref.WeakKeyDictionary[Host, Background] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def background_of(host: Host) -> Background:
    with _lock:
        found = _backgrounds.get(host)
        if found is None:
            found = _backgrounds[host] = Background(host)
        return found


class Background:
    """Use `background_of`."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._stores: dict[str, weakref.ref[FailoverStore]] = {}
        self._seen: dict[str, int] = {}
        self._probing = False
        self._start_empty()

    def _start_empty(self) -> None:
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._away = False
        self._dirty: set[str] = set()
        self._unsynced: dict[str, float] = {}
        self._complained: dict[str, str] = {}

    def serve(self, store: FailoverStore, *, probe: bool) -> None:
        self._stores[store.kind] = weakref.ref(store)
        self._probing = self._probing or probe
        self._dirty.add(store.kind)

    def leave(self, store: FailoverStore) -> None:
        """The store is closed: its copy is brought up to date."""
        found = self._stores.get(store.kind)
        if found is not None and found() is store:
            if store.kind in self._dirty:
                self._refresh(store)
            if self._unsynced.pop(store.kind, None) is not None:
                self._host.known(store.kind).sync()
                store.fallback.sync()
            del self._stores[store.kind]
        if not self._stores:
            self._host.close()
        with self._wake:
            self._wake.notify_all()

    def refresh(self, kind: str) -> None:
        """The copy may be behind `known`. Costs a comparison while it is not."""
        revision = self._host.known(kind).seen
        dirty = kind in self._dirty
        if self._seen.get(kind) == revision and not dirty:
            return
        self._seen[kind] = revision
        if dirty and self._thread is not None and self._thread.is_alive():
            return  # it is on its way
        with self._wake:
            self._dirty.add(kind)
            if self._thread is None or not self._thread.is_alive():
                self._start()
            self._wake.notify_all()

    def watch(self) -> None:
        """The host is on its copies. The first call that says so wakes the thread, which may have gone to sleep for
        long."""
        if not self._away or self._thread is None or not self._thread.is_alive():
            with self._wake:
                self._away = True
                self._start()
                self._wake.notify_all()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="store-failover", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # the process ends
                self._thread = None

    # --- the thread ------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            wait = IDLE
            self._away = seen_away = False
            try:
                mode = self._host.mode()
                if mode.backend == "postgres":
                    if self._dirty:
                        time.sleep(GATHER)
                        self._refresh_all()
                    wait = min(wait, self._sync_what_is_due())
                else:
                    self._away = seen_away = True
                    if mode.automatic and self._probing:
                        wait = min(IDLE, read_plan(self._host.probe_path, mode.epoch).seconds_left())
                        if wait <= 0:
                            wait = 0.0 if self._probe(mode.epoch) else 0.25
                self._complained.pop(_HOST, None)
            except StoreError as error:
                self._complain(_HOST, error)
            except Exception:
                logger.exception("[store] The failover's thread met an unexpected error.")
            with self._wake:
                if not any(found() is not None for found in list(self._stores.values())):  # `serve` may add one
                    self._thread = None
                    return
                if self._away and not seen_away:
                    continue  # the host has left PostgreSQL since we looked
                if not self._can_refresh():
                    self._wake.wait(wait)

    def _can_refresh(self) -> bool:
        """Whether a copy is behind that nothing is known to be in the way of."""
        try:
            return self._host.mode().backend == "postgres" and bool(self._dirty - self._complained.keys())
        except StoreError:
            return False

    def _refresh_all(self) -> None:
        for kind in list(self._dirty):
            reference = self._stores.get(kind)
            store = reference() if reference is not None else None
            if store is None:
                self._dirty.discard(kind)
            else:
                self._refresh(store)

    def _refresh(self, store: FailoverStore) -> None:
        """Make the copy what PostgreSQL was last seen to hold. Never raises."""
        kind = store.kind
        self._dirty.discard(kind)
        try:
            with store.fallback.hold(1.0) as held, self._host.lock.shared(time.monotonic() + 1.0):
                if self._host.mode().backend != "postgres":
                    return
                known = self._host.known(kind).latest()
                if known is None:
                    return
                document = decode(known.text)
                if not store.copy.holds(held, document):
                    is_document = store.copy.is_document(held)
                    if not is_document and held.age() < BEING_WRITTEN:
                        self._dirty.add(kind)  # another program may be in the middle of it
                        return
                    if is_document and not held.is_ours():
                        # Perhaps the dashboard works on it: overwriting it again and again would break it.
                        raise StoreError(
                            f"{store.fallback.path} was changed by another program, and is left as it is. If nobody "
                            "needs that change, bring PostgreSQL's content there with export_store --force."
                        )
                    held.replace(document, durable=False)
                self._unsynced.setdefault(kind, time.monotonic() + SYNC_AFTER)
            self._complained.pop(kind, None)
        except StoreBusy:
            self._dirty.add(kind)
        except StoreError as error:
            self._dirty.add(kind)
            self._complain(kind, error)

    def _sync_what_is_due(self) -> float:
        """Seconds until the next copy is due."""
        wait = IDLE
        for kind, due in list(self._unsynced.items()):
            left = due - time.monotonic()
            if left > 0:
                wait = min(wait, left)
                continue
            del self._unsynced[kind]
            reference = self._stores.get(kind)
            store = reference() if reference is not None else None
            self._host.known(kind).sync()
            if store is not None:
                store.fallback.sync()
        return wait

    def _complain(self, what: str, error: StoreError) -> None:
        if self._complained.get(what) != str(error):
            self._complained[what] = str(error)
            what = "The host's mode cannot be read" if what == _HOST else f"The copy of {what} cannot be kept"
            logger.error("[store] %s: %s", what, error)

    def _probe(self, epoch: int) -> bool:
        """One look at PostgreSQL, unless another process is at it; True where the host has left the epoch."""
        from stores.backends.failover.resync import Resync

        store = next((found for ref in list(self._stores.values()) if (found := ref()) is not None), None)
        if store is None:
            return False
        try:
            held = file_lock.acquire(self._host.probe_path + ".lock", 0.0)
        except (StoreBusy, OSError):
            return False
        try:
            plan = read_plan(self._host.probe_path, epoch)
            if plan.seconds_left() > 0 or self._host.mode().epoch != epoch:
                return False
            try:
                resync = Resync(self._host, store.primary, strategy="rules", seconds=PROBE_SECONDS)
                report = resync.run(automatic=True, who="", reason="PostgreSQL answers again.", to_postgres=True)
            except StoreError as error:
                answers = isinstance(error, StoreReadOnly)
                write_plan(self._host.probe_path, plan.after_failure(str(error), answers=answers))
                return False
            if report.stopped:
                write_plan(self._host.probe_path, plan.after_failure(report.stopped, answers=True))
                return False
            self._dirty.update(self._stores)
            return True
        finally:
            held.release()

    # --- the process's ends ----------------------------------------------------------------------------------------

    def _flush(self) -> None:
        if self._dirty:
            try:
                if self._host.mode().backend == "postgres":
                    self._refresh_all()
            except StoreError:
                pass

    def _after_fork(self) -> None:
        dirty = self._dirty
        self._start_empty()
        self._dirty = dirty


def _flush_all() -> None:
    for background in list(_backgrounds.values()):
        background._flush()


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()
    for background in list(_backgrounds.values()):
        background._after_fork()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_flush_all)
