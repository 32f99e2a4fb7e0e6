"""PostgresStore against one raw psycopg statement on one open autocommit connection, on a private cluster with fsync.

Each round measures every contender once, in turn, so that all of them see the same machine; figures are medians of
the rounds, and the ratio is the median of the rounds' ratios.

    python benchmarks/postgres_store.py [--rounds N] [--calls N] [--json]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psycopg
from django.conf import settings
from psycopg.types.json import Jsonb
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from stores.backends.postgres import PostgresStore
from stores.schema.adopt import adopt
from switchbot_site.local.binaries import find_server
from switchbot_site.local.cluster import Cluster

READ = "SELECT data FROM json_store WHERE kind = %s"
WRITE = "UPDATE json_store SET data = %s, updated_at = now() WHERE kind = %s"
AIMS = {"read": 1.5, "write": 1.3}


def document(size: int = 2048) -> dict[str, object]:
    """About `size` bytes, shaped like the dashboard's state and settings."""
    found: dict[str, object] = {
        "automation_enabled": True,
        "winter": {"min_temp": 18.5, "max_temp": 21.0, "target_temp": 20.0, "fan_speed": 2, "ac_mode": 5},
        "last_read_at": "2026-11-22T21:49:22.123456+00:00",
        "last_temperature": 20.4,
    }
    windows: list[object] = []
    found["time_windows"] = windows
    while len(json.dumps(found)) < size:
        windows.append({"days": [0, 1, 2, 3, 4], "start": "06:30", "end": "22:15", "name": f"window {len(windows)}"})
    return found


def measure(work: Callable[[], object], calls: int) -> float:
    """Seconds per call."""
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls


def run(dsn: str, rounds: int, calls: int) -> dict[str, dict[str, float]]:
    content = document()
    raw = psycopg.connect(dsn, autocommit=True)
    store = PostgresStore(dsn, "state", deadline=30, writer=lambda: "benchmark")
    store.write(content)
    turn = 0

    def changed() -> dict[str, object]:
        nonlocal turn
        turn += 1
        return {**content, "turn": turn}

    def transact() -> None:
        with store.transaction() as held:
            held.write({**held.read(), **changed()})

    def transact_raw() -> None:
        with raw.transaction():
            row = raw.execute(READ + " FOR UPDATE", ["state"]).fetchone()
            assert row is not None
            raw.execute(WRITE, [Jsonb({**row[0], **changed()}), "state"])

    contenders: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "read": (lambda: raw.execute(READ, ["state"]).fetchone(), store.read),
        "write": (
            lambda: raw.execute(WRITE, [Jsonb(changed()), "state"]),
            lambda: store.write(changed()),
        ),
        "transaction": (transact_raw, transact),
    }
    found: dict[str, dict[str, float]] = {}
    for name, (plain, ours) in contenders.items():
        count = calls if name == "read" else max(1, calls // 10)
        measure(plain, 20)
        measure(ours, 20)
        pairs = []
        for number in range(rounds):
            order = (plain, ours) if number % 2 else (ours, plain)
            times = {id(work): measure(work, count) for work in order}
            pairs.append((times[id(plain)], times[id(ours)]))
        found[name] = {
            "raw_ms": round(median(pair[0] for pair in pairs) * 1000, 4),
            "store_ms": round(median(pair[1] for pair in pairs) * 1000, 4),
            "ratio": round(median(pair[1] / pair[0] for pair in pairs), 3),
        }
    store.close()
    raw.close()
    return found


@contextmanager
def private_cluster() -> Iterator[tuple[Cluster, Path]]:
    """A cluster that syncs as a production server does, and a directory that goes with it."""
    server = find_server()
    if server is None:
        raise SystemExit("No PostgreSQL server found: run `make setup`.")
    directory = Path(tempfile.mkdtemp(prefix="swops-bench-"))
    directory.chmod(0o755)
    cluster = Cluster(directory / "pg", server.bin, {"fsync": "on", "synchronous_commit": "on"})
    try:
        yield cluster, directory
    finally:
        cluster.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


def prepare(cluster: Cluster) -> str:
    """The address of a database with our schema."""
    cluster.create()
    cluster.start()
    cluster.provision()
    dsn = cluster.dsn("store")
    settings.configure(USE_I18N=False)  # the adoption's words pass through gettext
    with psycopg.connect(dsn) as connection:
        adopt(connection.cursor(), "public")
    return dsn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=400, help="Reads per round; a tenth as many writes.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with private_cluster() as (cluster, _):
        found = run(prepare(cluster), options.rounds, options.calls)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    table = Table(title="PostgresStore, 2 KB document, fsync on", title_justify="left")
    for name in ("", "raw psycopg, ms", "store, ms", "ratio", "aim"):
        table.add_column(name, justify="right" if name else "left")
    for name, row in found.items():
        aim = f"<= {AIMS[name]}" if name in AIMS else ""
        table.add_row(name, f"{row['raw_ms']:.3f}", f"{row['store_ms']:.3f}", f"{row['ratio']:.2f}", aim)
    Console().print(table)


if __name__ == "__main__":
    main()
