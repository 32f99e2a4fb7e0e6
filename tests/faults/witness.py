"""Whether PostgreSQL was well: somebody beside the store, who connects and commits like anybody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg


@dataclass
class Witness:
    """`slowest`: seconds of the longest connection and commit; a machine that stands still shows there too."""

    slowest: float = 0.0
    failed: str = ""


@contextmanager
def witness(dsn: str, every: float = 0.05) -> Iterator[Witness]:
    """Inside, the database at `dsn` is tried every so many seconds, in a table of the witness' own."""
    seen = Witness()
    over = threading.Event()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS witness (seen_at timestamptz)")

    def watch() -> None:
        while not over.is_set():
            begin = time.monotonic()
            # The pause counts where it is longer than it should be.
            over.wait(every)
            try:
                with psycopg.connect(dsn, autocommit=True) as connection:
                    connection.execute("INSERT INTO witness VALUES (now())")
            except psycopg.Error as error:
                seen.failed = str(error)
            seen.slowest = max(seen.slowest, time.monotonic() - begin - every)

    thread = threading.Thread(target=watch, name="witness", daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
