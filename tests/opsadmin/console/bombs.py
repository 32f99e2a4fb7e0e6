"""Runs the bombs in a process of its own and prints, as JSON, how long each took, how it ended, and how much larger the
process became: `python -m tests.opsadmin.console.bombs HOST USER SECONDS STATEMENT_MS [NAME ...]`."""

from __future__ import annotations

import json
import sys
import time

from opsadmin.console.run import run
from opsadmin.console.session import Limits
from opsadmin.core.errors import OperationError
from tests.fixtures.memory import peak_kilobytes
from tests.opsadmin.console.corpus import cases

WORDS = {
    "{views}": ", ".join(f"information_schema.columns c{n}" for n in range(300)),
    "{some views}": ", ".join(f"information_schema.columns c{n}" for n in range(14)),
    "{stars}": ", ".join(["c.*"] * 3000),
    "{joins}": "orders o0" + "".join(f" JOIN orders o{n} USING (id)" for n in range(1, 250)),
    "{parentheses}": "(" * 20_000 + "1" + ")" * 20_000,
    "{operators}": "1" + " + 1" * 7000,
    "{negations}": "NOT " * 14_000,
    "{subqueries}": "SELECT * FROM (" * 90 + "SELECT 1" + ") AS x" * 90,
    "{columns}": ", ".join(f"1 AS c{n}" for n in range(3000)),
    "{cases}": "CASE WHEN true THEN " * 2900 + "1" + " END" * 2900,
    "{long}": "x" * 2_000_000,
}


def filled(text: str) -> str:
    for word, meaning in WORDS.items():
        text = text.replace(word, meaning)
    return text


def main(host: str, user: str, seconds: str, statement_ms: str, *names: str) -> None:
    address = {"host": host, "port": "5432", "dbname": "store", "user": user}
    limits = Limits(seconds=float(seconds), statement_ms=int(statement_ms))
    run(address, "SELECT * FROM information_schema.columns")  # what is loaded once is not growth
    before = peak_kilobytes()
    ends = {}
    for case in cases("bombs"):
        if names and case.name not in names:
            continue
        begun = time.monotonic()
        try:
            rows = run(address, filled(case.sql), limit=10_000, limits=limits)
            end = f"{len(rows.rows)} rows{', truncated' if rows.truncated else ''}"
        except OperationError as error:
            end = f"{type(error).__name__}: {error.message[:200]}"
        taken = time.monotonic() - begun
        grown = (peak_kilobytes() - before) / 1024
        ends[case.name] = {"seconds": round(taken, 2), "end": end, "grown_mb": round(grown, 1)}
    sys.stdout.write(json.dumps(ends, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
