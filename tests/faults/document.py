"""The generated part of docs/reliability.md."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from tests.faults.result import Result

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN = "<!-- made by `make faults`: begin -->"
END = "<!-- made by `make faults`: end -->"


def machine(dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT current_setting('server_version')").fetchone()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, PostgreSQL {str(row[0]).split(' ')[0] if row else '?'}"
    )


def write(results: list[Result], about: str) -> None:
    """Put the table between the marks. Raises ValueError where they are missing."""
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{DOCUMENT} has no place for the table.")
    DOCUMENT.write_text(f"{before}{BEGIN}\n{_generated(results, about)}{END}{after}")


def _generated(results: list[Result], about: str) -> str:
    total = sum(result.acknowledged for result in results)
    lost, twice = sum(result.lost for result in results), sum(result.duplicated for result in results)
    lines = [
        (
            f"`make faults` on {datetime.now(UTC):%Y-%m-%d} ({about}): {total:,} acknowledged writes in {len(results)} families, "
            f"**{lost} lost, {twice} twice**, in {sum(result.seconds for result in results) / 60:.0f} minutes."
        ),
        "",
        (
            "| Fault | Times | Acknowledged | Lost | Twice | Unknown | Refused | Conflicts | Stale reads | Longest call | First failing call | "
            "Later calls (median) | Back after |"
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for result in results:
        cells = [
            result.title,
            f"{result.times:,}",
            f"{result.acknowledged:,}",
            str(result.lost),
            str(result.duplicated),
            f"{result.unknown:,}",
            f"{result.refused:,}",
            str(result.conflicts),
            f"{result.stale} of {result.reads:,}",
            f"{result.longest:.3f} s",
            "" if result.first_failing is None else f"{result.first_failing:.3f} s",
            "" if result.later is None else f"{1000 * result.later:.1f} ms",
            "" if result.recovery is None else f"{result.recovery:.1f} s",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "What each family does:", ""]
    for result in results:
        notes = [note for note in result.notes if not note.startswith(("refused:", "left to a person"))]
        lines.append(f"- **{result.title}** (`{result.family}`). {' '.join([result.what, *notes])}")
    failures = [f"- {result.title}: {problem}" for result in results for problem in result.problems[:3]]
    if failures:
        lines += ["", "**What went wrong:**", "", *failures]
    return "\n".join([*lines, ""])
