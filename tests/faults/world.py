"""Hosts, their lines, their processes and the database, and the account of it all at the end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from stores.backends.failover.mode import Mode, ModeFile
from stores.backends.failover.probe_plan import ProbePlan, write_plan
from tests.faults.ledger import BlindJudge, Call, Judge, Verdict
from tests.faults.nursery import Nursery
from tests.faults.result import Result
from tests.faults.server import Server
from tests.faults.worker import SLOTS, Job
from tests.fixtures.proxy import Proxy, proxy_to

#: What a call may take beyond its deadline when it is the one that finds out, and the median of the later ones.
GRACE = 0.2
LATER = 0.005
PATIENCE = 60.0
#: What the slots of the other writer begin with.
DASHBOARD = "D"


@dataclass
class Outage:
    """Moments of the monotonic clock: the fault struck, the host had changed over, the fault was over, the host was
    back on PostgreSQL."""

    began: float
    switched: float | None = None
    ended: float = 0.0
    back: float | None = None


@dataclass
class Worker:
    job: Job
    pid: int = 0

    @property
    def alive(self) -> bool:
        return self.pid != 0


@dataclass
class Host:
    """One machine with its directory and its line. What runs on it is in `workers`."""

    name: str
    directory: Path
    proxy: Proxy
    dsn: str
    workers: dict[str, Worker] = field(default_factory=dict)
    outages: list[Outage] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._mode = ModeFile(str(self.directory / "mode"))

    def mode(self) -> Mode:
        found = self._mode.read()
        assert found is not None, f"{self.directory} has no mode yet"
        return found

    def switches(self) -> list[str]:
        """Why it changed over, oldest first."""
        with (self.directory / "switches.jsonl").open() as file:
            return [str(json.loads(line).get("reason", line)) for line in file]

    def away(self) -> None:
        """The line is refused and cut, as where the server's machine answers and its port does not."""
        self.proxy.refuse()
        self.proxy.cut()

    def returns(self) -> None:
        self.proxy.refuse()
        self.proxy.accept()

    def probe_now(self) -> None:
        """The next probe is due at once. For families that do not measure how long a return takes."""
        write_plan(str(self.directory / "probe"), ProbePlan(self.mode().epoch, 0, time.monotonic()))

    def conflict_files(self) -> Iterator[dict[str, Any]]:
        for path in (self.directory / "conflicts").glob("*.json"):
            yield json.loads(path.read_text())


