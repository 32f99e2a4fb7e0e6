"""The SQL console on the corpus of its tests, as a superuser, as the corpus's role (it may read all data and signal others)
and as the role of docs/core/sql_console.md: what harms, what is refused without need, what a call costs over a plain
connection that does the same, the longest answer, and by how much the process grows.

    .venv/bin/python -m benchmarks.console [--no-bombs] [--only WORD] [--json]

Our calls run in a process of its own, so that nothing else is in its memory. The plain calls run in between, each on a new
connection, in a READ ONLY transaction."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 1000
RAN, GUARD, SERVER = "ran", "refused", "no_right"
#: The promises of the issue: milliseconds of overhead, seconds of an answer, megabytes of growth.
OVERHEAD_MS, SECONDS, MEGABYTES = 50, 7, 64


@dataclass(frozen=True)
class Answer:
    """`seconds`: ours; `plain`: of the plain connection, None where that would do harm. `size`: characters of the answer.
    `peak_mb`: how much memory the process had at most while it answered, over what it had before."""

    name: str
    seconds: float
    outcome: str
    said: str
    size: int
    secrets: tuple[str, ...]
    peak_mb: float
    process_mb: float
    harm: tuple[str, ...] = ()
    plain: float | None = None


def serve(line: Connection) -> None:
    """The process that is measured: answers one statement after the other."""
    from opsadmin.console.errors import SqlRefused
    from opsadmin.console.run import run
    from opsadmin.core.errors import OperationError
    from tests.opsadmin.console.oracle import secrets_in

    while (asked := line.recv()) is not None:
        address, sql, limit = asked
        before = _memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the highest is counted from here
        begun = time.perf_counter()
        try:
            outcome, answer = RAN, run(address, sql, limit=limit)
        except OperationError as error:
            outcome, answer = (GUARD if isinstance(error, SqlRefused) else SERVER), error.as_dict()
        seconds = time.perf_counter() - begun
        highest = _memory("VmHWM")
        text = repr(answer)
        said = answer["message"] if isinstance(answer, dict) else ""
        line.send((seconds, outcome, said, len(text), tuple(secrets_in(text)), highest - before, highest))
        del answer, text


def _memory(name: str) -> float:
    """Megabytes."""
    match = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    assert match is not None
    return int(match[1]) / 1024


class Measured:
    """The process, from outside. `base`: its memory before the first statement."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()

    def ask(self, name: str, address: dict[str, str], sql: str, limit: int = LIMIT) -> Answer:
        self.line.send((address, sql, limit))
        return Answer(name, *self.line.recv())

    def close(self) -> None:
        self.line.send(None)
        self.process.join()


def plainly(dsn: str, sql: str) -> float | None:
    """Seconds that a plain connection takes for the same rows; None where it cannot run the statement."""
    begun = time.perf_counter()
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("BEGIN READ ONLY")
            connection.execute("SET LOCAL statement_timeout = 4500")
            connection.execute(sql.encode()).fetchmany(LIMIT)
            connection.execute("ROLLBACK")
    except psycopg.Error:
        return None
    return time.perf_counter() - begun


def make_documented_role(dsn: str, database: str) -> str:
    """The role that docs/core/sql_console.md tells people to make, made with the SQL that stands there; its name."""
    text = (ROOT / "docs/core/sql_console.md").read_text(encoding="utf-8")
    block = re.search(r"## The role.*?```sql\n(.*?)```", text, re.S)
    assert block is not None
    ours = block[1].replace("DATABASE shop", f"DATABASE {database}").replace("ON auth_user FROM", "ON vault FROM")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE vault AS SELECT 'CANARYSECRET9' AS password")
        connection.execute(ours.encode())
    return "ops_reader"


def answers(shop: Any, measured: Measured, title: str, user: str, only: str) -> list[Answer]:
    """Each statement of a corpus once."""
    from switchbot_site.local.cluster import SUPERUSER
    from tests.opsadmin.console.bombs import filled
    from tests.opsadmin.console.corpus import cases
    from tests.opsadmin.console.oracle import differences

    found = []
    for case in cases(title):
        if only not in case.name or (title == "legitimate" and user != SUPERUSER and not case.reader):
            continue
        before = shop.oracle.state()
        sql = filled(case.sql) if title == "bombs" else shop.filled(case.sql)
        limit = 10_000 if title == "bombs" else LIMIT
        answer = measured.ask(case.name, shop.parameters(user), sql, limit)
        plain = plainly(shop.dsn(user), sql) if title == "legitimate" else None
        changed = tuple(differences(before, shop.oracle.state()))
        found.append(Answer(**{**vars(answer), "harm": (*changed, *answer.secrets), "plain": plain}))
    return found


