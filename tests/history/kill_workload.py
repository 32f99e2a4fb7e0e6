"""Processes that record readings and are killed: `run` counts what was acknowledged, lost and written twice.

`python -m tests.history.kill_workload --times 1000` runs it on a private cluster and prints the count.

A driver process (this module with `--drive`) forks one victim after the other, each with a history service of its
own on the same spool, and kills it by SIGKILL at a random moment. A victim writes the number of a reading to a pipe
when `record` has returned True: that is the acknowledgement. Meanwhile the line to PostgreSQL is up, down, or comes
and goes. At the end a living process writes what the dead ones left, and the table is compared with the pipe."""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import psycopg  # noqa: E402

from stores.backends.history import HistoryService  # noqa: E402
from tests.fixtures.proxy import Proxy, proxy_to  # noqa: E402

#: Small batches, often: so that many of the kills meet one on its way.
SETTINGS: dict[str, Any] = {"batch_rows": 7, "batch_seconds": 0.005, "deadline": 1.0}
LONGEST_LIFE = 0.06


@dataclass(frozen=True)
class KillResult:
    """`acknowledged` readings of `kills` processes; `lost` of them are not in the table, `duplicated` readings
    (acknowledged or not) are there more than once. `left` files remained at the end, and `ids` of batches days after it.
    `longest_call_s` is the slowest `record`."""

    kills: int
    acknowledged: int
    lost: int
    duplicated: int
    longest_call_s: float
    unacknowledged_present: int
    left: int
    ids: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(
    times: int,
    *,
    dsn: str,
    spool_dir: str | os.PathLike[str],
    postgres: str = "up",
    at_once: int = 1,
    seed: int | None = None,
    patience: float = 60.0,
) -> KillResult:
    """Kill `times` recording processes, `at_once` of them living side by side. `dsn`: a database with our tables;
    its readings are left in place (those of this run carry a mark of their own). `postgres`: how it is meanwhile,
    "up", "down", or "flapping"."""
    assert postgres in ("up", "down", "flapping")
    random_ = random.Random(seed)
    mark = f"{random_.getrandbits(48):012x}"
    proxy = proxy_to(dsn)
    acknowledged: list[str] = []
    longest = 0.0
    try:
        if postgres == "down":
            _away(proxy)
        with Driver(proxy.dsn(dsn), spool_dir, mark) as driver:
            for first in range(0, times, at_once):
                lives = [random_.uniform(0, LONGEST_LIFE) for _ in range(min(at_once, times - first))]
                driver.start(first, lives)
                if postgres == "flapping":
                    _flap(proxy, random_)
                found = driver.finish()
                acknowledged += found["acknowledged"]
                longest = max(longest, found["longest_call_s"])
    finally:
        proxy.close()
    left = _replay(dsn, spool_dir, patience)
    written = _written(dsn, mark)
    return KillResult(
        kills=times,
        acknowledged=len(acknowledged),
        lost=sum(1 for token in acknowledged if token not in written),
        duplicated=sum(1 for count in written.values() if count > 1),
        longest_call_s=longest,
        unacknowledged_present=len(set(written) - set(acknowledged)),
        left=left,
        ids=_ids_days_later(dsn, spool_dir),
    )


def _away(proxy: Proxy) -> None:
    proxy.refuse()
    proxy.cut()


def _flap(proxy: Proxy, random_: random.Random) -> None:
    """Gone for a while, from a random moment on; every other time it takes a COMMIT with it."""
    kind = random_.choice(("away", "before", "after"))
    if kind != "away":
        proxy.cut_at(b"COMMIT", kind)
        return
    time.sleep(random_.uniform(0, LONGEST_LIFE / 2))
    _away(proxy)
    time.sleep(random_.uniform(0, LONGEST_LIFE / 2))
    proxy.accept()


def _replay(dsn: str, spool_dir: str | os.PathLike[str], patience: float) -> int:
    """A living process writes what was left; answers how many spool files remain."""
    until = time.monotonic() + patience
    with HistoryService(dsn, spool_dir=spool_dir) as history:
        while history.pending and time.monotonic() < until:
            history.flush()
            time.sleep(0.01)
        history.flush()
    return sum(1 for path in Path(spool_dir).iterdir() if path.suffix in (".open", ".ready"))


def _written(dsn: str, mark: str) -> Counter[str]:
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT last_action FROM state_history WHERE last_action LIKE %s", (f"{mark}-%",))
        return Counter(row[0] for row in found)


