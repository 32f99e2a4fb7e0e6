"""Who proposes indexes: nobody, a file of CREATE INDEX texts, the Extend algorithm, the advisor."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.advisor.server import BenchError
from benchmarks.advisor.workload import Query

SETS = Path(__file__).parent / "sets"
COMMENT = re.compile(r"--[^\n]*")


@dataclass(frozen=True)
class Proposal:
    """The statements of a set of indexes, and what it took to find them: `explains` by its own account."""

    ddl: tuple[str, ...]
    seconds: float = 0.0
    explains: int | None = None
    megabytes: float | None = None
    notes: tuple[str, ...] = field(default=())


#: Address, queries, budget in bytes (None: no limit).
Contender = Callable[[str, Sequence[Query], int | None], Proposal]


def nobody(dsn: str, queries: Sequence[Query], budget: int | None) -> Proposal:
    return Proposal(())


def from_file(path: Path) -> Contender:
    statements = read_statements(path.read_text(encoding="utf-8"))
    return lambda dsn, queries, budget: Proposal(statements)


def read_statements(text: str) -> tuple[str, ...]:
    """The `;`-separated statements of a text, without its comments."""
    return tuple(part.strip() for part in COMMENT.sub("", text).split(";") if part.strip())


def in_a_process(module: str) -> Contender:
    """Runs `module` in a fresh Python (another hash seed each time, memory counted from nothing): JSON with `dsn`,
    `queries` and `max_size_bytes` in, JSON with `ddl` and `explains` out."""

    def propose(dsn: str, queries: Sequence[Query], budget: int | None) -> Proposal:
        task = {
            "dsn": dsn,
            "queries": [{"name": one.name, "sql": one.sql, "weight": one.weight} for one in queries],
            "max_size_bytes": budget,
        }
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", module],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            env={key: value for key, value in os.environ.items() if key != "PYTHONHASHSEED"},
        )
        seconds = time.perf_counter() - begun
        if done.returncode:
            raise BenchError(f"{module} ended with {done.returncode}:\n{done.stderr.strip()[-3000:]}")
        answer = json.loads(done.stdout.strip().splitlines()[-1])
        return Proposal(
            tuple(answer["ddl"]),
            answer.get("seconds", seconds),
            answer.get("explains"),
            answer.get("megabytes"),
            tuple(answer.get("notes", ())),
        )

    return propose


def answer_task(work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The other side of `in_a_process`: reads the task, prints the answer with the time and the peak of memory."""
    task = json.load(sys.stdin)
    begun = time.perf_counter()
    answer = work(task)
    print(
        json.dumps(
            {
                **answer,
                "seconds": time.perf_counter() - begun,
                "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


def contender(name: str) -> Contender:
    """By its name: `none`, `extend`, `advisor`, a file's path, or the name of a file in `sets/`. Raises `BenchError`."""
    if name == "none":
        return nobody
    if name in ("extend", "advisor"):
        return in_a_process(f"benchmarks.advisor.ask_{name}")
    for path in (Path(name), SETS / f"{name}.sql"):
        if path.is_file():
            return from_file(path)
    known = ", ".join(["none", "extend", "advisor", *sorted(path.stem for path in SETS.glob("*.sql"))])
    raise BenchError(
        f"There is no contender {name!r}. Known: {known}, or the path of a file with CREATE INDEX statements."
    )
