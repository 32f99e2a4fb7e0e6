"""`make faults`: every family at full width, a table, and docs/reliability.md. FAMILY=name,name and TIMES=n narrow it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.faults import document
from tests.faults.registry import Family, Setting, families
from tests.faults.result import Result
from tests.faults.server import Server

#: Acknowledged writes per family at full width.
ENOUGH = 10_000


def run(
    family: Family,
    times: int,
    acknowledged: int,
    server: Server,
    directory: Path,
    say: Callable[[int], None],
) -> Result:
    """Strike `times` times and until so many writes were acknowledged. Servers of its own live in `directory`."""
    result = family.result()
    began = time.monotonic()
    servers: list[Server] = []
    place = directory / family.name
    place.mkdir()
    place.chmod(0o755)

    def own_server(**settings: str) -> Server:
        made = Server.new(place / f"pg{len(servers)}", **settings)
        servers.append(made)
        return made

    try:
        family.run(Setting(times, acknowledged, server, own_server, place, say), result)
    except Exception as error:
        result.problems.append(f"The family ended early: {type(error).__name__}: {error}")
        traceback.print_exc()
    finally:
        for made in servers:
            made.stop()
    result.seconds = time.monotonic() - began
    return result


def table_of(results: list[Result]) -> Table:
    table = Table(title="Faults")
    for name in (
        "fault",
        "times",
        "acknowledged",
        "lost",
        "twice",
        "unknown",
        "refused",
        "conflicts",
        "stale reads",
        "longest",
        "first",
        "later",
        "back in",
        "took",
    ):
        table.add_column(name, justify="left" if name == "fault" else "right")
    for result in results:
        table.add_row(
            result.title,
            f"{result.times:,}",
            f"{result.acknowledged:,}",
            str(result.lost),
            str(result.duplicated),
            str(result.unknown),
            str(result.refused),
            str(result.conflicts),
            f"{result.stale} of {result.reads:,}",
            f"{result.longest:.3f} s",
            "" if result.first_failing is None else f"{result.first_failing:.3f} s",
            "" if result.later is None else f"{1000 * result.later:.1f} ms",
            "" if result.recovery is None else f"{result.recovery:.1f} s",
            f"{result.seconds:.0f} s",
            style="red" if result.failed else None,
        )
    return table


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--family", default=os.environ.get("FAMILY", ""), help="comma list of names; default: all")
    parser.add_argument("--times", type=int, default=int(os.environ.get("TIMES") or 0), help="how often to strike")
    chosen = parser.parse_args()
    settings.configure(USE_I18N=False)
    known = families()
    names = [name.strip() for name in chosen.family.split(",") if name.strip()] or list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"There is no family {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 2
    directory = Path(tempfile.mkdtemp(prefix="swops-faults-"))
    directory.chmod(0o755)
    results: list[Result] = []
    console = Console(width=None if sys.stdout.isatty() else 170)
    shared = Server.new(directory / "pg")
    about = document.machine(shared.superuser)
    try:
        with Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        ) as progress:
            for name in names:
                family = known[name]
                times = chosen.times or family.times
                task = progress.add_task(family.title, total=times)
                enough = 0 if chosen.times else ENOUGH
                result = run(
                    family,
                    times,
                    enough,
                    shared,
                    directory,
                    lambda done, task=task: progress.update(task, completed=done),
                )
                results.append(result)
                if not console.is_terminal:  # the bars appear there at the end only
                    print(f"{family.title}: {result.times} times, {result.acknowledged} acknowledged", flush=True)
    finally:
        shared.stop()
        shutil.rmtree(directory, ignore_errors=True)
    console.print(table_of(results))
    for result in results:
        for problem in result.problems[:10]:
            console.print(f"{result.title}: {problem}", style="red", markup=False)
        for note in dict.fromkeys(result.notes):
            console.print(f"{result.title}: {note}", markup=False)
    if not chosen.times:
        document.write(results, about)
        console.print(f"Wrote {document.DOCUMENT.relative_to(Path.cwd())}.")
    else:
        console.print("docs/reliability.md stays as it is: it takes runs at full width only.")
    return 1 if any(result.failed for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
