"""What the harness's processes do. Imported once by the nursery, which forks one process per job."""

from __future__ import annotations

import logging
import mmap
import os
import random
import signal
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import stores.backends.failover.resync
import stores.documents.merge_rules
import stores.sync.merge  # noqa: F401  (imported late elsewhere; a forked worker has them)
from stores.backends.failover import FailoverStore, steps
from stores.backends.json_file import JsonStore
from stores.backends.line import Line
from stores.backends.postgres import PostgresStore
from stores.errors import CommitUnknown, StoreError
from tests.faults.ledger import TAIL, Ledger

KINDS = ("settings", "state")
#: Places of slots in the file of acknowledged counts.
SLOTS = 64


@dataclass
class Job:
    """`role`: count (transactions on `state`), blind (writes on `settings`), read, resync. `directory`: the host's.
    `first`: number of the first write. `pause`: most seconds between two calls. `board`: the file in which writers
    post what was acknowledged. `kill_at`: a step of the failover at which the process dies. `clock_back`: its clock
    steps back now and then. `threads`: so many write at once, each in a slot of its own (`slot`-0, ...). `hold`: most
    seconds that a transaction block takes."""

    role: str
    slot: str
    number: int
    dsn: str
    directory: str
    host: str
    ledger: str
    board: str
    first: int = 1
    deadline: float = 1.0
    pool: int = 4
    pause: float = 0.006
    hold: float = 0.0
    probe: bool = True
    threads: int = 1
    kill_at: str = ""
    clock_back: bool = False
    file_limit: int = 0
    strategy: str = "rules"
    more: dict[str, Any] = field(default_factory=dict)


def open_stores(job: Job) -> dict[str, FailoverStore]:
    line = Line(job.dsn, size=job.pool, deadline=job.deadline, application_name="faults")
    return {
        kind: FailoverStore(
            PostgresStore(line, kind, deadline=job.deadline, writer=lambda: job.slot),
            JsonStore(os.path.join(job.directory, f"{kind}.json"), kind=kind),
            journal_dir=job.directory,
            probe=job.probe,
        )
        for kind in KINDS
    }


class Stop:
    """Set by SIGTERM: the call under way ends first."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True


def work(job: Job) -> int:
    """The life of a process; answers its exit status."""
    logging.disable()  # every process would tell of the same outage
    stop = Stop()
    random.seed(os.urandom(8))
    steps._KILLED_AT = job.kill_at
    if job.clock_back:
        from tests.faults.clock import step_back_now_and_then

        step_back_now_and_then()
    if job.role == "resync":
        return _resync(job)
    stores = open_stores(job)
    board = _board(job.board)
    if job.role == "read":
        _read(job, stores["state"], board, stop)
    elif job.role == "blind":
        _loop(job, stop, Ledger(job.ledger), job.first, _blind(stores["settings"]), lambda op: None)
    elif job.threads == 1:
        _count(job, stores["state"], board, stop, job.slot, job.number, job.first, job.ledger)
    else:
        threads = [
            threading.Thread(
                target=_count,
                args=(
                    job,
                    stores["state"],
                    board,
                    stop,
                    f"{job.slot}-{i}",
                    job.number + i,
                    job.first,
                    f"{job.ledger}-{i}",
                ),
            )
            for i in range(job.threads)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.01)
    for store in stores.values():
        store.close()
    return 0


def _board(path: str) -> mmap.mmap:
    with open(path, "r+b") as file:
        return mmap.mmap(file.fileno(), 8 * SLOTS)


def _loop(
    job: Job,
    stop: Stop,
    ledger: Ledger,
    op: int,
    write: Callable[[Ledger, int], None],
    acknowledged: Callable[[int], None],
) -> None:
    while not stop.asked:
        ledger.begin(op)
        try:
            write(ledger, op)
        except CommitUnknown as error:
            ledger.end("u", op, str(error))
        except StoreError as error:
            ledger.end("r", op, f"{type(error).__name__}: {error}")
            time.sleep(0.005)
        except BaseException as error:
            ledger.end("u", op, f"UNEXPECTED {type(error).__name__}: {error}")
            time.sleep(0.05)
        else:
            ledger.end("a", op)
            acknowledged(op)
        op += 1
        if job.pause:
            time.sleep(random.uniform(0, job.pause))


def _count(
    job: Job, store: FailoverStore, board: mmap.mmap, stop: Stop, slot: str, number: int, first: int, path: str
) -> None:
    counted = 0

    def write(ledger: Ledger, op: int) -> None:
        nonlocal counted
        with store.transaction() as transaction:
            document = transaction.read()
            slots, together = document.setdefault("slots", {}), document.setdefault("together", {})
            mine = slots.setdefault(slot, {"count": 0, "tail": []})
            ledger.seen(op, mine["count"], mine["tail"])
            counted = mine["count"] = mine["count"] + 1
            mine["tail"] = [*mine["tail"], op][-TAIL:]
            together[job.host] = together.get(job.host, 0) + 1
            if job.hold:
                time.sleep(random.uniform(0, job.hold))
            transaction.write(document)
            ledger.block_over(op)

    def acknowledged(op: int) -> None:
        struct.pack_into("<q", board, 8 * number, counted)

    _loop(job, stop, Ledger(path), first, write, acknowledged)


def _blind(store: FailoverStore) -> Callable[[Ledger, int], None]:
    def write(ledger: Ledger, op: int) -> None:
        if op % 4 == 0:
            found = store.read().get("op", 0)
            ledger.seen(op, 0, [found] if found else [])
        store.write({"op": op, "filler": "x" * (op % 7 * 100)})

    return write


def _read(job: Job, store: FailoverStore, board: mmap.mmap, stop: Stop) -> None:
    """Whatever was acknowledged before a read began, it must show."""
    ledger = Ledger(job.ledger)
    names: dict[str, int] = job.more["slots"]
    op = 0
    while not stop.asked:
        op += 1
        posted = {name: struct.unpack_from("<q", board, 8 * number)[0] for name, number in names.items()}
        ledger.begin(op)
        try:
            slots = store.read().get("slots", {})
        except BaseException as error:
            ledger.end("r", op, f"{type(error).__name__}: {error}")
            continue
        stale = [
            f"{name} {slots.get(name, {}).get('count', 0)} of {count}"
            for name, count in posted.items()
            if slots.get(name, {}).get("count", 0) < count
        ]
        ledger.end("x" if stale else "a", op, "; ".join(stale))
        time.sleep(random.uniform(0, 0.004))


def _resync(job: Job) -> int:
    """0: done. 3: a person must decide. 1: it could not."""
    store = open_stores(job)["state"]
    try:
        report = store.resync(strategy=job.strategy, seconds=job.more.get("seconds", 10.0))  # type: ignore[arg-type]
    except StoreError as error:
        with open(job.ledger, "a") as file:
            file.write(f"{type(error).__name__}: {error}\n")
        return 1
    with open(job.ledger, "a") as file:
        file.write(f"{report.as_dict()}\n")
    return 3 if report.stopped else 0
