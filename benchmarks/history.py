"""The history at size: `python benchmarks/history.py --rows 10000000`.

Fills a private cluster (about 200 bytes a row, removed at the end) with one reading every 15 seconds and times what
the service and the pages do, beside a baseline in the same run. Figures: the median of the rounds, in ms."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg  # noqa: E402

from stores.backends.history import HistoryService  # noqa: E402
from switchbot_site.local.cluster import Cluster  # noqa: E402
from tests.fixtures.postgres import require_server  # noqa: E402

EVERY = timedelta(seconds=15)
SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "4GB", "autovacuum": "off"}

FILL = """
INSERT INTO state_history (timestamp, temperature, humidity, assumed_aircon_power, last_action, api_requests_today,
                           error_count, last_temperature_stale, timezone, metadata)
SELECT now() - number * interval '15 seconds', 20 + 3 * sin(number / 500.0), 45 + 8 * sin(number / 3000.0),
       CASE WHEN number / 240 %% 3 = 0 THEN 'on' ELSE 'off' END, 'winter_on', number %% 5760, 0, number %% 1000 = 0,
       'Europe/Paris', '{"last_tick": "2026-01-01T00:00:00Z", "automation_active": true}'
FROM generate_series(%(rows)s, 1, -1) AS number
"""


def milliseconds(work: Callable[[], object], rounds: int = 7) -> float:
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def say(name: str, taken: float, more: str = "") -> None:
    print(f"{name:<58} {taken:>10.1f} ms  {more}", flush=True)


def fill(dsn: str, rows: int) -> None:
    from stores.schema.adopt import adopt

    with psycopg.connect(dsn) as connection:
        adopt(connection.cursor(), "public")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '512MB'")
        # Indexes are made after the fill, as a restore does: it is not what is measured.
        indexes = connection.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = 'state_history'::regclass AND NOT indisprimary"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        began = time.perf_counter()
        connection.execute(FILL, {"rows": rows})
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE state_history")
        size = connection.execute("SELECT pg_size_pretty(pg_total_relation_size('state_history'))").fetchone()[0]
    print(f"{rows:,} rows, {size} with indexes, filled in {time.perf_counter() - began:.0f} s", flush=True)


def time_reading(dsn: str, rows: int) -> None:
    from stores.backends.history_sql import sql

    with HistoryService(dsn, deadline=120) as history, psycopg.connect(dsn, autocommit=True) as plain:
        plain_latest = milliseconds(lambda: plain.execute(sql("latest"), {"n": 10}).fetchall())
        latest = milliseconds(lambda: history.latest(10))
        say("latest(10)", latest, f"{latest / plain_latest:.2f} x the statement alone ({plain_latest:.2f} ms)")
        now = datetime.now(UTC)
        for days, granularity in ((1, "minute"), (7, "15min"), (30, "hour")):
            start = now - timedelta(days=days)
            say(
                f"query of {days} d by {granularity}, all metrics",
                milliseconds(lambda s=start, g=granularity: history.query(s, now, g), 3),
            )
        say("aggregates(24)", milliseconds(lambda: history.aggregates(24)))


def time_pages(rows: int) -> None:
    from stores.admin.history_chart import picture_of
    from stores.admin.history_export import csv_lines
    from stores.admin.history_filter import HistoryFilter
    from stores.admin.history_list import Cursor, how_many, newest_time, page_of

    now = datetime.now(UTC)
    begin = now - rows * EVERY
    everything = HistoryFilter(begin, now, "custom")
    deep = Cursor(begin + rows * EVERY / 10, 2**31 - 1, older=True)
    month = HistoryFilter(now - timedelta(days=30), now)
    say("list: first page", milliseconds(lambda: page_of(everything, None)))
    say(f"list: a page after {rows * 9 // 10:,} rows", milliseconds(lambda: page_of(everything, deep)))
    say("list: estimate and newest", milliseconds(lambda: (how_many(), newest_time())))
    say("chart of 30 days (every reading)", milliseconds(lambda: picture_of(month), 3))
    say(f"chart of {(now - begin).days} days (sampled)", milliseconds(lambda: picture_of(everything), 3))
    began = time.perf_counter()
    lines = sum(piece.count("\n") for piece in csv_lines(month)) - 1
    taken = (time.perf_counter() - began) * 1000
    say(f"export of 30 days, {lines:,} rows", taken, f"{lines / taken * 1000:,.0f} rows/s")


def time_writing(dsn: str, spool_dir: Path) -> None:
    from stores.backends.history_batch import copy_values
    from stores.backends.history_row import row_from_state

    state = {
        "last_temperature": 21.5,
        "last_humidity": 45,
        "assumed_aircon_power": "on",
        "last_action": "winter_on",
        "api_requests_total": 100,
        "last_tick": "2026-01-01T00:00:00Z",
        "last_read_at": "2026-01-01T00:00:00Z",
    }
    count = 1000
    ready = [row_from_state(state, "Europe/Paris", datetime.now(UTC)) for _ in range(count)]
    settings = {"batch_rows": 10**6, "batch_seconds": 10**6}
    with (
        HistoryService(dsn, **settings) as memory,
        HistoryService(dsn, spool_dir=spool_dir, **settings) as spool,
        psycopg.connect(dsn, autocommit=True) as plain,
    ):

        def record(history: HistoryService) -> None:
            for _ in range(count):
                history.record(state, "Europe/Paris")

        def copy() -> None:
            with plain.transaction():
                copy_values(plain, [row.values() for row in ready])

        def insert_each() -> None:
            for row in ready:
                plain.execute(
                    "INSERT INTO state_history (timestamp, temperature, humidity, assumed_aircon_power, last_action, "
                    "api_requests_today, error_count, last_temperature_stale, timezone, metadata) "
                    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                    row.values(),
                )

        times: dict[str, list[float]] = {}
        for _ in range(15):  # side by side: what the disk does meanwhile meets all of them
            for name, history in (("memory", memory), ("spool", spool)):
                times.setdefault(f"record {name}", []).append(milliseconds(lambda h=history: record(h), 1))
                times.setdefault(f"flush {name}", []).append(milliseconds(history.flush, 1))
            times.setdefault("copy", []).append(milliseconds(copy, 1))
        median = {name: statistics.median(taken) for name, taken in times.items()}
        for name in ("memory", "spool"):
            recorded, flushed = median[f"record {name}"], median[f"flush {name}"]
            say(f"record, {count} readings, {name}", recorded, f"{recorded * 1000 / count:.1f} us each")
            ratio = flushed / median["copy"]
            say(f"flush of {count}, {name}", flushed, f"{ratio:.2f} x a bare COPY ({median['copy']:.1f} ms)")
        inserted = milliseconds(insert_each, 1)
        say(f"one INSERT each, {count} rows", inserted, f"{inserted / median['flush spool']:.0f} x the flush")
        time_backlog(spool, record)


def time_backlog(history: HistoryService, record: Callable[[HistoryService], None]) -> None:
    """What an outage left, and what a look at it costs meanwhile."""
    for _ in range(50):
        record(history)
    waiting = history.pending
    say(f"status with {waiting:,} readings in the spool", milliseconds(history.status))
    taken = milliseconds(history.flush, 1)
    say(f"replay of {waiting:,} readings", taken, f"{waiting / taken * 1000:,.0f} rows/s")


def time_pruning(dsn: str, rows: int) -> None:
    pruned = min(rows // 2, 1_000_000)
    slowest = last = 0.0

    def watch(report: object) -> None:
        nonlocal slowest, last
        slowest, last = max(slowest, report.elapsed_seconds - last), report.elapsed_seconds  # type: ignore[attr-defined]

    with HistoryService(dsn) as history:
        hours = (rows - pruned) * EVERY / timedelta(hours=1)
        report = history.prune(hours=hours, deadline=None, progress=watch)
        say(
            f"prune of {report.deleted:,} rows in {report.batches} batches",
            report.elapsed_seconds * 1000,
            f"{report.deleted / report.elapsed_seconds:,.0f} rows/s, slowest batch {slowest * 1000:.0f} ms",
        )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rows", type=int, default=1_000_000)
    rows = arguments.parse_args().rows
    directory = Path(tempfile.mkdtemp(prefix="switchbot-bench-"))
    directory.chmod(0o755)
    cluster = Cluster(directory / "pg", require_server().bin, SETTINGS)
    try:
        cluster.create()
        cluster.start()
        cluster.provision()
        dsn = cluster.dsn("store")
        os.environ |= {
            "POSTGRES_URL": dsn,
            "VAR_DIR": str(directory / "var"),
            "ENV_FILE": os.devnull,
            "STORE_STATEMENT_TIMEOUT_MS": "120000",
            "DJANGO_SETTINGS_MODULE": "switchbot_site.settings",
        }
        import django

        django.setup()
        fill(dsn, rows)
        time_reading(dsn, rows)
        time_pages(rows)
        time_writing(dsn, directory / "var" / "spool")
        time_pruning(dsn, rows)
    finally:
        cluster.stop("immediate")
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