def _ids_days_later(dsn: str, spool_dir: str | os.PathLike[str]) -> int:
    """How many are known for good."""
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE history_replay SET replayed_at = replayed_at - interval '3 days'")
    with HistoryService(dsn, spool_dir=spool_dir) as history:
        history.flush()
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT count(*) FROM history_replay").fetchone()[0]


# --- the driver ----------------------------------------------------------------------------------------------------
class Driver:
    """The process that forks and kills: without threads, so that forking is safe."""

    def __init__(self, dsn: str, spool_dir: str | os.PathLike[str], mark: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.history.kill_workload", "--drive"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parent.parent.parent,
        )
        self._send({"dsn": dsn, "spool_dir": os.fspath(spool_dir), "mark": mark})

    def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def start(self, first: int, lives: list[float]) -> None:
        self._send({"first": first, "lives": lives})

    def finish(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return dict(json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)


def _drive() -> None:
    logging.disable()  # every victim would tell of the same outage
    common = json.loads(sys.stdin.readline())
    make = lambda: HistoryService(common["dsn"], spool_dir=common["spool_dir"], **SETTINGS)  # noqa: E731
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        names = [f"{common['mark']}-{order['first'] + number}" for number in range(len(order["lives"]))]
        victims = [Victim(make, name) for name in names]
        # Lives are counted from the first acknowledgement on: what comes before it is nobody's loss.
        for victim in victims:
            victim.wait_for_first()
        born = time.monotonic()
        for life, victim in sorted(zip(order["lives"], victims, strict=True), key=lambda pair: pair[0]):
            victim.kill_at(born + life)
        found = [victim.said() for victim in victims]
        print(
            json.dumps(
                {
                    "acknowledged": [token for tokens, _ in found for token in tokens],
                    "longest_call_s": max(longest for _, longest in found),
                }
            ),
            flush=True,
        )


class Victim:
    """A process that records as fast as it can and says so, until it is killed."""

    def __init__(self, make: Callable[[], HistoryService], name: str) -> None:
        self._heard = b""
        self._name = name
        self._pipe, said = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._pipe)
                _live(make(), name, said)
            finally:
                os._exit(1)
        os.close(said)

    def wait_for_first(self) -> None:
        self._listen()

    def _listen(self) -> bool:
        heard = os.read(self._pipe, 2**16)
        self._heard += heard
        return bool(heard)

    def kill_at(self, moment: float) -> None:
        while (rest := moment - time.monotonic()) > 0:
            if select.select([self._pipe], [], [], rest)[0] and not self._listen():
                break
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def said(self) -> tuple[list[str], float]:
        """The acknowledged readings and the longest call."""
        while self._listen():
            pass
        os.close(self._pipe)
        words = [line.split() for line in self._heard.decode().split("\n")[:-1]]
        return [f"{self._name}-{number}" for number, _ in words], max((float(took) for _, took in words), default=0.0)


def _live(history: HistoryService, name: str, said: int) -> None:
    number = 0
    while True:
        began = time.perf_counter()
        kept = history.record({"last_action": f"{name}-{number}"})
        took = time.perf_counter() - began
        if kept:
            os.write(said, f"{number} {took:.6f}\n".encode())
        number += 1
        time.sleep(0.0003)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--drive", action="store_true", help=argparse.SUPPRESS)
    arguments.add_argument("--times", type=int, default=1000)
    arguments.add_argument("--at-once", type=int, default=2)
    chosen = arguments.parse_args()
    if chosen.drive:
        _drive()
        return
    from django.conf import settings

    settings.configure(USE_I18N=False)
    from stores.schema.adopt import adopt
    from tests.fixtures.postgres import new_cluster

    directory = Path(tempfile.mkdtemp(prefix="swops-kill-"))
    directory.chmod(0o755)
    cluster = new_cluster(directory / "pg")
    try:
        with psycopg.connect(cluster.dsn("store")) as connection:
            adopt(connection.cursor(), "public")
        for postgres in ("up", "down", "flapping"):
            result = run(
                chosen.times,
                dsn=cluster.dsn("store"),
                spool_dir=directory / postgres,
                postgres=postgres,
                at_once=chosen.at_once,
            )
            print(f"PostgreSQL {postgres}: {json.dumps(result.as_dict())}", flush=True)
    finally:
        cluster.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
