"""FailoverStore against PostgresStore, on a private cluster with fsync: what surviving an outage costs while there is
none, and what calls take during one.

Each round measures both in turn, so that they see the same machine; figures are medians of the rounds, and the ratio
is the median of the rounds' ratios.

    python benchmarks/failover_store.py [--rounds N] [--calls N] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.postgres_store import document, measure, prepare, private_cluster
from stores.backends import FailoverStore, JsonStore, PostgresStore

AIMS = {"read": 1.05, "write": 1.2, "transaction": 1.2}


def run(dsn: str, directory: Path, rounds: int, calls: int) -> tuple[FailoverStore, dict[str, dict[str, float]]]:
    content = document()
    plain = PostgresStore(dsn, "settings", deadline=30, writer=lambda: "benchmark")
    store = FailoverStore(
        PostgresStore(dsn, "state", deadline=1, writer=lambda: "benchmark"),
        JsonStore(directory / "state.json"),
        journal_dir=directory,
    )
    turn = 0

    def changed() -> dict[str, object]:
        nonlocal turn
        turn += 1
        return {**content, "turn": turn}

    def transact(on: PostgresStore | FailoverStore) -> None:
        with on.transaction() as held:
            held.write({**held.read(), **changed()})

    contenders: dict[str, Callable[[Any], object]] = {
        "read": lambda on: on.read(),
        "write": lambda on: on.write(changed()),
        "transaction": transact,
    }
    plain.write(content)
    store.write(content)
    found = {}
    for name, work in contenders.items():
        count = calls if name == "read" else max(1, calls // 10)
        for on in (plain, store):
            measure(lambda on=on, work=work: work(on), 20)  # type: ignore[misc]
        pairs = []
        for number in range(rounds):
            order = (plain, store) if number % 2 else (store, plain)
            times = {id(on): measure(lambda on=on, work=work: work(on), count) for on in order}  # type: ignore[misc]
            pairs.append((times[id(plain)], times[id(store)]))
        found[name] = {
            "postgres_ms": round(median(pair[0] for pair in pairs) * 1000, 4),
            "failover_ms": round(median(pair[1] for pair in pairs) * 1000, 4),
            "ratio": round(median(pair[1] / pair[0] for pair in pairs), 3),
        }
    plain.close()
    return store, found


def outage(store: FailoverStore, calls: int) -> dict[str, float]:
    """Milliseconds of calls while PostgreSQL is stopped."""

    def took(work: Callable[[], object]) -> float:
        start = time.perf_counter()
        work()
        return (time.perf_counter() - start) * 1000

    content = document()
    found = {"first call": took(store.read)}
    found["read, median"] = median(took(store.read) for _ in range(calls))
    writes = [took(lambda turn=turn: store.write({**content, "turn": turn})) for turn in range(calls)]  # type: ignore[misc]
    found["write, median"], found["write, longest"] = median(writes), max(writes)
    return {name: round(value, 3) for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=400, help="Reads per round; a tenth as many writes.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with private_cluster() as (cluster, directory):
        store, found = run(prepare(cluster), directory / "host", options.rounds, options.calls)
        cluster.stop("immediate")
        down = outage(store, options.calls)
        store.close()
    if options.json:
        print(json.dumps({"normal": found, "outage_ms": down}, indent=2))
        return
    table = Table(title="FailoverStore, 2 KB document, fsync on", title_justify="left")
    for name in ("", "PostgresStore, ms", "FailoverStore, ms", "ratio", "aim"):
        table.add_column(name, justify="right" if name else "left")
    for name, row in found.items():
        times = f"{row['postgres_ms']:.3f}", f"{row['failover_ms']:.3f}"
        table.add_row(name, *times, f"{row['ratio']:.2f}", f"<= {AIMS[name]}")
    Console().print(table)
    Console().print("While PostgreSQL is stopped, ms: " + ", ".join(f"{name} {value}" for name, value in down.items()))


if __name__ == "__main__":
    main()
