"""Who proposes indexes: nobody, a file of CREATE INDEX texts, the Extend algorithm, the advisor."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.advisor.server import BenchError
from benchmarks.advisor.workload import Query
from tests.fixtures.memory import peak_kilobytes

SETS = Path(__file__).parent / "sets"
#: What a budget may be counted in.
SIZES = ("real", "hypopg")
#: Seconds for an answer.
PATIENCE = 300
COMMENT = re.compile(r"--[^\n]*")


@dataclass(frozen=True)
class Proposal:
    """The statements of a set of indexes, and what it took to find them: `explains` by its own account."""

    ddl: tuple[str, ...]
    seconds: float = 0.0
    explains: int | None = None
    megabytes: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """What is asked: the database's address, the queries, and the budget in bytes (None: no limit). `sizes` says what the
    budget is counted in: `hypopg` (HypoPG's estimates) or `real` (what the indexes will have when they are built)."""

    dsn: str
    queries: tuple[Query, ...]
    budget: int | None
    sizes: str


Contender = Callable[[Task], Proposal]


def nobody(task: Task) -> Proposal:
    return Proposal(())


def from_file(path: Path) -> Contender:
    statements = read_statements(path.read_text(encoding="utf-8"))
    return lambda task: Proposal(statements)


def read_statements(text: str) -> tuple[str, ...]:
    """The `;`-separated statements of a text, without its comments."""
    return tuple(part.strip() for part in COMMENT.sub("", text).split(";") if part.strip())


def in_a_process(module: str) -> Contender:
    """Runs `module` in a fresh Python (another hash seed each time, memory counted from nothing): the task as JSON in, JSON
    with `ddl` and `explains` (and `notes`, a list of texts) out."""

    def propose(task: Task) -> Proposal:
        begun = time.perf_counter()
        try:
            done = subprocess.run(
                [sys.executable, "-m", module],
                input=json.dumps(asdict(task)),
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                env={key: value for key, value in os.environ.items() if key != "PYTHONHASHSEED"},
            )
        except subprocess.TimeoutExpired:
            raise BenchError(f"{module} gave no answer in {PATIENCE} s.") from None
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


def answer_task(work: Callable[[Task], dict[str, Any]]) -> None:
    """The other side of `in_a_process`: reads the task, prints the answer with the time and the peak of memory."""
    given = json.load(sys.stdin)
    task = Task(**{**given, "queries": tuple(Query(**one) for one in given["queries"])})
    begun = time.perf_counter()
    answer = work(task)
    print(
        json.dumps(
            {
                **answer,
                "seconds": time.perf_counter() - begun,
                "megabytes": peak_kilobytes() / 1024,
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
