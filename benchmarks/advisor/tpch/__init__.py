"""TPC-H: the 22 queries with the specification's validation parameters, on data of the generator `tpchgen-cli`.
Primary keys and no other index, as the usual set-up has it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.advisor.server import BenchError
from benchmarks.advisor.workload import Query, Workload, read_queries

HERE = Path(__file__).parent
TABLES = ("region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem")
CHUNK = 1 << 20
#: Their cost without an index is so large that they hide all others: the field leaves them out.
LEFT_OUT = ("q2", "q17", "q20")


def generator() -> str:
    """The program `tpchgen-cli`: `TPCHGEN_CLI`, beside our Python, or on PATH."""
    beside = Path(sys.executable).parent / "tpchgen-cli"
    found = os.environ.get("TPCHGEN_CLI") or (str(beside) if beside.exists() else shutil.which("tpchgen-cli"))
    if not found:
        raise BenchError(
            "TPC-H's data come from tpchgen-cli, which is not here. Do: `pip install tpchgen-cli` in some "
            "environment, and set TPCHGEN_CLI to its program where that is not this one."
        )
    return found


def load(connection: psycopg.Connection[Any], scale: float) -> None:
    program = generator()
    # One transaction: rows of a table made in it need no WAL, and can be frozen at once.
    with connection.transaction():
        connection.execute((HERE / "schema.sql").read_text(encoding="utf-8"))
        for table in TABLES:
            _copy(connection, [program, "csv", "-s", f"{scale:g}", "-T", table, "--stdout", "--quiet"], table)


def _copy(connection: psycopg.Connection[Any], command: list[str], table: str) -> None:
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT csv, HEADER, FREEZE)") as copy:
            while chunk := process.stdout.read(CHUNK):
                copy.write(chunk)
    if process.returncode:
        raise BenchError(f"tpchgen-cli ended with {process.returncode} at table {table}.")


def all_queries(constants: str = "tune") -> Sequence[Query]:
    return read_queries(HERE / "queries.sql")


def queries(constants: str = "tune") -> Sequence[Query]:
    return [query for query in all_queries() if query.name not in LEFT_OUT]


TPCH = Workload("tpch", "TPC-H without queries 2, 17 and 20", load, queries)
TPCH_ALL = Workload("tpch", "TPC-H, all 22 queries", load, all_queries)