class World:
    def __init__(
        self,
        server: Server,
        *,
        hosts: int = 1,
        deadline: float = 1.0,
        target: str | None = None,
        place: Path | None = None,
        **more: Any,
    ) -> None:
        """`target`: the address behind the lines, where it is not the server's own. `place`: the directory of the
        hosts. `more`: what all jobs have in common."""
        self.server = server
        self.deadline = deadline
        self.directory = Path(tempfile.mkdtemp(prefix="swops-faults-"))
        self.dsn, self.superuser = server.database()
        self.nursery = Nursery()
        self._common = more
        self._board = self.directory / "board"
        self._board.write_bytes(bytes(8 * SLOTS))
        self._slots: dict[str, int] = {}
        self.hosts: list[Host] = []
        for number in range(hosts):
            name = "AB"[number]
            home = (place or self.directory) / f"host-{name}"
            home.mkdir()
            proxy = proxy_to(self.dsn)
            self.hosts.append(Host(name, home, proxy, proxy.dsn(target or self.dsn)))

    @property
    def host(self) -> Host:
        return self.hosts[0]

    # --- processes -------------------------------------------------------------------------------------------------

    def job(self, role: str, slot: str, host: Host | None = None, **more: Any) -> Job:
        place = host or self.host
        threads = int(more.get("threads", 1))
        number = self._slots.get(slot if threads == 1 else f"{slot}-0", len(self._slots))
        if role == "count":
            for i in range(threads):
                self._slots[slot if threads == 1 else f"{slot}-{i}"] = number + i
        ledger = str(self.ledger_of(slot))
        found = {**self._common, "deadline": self.deadline, "dsn": place.dsn, **more}
        return Job(
            role=role,
            slot=slot,
            number=number,
            directory=str(place.directory),
            host=place.name,
            ledger=ledger,
            board=str(self._board),
            **found,
        )

    def ledger_of(self, slot: str) -> Path:
        return self.directory / _ledger_of(slot)

    def add_slot(self, slot: str) -> None:
        """Of a writer that is no process of a host."""
        self._slots[slot] = len(self._slots)

    def start(self, job: Job, host: Host | None = None) -> Worker:
        """Start it, after whatever its slot has written before."""
        last = max((_last_number(Path(path)) for path in _ledgers(job)), default=0)
        worker = Worker(replace(job, first=last + 1))
        worker.pid = self.nursery.start(worker.job)
        (host or self.host).workers[job.slot] = worker
        return worker

    def start_usual(self, writers: int = 3, host: Host | None = None, **more: Any) -> None:
        """`writers` that count, one that writes blindly and one that reads; answers when each has done something."""
        place = host or self.host
        for number in range(writers):
            self.start(self.job("count", f"{place.name}{number}", place, **more), place)
        if not any(worker.job.role == "blind" for found in self.hosts for worker in found.workers.values()):
            self.start(self.job("blind", f"{place.name}blind", place, **more), place)
        mine = {slot: number for slot, number in self._slots.items() if slot.startswith(place.name)}
        reader = self.job("read", f"{place.name}reader", place, **{**more, "threads": 1, "more": {"slots": mine}})
        self.start(reader, place)
        self.wait_for(
            lambda: all(_ends_in(Path(path)) for worker in place.workers.values() for path in _ledgers(worker.job))
        )

    def kill(self, worker: Worker) -> None:
        os.kill(worker.pid, signal.SIGKILL)
        self.nursery.wait(worker.pid)
        worker.pid = 0

    def stop(self, worker: Worker) -> int:
        """By SIGTERM, if it lives; answers its exit status."""
        status = self.nursery.look(worker.pid)
        if status is None:
            os.kill(worker.pid, signal.SIGTERM)
            status = self.nursery.wait(worker.pid)
        worker.pid = 0
        return status

    def stop_workers(self) -> None:
        for host in self.hosts:
            living = [worker for worker in host.workers.values() if worker.alive]
            for worker in living:
                os.kill(worker.pid, signal.SIGTERM)
            for worker in living:
                self.nursery.wait(worker.pid)
                worker.pid = 0

    def resync(self, host: Host | None = None, **more: Any) -> int:
        """In a process of its own; answers its exit status."""
        place = host or self.host
        pid = self.nursery.start(self.job("resync", "resync", place, **{"probe": False, **more}))
        return self.nursery.wait(pid)

    # --- outages ---------------------------------------------------------------------------------------------------

    @contextmanager
    def outage(
        self,
        begin: Callable[[], None],
        end: Callable[[], None],
        host: Host | None = None,
        *,
        hurry: bool = False,
        returns: bool = True,
        patience: float = PATIENCE,
    ) -> Iterator[Outage]:
        """The fault strikes, the host changes over; the block runs; the fault ends, the host comes back by itself.
        `hurry`: it may probe at once."""
        place = host or self.host
        before = place.mode()
        found = Outage(time.monotonic())
        place.outages.append(found)
        begin()
        self.wait_for(lambda: place.mode().backend == "filesystem", patience)
        found.switched = time.monotonic()
        yield found
        found.ended = time.monotonic()
        end()
        if hurry:
            place.probe_now()
        if returns:
            self.wait_for(lambda: place.mode().backend == "postgres" and place.mode().epoch > before.epoch, patience)
            found.back = time.monotonic()

    def wait_for(self, done: Callable[[], object], seconds: float = PATIENCE) -> None:
        until = time.monotonic() + seconds
        while not done():
            if time.monotonic() > until:
                modes = "; ".join(f"{host.name}: {host.mode()}" for host in self.hosts)
                raise TimeoutError(f"Not within {seconds:g} s. Modes: {modes}")
            time.sleep(0.005)

    # --- the account -----------------------------------------------------------------------------------------------

    def row(self, kind: str) -> dict[str, Any]:
        with psycopg.connect(self.superuser) as connection:
            row = connection.execute("SELECT data FROM json_store WHERE kind = %s", [kind]).fetchone()
        return {} if row is None else dict(row[0])

    def refusals(self) -> int:
        """How many calls of this world's writers were refused so far."""
        return sum(path.read_text().count("\nr ") for path in self.directory.glob("*.ledger*"))

    def acknowledged(self) -> int:
        """So far, roughly: for families that run until there are enough."""
        board = memoryview(self._board.read_bytes()).cast("q")
        return sum(board)

    def account(self, result: Result, *, check_later: bool = True, returns: bool = True) -> None:
        """Stop everything, bring back what is left, compare, and fill in the result. `check_later`: a slow
        median of the calls after the switch is a problem too."""
        self.stop_workers()
        if returns:
            for host in self.hosts:
                host.away()
                host.proxy.frozen.clear()
                host.proxy.delay = 0.0
                host.returns()
                if host.mode().backend != "postgres" and self.resync(host) != 0:
                    result.problems.append(f"Host {host.name} did not come back: {host.mode()}")
        state, settings = self.row("state"), self.row("settings")
        verdicts: list[tuple[str, Verdict]] = []
        calls: dict[str, list[list[Call]]] = defaultdict(list)
        slots = state.get("slots", {})
        for slot in self._slots:
            judge = Judge(slot)
            judge.read(self.directory / _ledger_of(slot))
            found = slots.get(slot, {"count": 0, "tail": []})
            verdict = judge.close(found["count"], found["tail"])
            verdicts.append((slot[0], verdict))
            calls[slot[0]].append(verdict.calls)
        for host in self.hosts:
            path = self.directory / f"{host.name}blind.ledger"
            if path.exists():
                blind = BlindJudge(f"{host.name}blind")
                blind.read(path)
                verdict = blind.close(0, [settings["op"]] if "op" in settings else [])
                verdicts.append((host.name, verdict))
                calls[host.name].append(verdict.calls)
            counted = sum(found["count"] for slot, found in slots.items() if slot.startswith(host.name))
            together = state.get("together", {}).get(host.name, 0)
            if together != counted:
                result.problems.append(
                    f"Host {host.name}: the counter of all says {together}, theirs add up to {counted}."
                )
            self._reads(host, result)
            conflicts = [conflict for file in host.conflict_files() for conflict in file["conflicts"]]
            left = [conflict for conflict in conflicts if not conflict["settled"]]
            result.conflicts += len(left)
            result.notes += [f"left to a person: {conflict}" for conflict in left[:3]]
        for of, verdict in verdicts:
            result.acknowledged += verdict.acknowledged
            result.lost += verdict.lost
            result.duplicated += verdict.duplicated
            result.unknown += verdict.unknown
            result.refused += verdict.refused
            result.problems += verdict.problems
            result.problems += [call.error for call in verdict.calls if "UNEXPECTED" in call.error]
            longest = max((call.seconds for call in verdict.calls), default=0.0)
            if of == DASHBOARD:
                result.notes.append(f"The dashboard waited at most {longest:.3f} s.")
                continue
            result.longest = max(result.longest, longest)
            refusals = {call.error for call in verdict.calls if call.outcome in ("r", "u")}
            result.notes += [f"refused: {text}" for text in sorted(refusals)[:3]]
        self._times(result, calls, check_later)

    def _reads(self, host: Host, result: Result) -> None:
        path = self.directory / f"{host.name}reader.ledger"
        if not path.exists():
            return
        for line in path.read_text().splitlines():
            what, _, *rest = line.split(" ", 3)
            if what == "b":
                result.reads += 1
            elif what == "x":
                result.stale += 1
                result.problems.append(f"Host {host.name}: a read showed less than was acknowledged: {rest[-1]}")
            elif what == "r":
                result.problems.append(f"Host {host.name}: a read failed: {rest[-1]}")

    def _times(self, result: Result, calls: dict[str, list[list[Call]]], check_later: bool) -> None:
        first: list[float] = []
        later: list[float] = []
        recovery: list[float] = []
        for host in self.hosts:
            for outage in host.outages:
                if outage.switched is None:
                    continue
                for of_one in calls[host.name]:
                    for call in of_one:
                        if call.ended < outage.began or call.began > outage.ended:
                            continue
                        (first if call.began <= outage.switched else later).append(call.seconds)
                if outage.back is not None:
                    recovery.append(outage.back - outage.ended)
        result.first_failing = max(first, default=None)
        result.later = statistics.median(later) if later else None
        result.recovery = max(recovery, default=None)
        if result.longest > self.deadline + GRACE:
            result.problems.append(
                f"The longest call took {result.longest:.3f} s; {self.deadline + GRACE:g} s are allowed."
            )
        if check_later and result.later is not None and result.later > LATER:
            result.problems.append(f"Calls after the switch took {1000 * result.later:.1f} ms in the median.")

    def close(self) -> None:
        try:
            self.stop_workers()
            self.nursery.close()
        finally:
            for host in self.hosts:
                host.proxy.close()
            try:
                self.server.drop(self.dsn)
            except psycopg.Error:
                pass  # a broken server goes as a whole
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _ledger_of(slot: str) -> str:
    name, dash, thread = slot.partition("-")
    return f"{name}.ledger-{thread}" if dash else f"{name}.ledger"


def _ledgers(job: Job) -> list[str]:
    return [job.ledger] if job.threads == 1 else [f"{job.ledger}-{i}" for i in range(job.threads)]


def _end_of(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 2000))
            return file.read().decode().splitlines()
    except FileNotFoundError:
        return []


def _last_number(path: Path) -> int:
    lines = _end_of(path)
    return int(lines[-1].split(" ")[1]) if lines else 0


def _ends_in(path: Path) -> bool:
    return any(line.startswith("a ") for line in _end_of(path))
