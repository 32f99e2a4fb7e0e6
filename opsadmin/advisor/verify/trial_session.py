"""The session that a verification writes in: one transaction, rolled back whatever happens; what it measures runs in a READ
ONLY part of it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.utils.translation import gettext as _
from psycopg import pq

from opsadmin.console.catalog import MARKER
from opsadmin.console.session import ConsoleSession
from opsadmin.console.wire import results
from opsadmin.core.errors import Stopped

#: How often somebody's wish to stop is looked for.
LOOK_SECONDS = 0.2
#: From this version on the server looks by itself whether we are still there.
CHECKS_CLIENT = 140000
#: Milliseconds that the server lets us think between two statements, where others may be waiting for us.
IDLE_MS = 3000


class TrialSession(ConsoleSession):
    """`stopped`: somebody asked for the end."""

    BEGIN = "BEGIN"

    def begin(self, role: str = "") -> None:
        super().begin(role)
        self.stopped = threading.Event()
        # Where temporary tables are read through: not the cache that everybody shares.
        settings = {"temp_buffers": "64MB"}
        if self.connection.info.server_version >= CHECKS_CLIENT:
            # A client that is killed while an index is built would be noticed at its end only.
            settings["client_connection_check_interval"] = "1000"
        self.set(settings)

    @contextmanager
    def heeding(self, is_stopped: Callable[[], bool]) -> Iterator[None]:
        """Inside, a wish to stop ends the statement that runs.

        Raises `Stopped`."""
        over = threading.Event()

        def heed() -> None:
            while not over.wait(LOOK_SECONDS):
                if self.stopped.is_set() or is_stopped():
                    self.stopped.set()
                    with contextlib.suppress(psycopg.Error):
                        self.connection.cancel_safe(timeout=3)

        thread = threading.Thread(target=heed, name=f"verify-{self.pid}", daemon=True)
        thread.start()
        try:
            yield
        except psycopg.Error:
            if self.stopped.is_set():
                raise Stopped(_("It was stopped.")) from None
            raise
        finally:
            over.set()
            thread.join()

    def check(self) -> None:
        """Raises `Stopped`."""
        if self.stopped.is_set():
            raise Stopped(_("It was stopped."))

    @property
    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()

    def do(self, command: str) -> None:
        """One command of ours, for as long as there is time.

        Raises psycopg's errors, `OutOfTime`, `Stopped`."""
        self.check()
        self.set({"search_path": "pg_catalog", "statement_timeout": str(max(1, int(1000 * self.seconds_left) - 300))})
        text = f"{command}\n{MARKER}".encode()
        list(results(self.connection, lambda pgconn: pgconn.send_query_params(text, []), self.deadline))

    @contextmanager
    def savepoint(self, name: str) -> Iterator[None]:
        """What is done inside is taken back at its end."""
        self.connection.execute(f"SAVEPOINT {name}")
        try:
            yield
        finally:
            if self.connection.pgconn.transaction_status in (
                pq.TransactionStatus.INTRANS,
                pq.TransactionStatus.INERROR,
            ):
                self.connection.execute(f"ROLLBACK TO SAVEPOINT {name}")
                self.connection.execute(f"RELEASE SAVEPOINT {name}")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Inside, nothing can be written."""
        with self.savepoint("opsadmin_reading"):
            self.connection.execute("SET TRANSACTION READ ONLY")
            yield
