"""The generated part of docs/reliability.md."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from tests.faults.registry import families
from tests.faults.result import Result

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN = "<!-- made by `make faults`: begin -->"
END = "<!-- made by `make faults`: end -->"

COLUMNS = (
    "Fault",
    "Times",
    "Acknowledged",
    "Lost",
    "Twice",
    "Unknown",
    "Refused",
    "Conflicts",
    "Stale reads",
    "Longest call",
    "First failing call",
    "Later calls (median)",
    "Back after",
)


def machine(dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT current_setting('server_version')").fetchone()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}, PostgreSQL {str(row[0]).split(' ')[0] if row else '?'}"
    )


def write(results: list[Result], about: str) -> None:
    """Put the results between the marks; rows and descriptions of other families stay. Raises ValueError where the marks
    are missing."""
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    old, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{DOCUMENT} has no place for the table.")
    rows = {row.split(" | ")[0].removeprefix("| "): row for row in re.findall(r"^\| [^|-].*", old, re.MULTILINE)}
    told = dict(re.findall(r"^(- \*\*.*?\*\*) (.*)", old, re.MULTILINE))
    for result in results:
        rows[result.title] = _row(result)
        notes = [note for note in result.notes if not note.startswith(("refused:", "left to a person"))]
        told[f"- **{result.title}**"] = " ".join([f"(`{result.family}`).", result.what, *notes, *_failures(result)])
    titles = [family.title for family in families().values() if family.title in rows]
    cells = [rows[title].split(" | ") for title in titles]
    total, lost, twice = (sum(int(row[column].replace(",", "")) for row in cells) for column in (2, 3, 4))
    lines = [
        f"{total:,} acknowledged writes in {len(titles)} families, **{lost} lost, {twice} twice**. Last run {_today()} ({about}).",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---|" + "--:|" * (len(COLUMNS) - 1),
        *[rows[title] for title in titles],
        "",
        "What each family does:",
        "",
        *[f"- **{title}** {told[f'- **{title}**']}" for title in titles],
        "",
    ]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{chr(10).join(lines)}{END}{after}")


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _failures(result: Result) -> list[str]:
    return [f"**Failed:** {'; '.join(result.problems[:3])}"] if result.failed else []


def _row(result: Result) -> str:
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
    return f"| {' | '.join(cells)} |"
