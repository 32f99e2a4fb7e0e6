"""The other writer: it knows nothing of copies and journals, and changes its own keys as the dashboard does."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.types.json import Jsonb

from tests.faults.ledger import TAIL, Ledger
from tests.faults.world import World

SLOT = "D0"


@contextmanager
def dashboard(world: World, pause: float = 0.01) -> Iterator[None]:
    """A thread that reads the state FOR UPDATE, counts on in a slot of its own and commits, while the block runs. It has
    a line of its own to PostgreSQL."""
    ledger = Ledger(world.ledger_of(SLOT))
    world.add_slot(SLOT)
    over = threading.Event()

    def work() -> None:
        op = 0
        with psycopg.connect(world.dsn, application_name="dashboard") as connection:
            while not over.is_set():
                op += 1
                ledger.begin(op)
                row = connection.execute("SELECT data FROM json_store WHERE kind = 'state' FOR UPDATE").fetchone()
                assert row is not None
                document = row[0]
                mine = document.setdefault("slots", {}).setdefault(SLOT, {"count": 0, "tail": []})
                ledger.seen(op, mine["count"], mine["tail"])
                mine["count"] += 1
                mine["tail"] = [*mine["tail"], op][-TAIL:]
                ledger.block_over(op)
                connection.execute(
                    "UPDATE json_store SET data = %s, updated_at = now() WHERE kind = 'state'", [Jsonb(document)]
                )
                connection.commit()
                ledger.end("a", op)
                time.sleep(random.uniform(0, pause))

    thread = threading.Thread(target=work, name="dashboard")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