def figures(title: str, user: str, found: list[Answer], base_mb: float) -> dict[str, Any]:
    """The row of the table."""
    times = [one.seconds * 1000 for one in found]
    costs = sorted((one.seconds - one.plain) * 1000 for one in found if one.plain is not None and one.outcome == RAN)
    ratios = [one.seconds / one.plain for one in found if one.plain is not None and one.outcome == RAN]
    slowest, largest = max(found, key=lambda one: one.seconds), max(found, key=lambda one: one.size)
    hungriest = max(found, key=lambda one: one.peak_mb)
    return {
        "corpus": title,
        "role": user,
        "statements": len(found),
        "harm": sum(bool(one.harm) for one in found),
        "harmed": {one.name: one.harm for one in found if one.harm},
        **{name: sum(one.outcome == name for one in found) for name in (RAN, GUARD, SERVER)},
        "wrong_refusals": sum(one.outcome == GUARD for one in found) if title == "legitimate" else None,
        "refusals": {one.name: one.said for one in found if one.outcome == GUARD} if title == "legitimate" else {},
        "ms": _spread(times),
        "overhead_ms": _spread(costs) if costs else None,
        "ratio": round(median(ratios), 1) if ratios else None,
        "longest": (slowest.name, round(slowest.seconds, 2)),
        "largest": (largest.name, largest.size),
        "worst_growth": (hungriest.name, round(hungriest.peak_mb, 1)),
        "growth_mb": round(max(one.process_mb for one in found) - base_mb, 1),
    }


def _spread(values: list[float]) -> tuple[float, float, float]:
    """Median, 95th percentile, maximum."""
    high = quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
    return round(median(values), 1), round(high, 1), round(max(values), 1)


def show(rows: list[dict[str, Any]], base_mb: float) -> None:
    table = Table(title="The SQL console on its corpus", title_justify="left")
    for name in ("corpus", "role"):
        table.add_column(name)
    for name in ("statements", "harm", "ran", "refused", "wrongly", "by server", "ms", "overhead ms", "x plain"):
        table.add_column(name, justify="right")
    for name in ("longest s", "largest kB", "worst MB", "all MB"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            *map(str, (row["corpus"], row["role"], row["statements"], row["harm"], row[RAN], row[GUARD])),
            "" if row["wrong_refusals"] is None else str(row["wrong_refusals"]),
            str(row[SERVER]),
            _said(row["ms"]),
            _said(row["overhead_ms"]),
            "" if row["ratio"] is None else str(row["ratio"]),
            f"{row['longest'][1]:.2f}",
            f"{row['largest'][1] / 1000:.0f}",
            f"{row['worst_growth'][1]:.1f}",
            f"{row['growth_mb']:.1f}",
        )
    console = Console(width=None if sys.stdout.isatty() else 180)
    console.print(table)
    console.print(
        "refused: by the guard, or as nothing that the console runs; by server: PostgreSQL refused, for want of a privilege "
        "or as wrong, or ended it; ms: median / p95 / max of a call, and over a plain connection doing the same; MB: the "
        f"process's memory at most, over what it had before the statement, and before all ({base_mb:.0f} MB)."
    )
    for row in rows:
        here = f"{row['corpus']}, {row['role']}"
        for name, changed in row["harmed"].items():
            console.print(f"HARM by {name} ({here}): {', '.join(changed)}", markup=False)
        for name, said in row["refusals"].items():
            console.print(f"Refused without need: {name} ({here}): {said}", markup=False)
        for what, most, unit in (
            (row["overhead_ms"] and row["overhead_ms"][0], OVERHEAD_MS, "ms of overhead (median)"),
            (row["longest"][1], SECONDS, f"s for an answer ({row['longest'][0]})"),
            (row["growth_mb"], MEGABYTES, "MB of growth"),
        ):
            if what is not None and what > most:
                console.print(f"Over the bound of {most} {unit}: {what} ({here})", markup=False)


def _said(spread: tuple[float, float, float] | None) -> str:
    return "" if spread is None else " / ".join(f"{one:.0f}" for one in spread)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--no-bombs", action="store_true", help="Leave out what runs until it is ended: minutes a role."
    )
    parser.add_argument("--only", default="", metavar="WORD", help="Statements with this in their name.")
    parser.add_argument("--json", action="store_true", help="Print the figures as JSON.")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "switchbot_site.settings"
    from switchbot_site.local.cluster import SUPERUSER
    from tests.opsadmin.console.conftest import DATABASE, READER, shop_of_its_own

    rows = []
    with shop_of_its_own() as shop:
        roles = (SUPERUSER, READER, make_documented_role(shop.dsn(SUPERUSER), DATABASE))
        measured = Measured()
        # What is loaded once is no growth.
        base = measured.ask("first", shop.parameters(SUPERUSER), "SELECT * FROM information_schema.columns").process_mb
        for title in ("harmful", "legitimate", *(() if options.no_bombs else ("bombs",))):
            for user in roles:
                if found := answers(shop, measured, title, user, options.only):
                    rows.append(figures(title, user, found, base))
        measured.close()
    harmed = sum(row["harm"] + (row["wrong_refusals"] or 0) for row in rows)
    if options.json:
        print(json.dumps({"base_mb": base, "rows": rows}, indent=1))
    else:
        show(rows, base)
    return int(harmed > 0)


if __name__ == "__main__":
    sys.exit(main())
