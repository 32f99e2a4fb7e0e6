"""How long a statement may wait at locks, and what is said and done meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.utils.translation import gettext as _

from opsadmin.core.blocks import said_seconds
from opsadmin.core.errors import OperationFailed, Stopped
from opsadmin.core.operation import Call, Progress
from opsadmin.indexing.errand import Errand, Seen, Watcher
from opsadmin.indexing.failures import looking
from opsadmin.indexing.phases import is_wait, percent_of, said_phase
from opsadmin.indexing.questions import rows
from opsadmin.indexing.sessions import named
from opsadmin.postgres.direct import own_connection

#: How often the table's lock is tried, with a pause after each try that lets through whoever came to wait behind it.
TRIES = 5
PAUSE_SECONDS = 2.0
#: A transaction that uses the table and is that old is awaited before anything begins: then there is nothing to clean up
#: where it does not end.
OLD_SECONDS = 5.0
#: Locks that do not go with ours: of CONCURRENTLY (SHARE UPDATE EXCLUSIVE), and of the rest (SHARE).
_WITH_CONCURRENTLY = (
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
_WITHOUT = ("RowExclusiveLock", *(one for one in _WITH_CONCURRENTLY if one != "ShareLock"))


class TableLocked(OperationFailed):
    """Somebody has the table."""


def conflicting(concurrently: bool) -> list[str]:
    """The modes of the locks that ours has to wait for."""
    return list(_WITH_CONCURRENTLY if concurrently else _WITHOUT)


@dataclass
class Patience:
    """`lock_seconds`: how long each try waits for the table; `wait_seconds`: how long transactions of others are waited for.
    `detail`: what somebody needs who finds the run abandoned."""

    call: Call
    alias: str
    lock_seconds: float
    wait_seconds: float
    detail: Mapping[str, Any] = field(default_factory=dict)
    tries: int = 0
    _percent: float = 0.0

    def tell(self, message: str) -> None:
        self.call.report(Progress(self._percent, 100, message, self.detail))

    def check(self) -> None:
        """Raises `Stopped` where somebody wants it to end."""
        if self.call.is_stopped():
            raise Stopped(_("It was stopped."))

    def pause(self, seconds: float) -> None:
        """Raises `Stopped`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.check()
            time.sleep(0.1)

    def until_free(self, table: int, name: str, *, concurrently: bool) -> None:
        """Wait, holding nothing, for the transactions that have used the table for a while.

        Raises `OperationFailed` that names them where they do not end, `Stopped`; psycopg's errors."""
        if not concurrently:
            return
        until = time.monotonic() + self.wait_seconds
        values = {"table": table, "conflicting": conflicting(concurrently)}
        with looking(self.alias) as connection:
            while True:
                found = rows(connection, "in_the_way", values)
                old = [one["pid"] for one in found if one["transaction_seconds"] > OLD_SECONDS or not one["pid"]]
                if not old:
                    return
                who = named(connection, old)
                if time.monotonic() >= until:
                    raise TableLocked(
                        _("Transactions that use %(table)s did not end within %(seconds)s: %(who)s.")
                        % {"table": name, "seconds": said_seconds(self.wait_seconds), "who": who},
                        hint=_("Nothing was begun. End them (terminate_session), or try again later."),
                    )
                self.tell(
                    _("Not begun yet; waiting for transactions that use %(table)s: %(who)s.")
                    % {"table": name, "who": who}
                )
                self.pause(min(1.0, max(0.1, until - time.monotonic())))

    def send(self, statement: str, table: str, *, server_waits: bool, after_try: Callable[[], bool]) -> None:
        """Run the statement, the table's lock tried a few times. `server_waits`: it takes all its locks at once, so that the
        server itself may bound the wait. `after_try`: asked after each try that did not get the lock whether it was done
        after all.

        Raises `TableLocked`, `OperationFailed`, `Stopped`; psycopg's errors."""
        with Watcher(self.alias) as watcher:
            for number in range(1, TRIES + 1):
                self.tries = number
                try:
                    with own_connection(
                        self.alias, lock_seconds=self.lock_seconds if server_waits else 0
                    ) as connection:
                        # What an expression calls finds its names as it does for everybody.
                        connection.execute("RESET search_path /* opsadmin */")
                        errand = Errand(connection, statement)
                        self.detail = {**self.detail, "pid": errand.pid, "started": errand.started}
                        self.tell(_("Sent."))
                        errand.run(watcher, lambda seen: self._watch(seen, table))
                    return
                except psycopg.errors.LockNotAvailable:
                    locked = self._locked(table, "")
                except TableLocked as error:
                    locked = error
                if after_try():
                    return
                if number == TRIES:
                    raise locked
                self.tell(f"{locked.message} " + _("Trying again soon."))
                self.pause(PAUSE_SECONDS)

    def _watch(self, seen: Seen | None, table: str) -> None:
        self.check()
        if seen is None:
            return
        row = seen.row
        if seen.awaits_table and seen.waits_seconds > self.lock_seconds:
            raise self._locked(table, seen.blockers)
        if row["locktype"] and not seen.awaits_table and seen.waits_seconds > self.wait_seconds:
            raise OperationFailed(
                _("Transactions of others did not end within %(seconds)s: %(who)s.")
                % {"seconds": said_seconds(self.wait_seconds), "who": seen.blockers or "–"},
                hint=_("End them (terminate_session), or try again later."),
            )
        percent = percent_of(row)
        if percent is not None:
            self._percent = max(self._percent, percent)
        message = said_phase(row) if row["phase"] else _("Running")
        if seen.blockers:
            message += f": {seen.blockers}" if is_wait(row) else _("; it waits for %(who)s") % {"who": seen.blockers}
        self.tell(f"{message}.")

    def _locked(self, table: str, who: str) -> TableLocked:
        held = _(" by %(who)s") % {"who": who} if who else ""
        return TableLocked(
            _("%(table)s is locked%(held)s; the lock was tried %(tries)d times for %(seconds)s.")
            % {"table": table, "held": held, "tries": self.tries, "seconds": said_seconds(self.lock_seconds)},
            hint=_("Try again when that is over; list_locks shows who holds what."),
        )
