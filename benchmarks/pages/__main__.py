"""Every page of the site over a database with 10,000 tables and 50,000 indexes: how long it takes, what it asks PostgreSQL,
what it weighs; then the same while the largest table is locked, while PostgreSQL is stopped, and while it hangs.

    .venv/bin/python -m benchmarks.pages [--tables 10000] [--rounds 5] [--only WORD] [--slowest]

The exit code is 1 where a page misses a limit. Processor time says more than the clock on a machine that others use: the
baseline is the admin's index in the same run."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.pages.furnish import furnish
from benchmarks.pages.place import LARGEST, Log, Site, hanging, large_cluster, locked, served, stopped
from benchmarks.pages.walk import Quiet, Visits, addresses, visit
from benchmarks.pages.weigh import Weight, weigh
from switchbot_site.local.cluster import Cluster

MOST_MS, MOST_STATEMENTS, MOST_BYTES, MOST_REQUESTS = 300, 8, 100_000, 10
#: A server that takes connects and never answers is found out by waiting, once: a page's patience, and some.
MOST_MS_FIRST_IN_A_HANG = 1300
INDEX, OVERVIEW = "/admin/", "/admin/ops/overview/"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", metavar="WORD", help="Addresses with this in them.")
    parser.add_argument("--slowest", action="store_true", help="Name the statements that take longest.")
    options = parser.parse_args()
    console = Console(width=200)
    with tempfile.TemporaryDirectory(prefix="swops-pages-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        with large_cluster(directory, options.tables) as cluster, served(cluster, directory) as site:
            return measure(site, cluster, options, console)


def measure(site: Site, cluster: Cluster, options: argparse.Namespace, console: Console) -> int:
    quiet = Quiet(cluster)
    log = Log(cluster)
    cold = visit(site, [OVERVIEW], 1, log=log, settle=quiet)[0]
    console.print(f"The first look of all: {cold.first_ms:.0f} ms, {cold.most_statements} statements")
    for _ in range(2):
        site.manage("ops", "tick")
    beside = furnish(site, cluster)
    found = [one for one in dict.fromkeys([*addresses(site), *beside]) if options.only in one or one == INDEX]
    missed = 0
    rows = visit(site, found, options.rounds, log=log, settle=quiet)
    weights = weigh(site, found)
    missed += show(console, "All well", rows, weights, slowest=options.slowest)
    with locked(cluster, LARGEST):
        rows = visit(site, found, options.rounds, log=log, settle=quiet)
        missed += show(console, f"{LARGEST} locked by somebody else", rows, {}, slowest=options.slowest, may_fail=True)
    quiet.close()
    troubles: Sequence[tuple[str, Callable[[Cluster], AbstractContextManager[None]]]] = (
        ("PostgreSQL stopped", stopped),
        ("PostgreSQL hangs", hanging),
    )
    for title, trouble in troubles:
        with trouble(cluster):
            rows = visit(site, found, options.rounds)
        first_ms = MOST_MS_FIRST_IN_A_HANG if trouble is hanging else MOST_MS
        missed += show(console, title, rows, {}, slowest=False, first_ms=first_ms)
        again = Quiet(cluster)
        visit(site, [OVERVIEW], 3, settle=again)  # the site has found it again
        again.close()
    return int(missed > 0)


def show(
    console: Console,
    title: str,
    rows: list[Visits],
    weights: dict[str, Weight],
    *,
    slowest: bool,
    first_ms: float = MOST_MS,
    may_fail: bool = False,
) -> int:
    """Print the table. Returns how many pages miss a limit. `may_fail`: statements may give up waiting for a lock."""
    baseline = next(row for row in rows if row.address == INDEX)
    table = Table("page", "status", title=title)
    for heading in (
        "first ms",
        "median ms",
        "CPU ms",
        "× index",
        "PG ms",
        "statements",
        "kB",
        "packed",
        "requests",
        "line kB",
    ):
        table.add_column(heading, justify="right")
    missed = 0
    for row in rows:
        weight = weights.get(row.address)
        wrong = misses(row, weight, first_ms) - ({"failed"} if may_fail else set())
        missed += bool(wrong)
        table.add_row(
            row.address,
            str(row.status),
            *(
                _marked(f"{value:.0f}", name in wrong)
                for name, value in (("first", row.first_ms), ("median", row.median_ms))
            ),
            f"{row.cpu_ms:.0f}",
            f"{row.cpu_ms / baseline.cpu_ms:.1f}",
            f"{row.postgres_ms:.0f}",
            _marked(f"{row.most_statements}", "statements" in wrong)
            + (f" ({row.failed} failed)" if row.failed else ""),
            f"{row.length / 1000:.0f}",
            f"{row.packed / 1000:.0f}",
            _marked(str(weight.requests), "requests" in wrong) if weight else "",
            _marked(f"{weight.transferred / 1000:.0f}", "weight" in wrong) if weight else "",
        )
    console.print(table)
    for row in rows:
        weight = weights.get(row.address)
        for complaint in weight.complaints if weight else ():
            console.print(f"{row.address}: the browser says {complaint}")
        if slowest:
            for ms, sql in row.slowest[:3]:
                if ms > 30:
                    console.print(f"{row.address}: {ms:.0f} ms {sql}", markup=False)
    console.print(f"{missed} of {len(rows)} miss a limit.")
    return missed


def misses(row: Visits, weight: Weight | None, first_ms: float) -> set[str]:
    """Which limits."""
    return {
        name
        for name, wrong in (
            ("status", row.status >= 400),
            ("first", row.first_ms > first_ms),
            ("median", row.median_ms > MOST_MS),
            ("statements", row.most_statements > MOST_STATEMENTS),
            ("failed", row.failed > 0),
            ("requests", weight is not None and weight.requests > MOST_REQUESTS),
            ("weight", weight is not None and (weight.transferred > MOST_BYTES or bool(weight.complaints))),
        )
        if wrong
    }


def _marked(text: str, is_wrong: bool) -> str:
    return f"[red]{text}![/red]" if is_wrong else text


if __name__ == "__main__":
    raise SystemExit(main())
