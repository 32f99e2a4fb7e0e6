"""The bench's own PostgreSQL: one cluster that stays between runs, a database for each workload and scale."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.advisor.workload import Workload
from switchbot_site.local.binaries import Server, find_server
from switchbot_site.local.cluster import SUPERUSER, Cluster

#: The planner's settings are PostgreSQL's own: the advice is for a server that nobody tuned. Statistics change only
#: when we say so, and what can be lost at a crash is loaded again.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "autovacuum": "off",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "256MB",
    "max_connections": "50",
    "track_io_timing": "on",
    "shared_preload_libraries": "pg_stat_statements",
    "log_min_messages": "fatal",
}
DEFAULT_DIRECTORY = Path(tempfile.gettempdir()) / "switchbot-bench-advisor"


class BenchError(Exception):
    """The bench cannot go on."""


def open_cluster(directory: Path = DEFAULT_DIRECTORY) -> Cluster:
    """The running cluster of `directory`, made and started where needed. It goes on running: `stop` ends it."""
    server = _server()
    if "hypopg" not in server.extensions:
        raise BenchError(f"The bench needs HypoPG, but {server.why_missing('hypopg')}")
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
    cluster = Cluster(directory / "pg", server.bin, SETTINGS)
    if not cluster.exists():
        cluster.create()
    if cluster.start():
        cluster.provision(extensions=server.extensions)
    return cluster


def stop(directory: Path = DEFAULT_DIRECTORY) -> None:
    Cluster(directory / "pg", _server().bin, SETTINGS).stop()


def _server() -> Server:
    server = find_server()
    if server is None:
        raise BenchError("No PostgreSQL server found: run `make setup`.")
    return server


def existing(cluster: Cluster) -> list[str]:
    """The databases that are loaded to their end."""
    with psycopg.connect(cluster.dsn("postgres"), autocommit=True) as connection:
        return [
            name
            for (name,) in connection.execute(
                "SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = 'loaded' ORDER BY datname"
            )
        ]


def load(cluster: Cluster, workload: Workload, scale: float, *, again: bool = False) -> str:
    """The address of the workload's database; loads it where it is not there yet."""
    name = workload.database(scale)
    if name in existing(cluster) and not again:
        return cluster.dsn(name)
    begun = time.perf_counter()
    with _superuser(cluster, "postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    cluster.provision(name, extensions=workload.extensions)
    with psycopg.connect(cluster.dsn(name), autocommit=True) as connection:
        workload.load(connection, scale)
    # As the superuser: the catalogue's own tables grew too.
    with _superuser(cluster, name) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS 'loaded'").format(sql.Identifier(name)))
        row = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
    assert row is not None
    print(f"{name}: {row[0]}, loaded in {time.perf_counter() - begun:.0f} s")
    return cluster.dsn(name)


def _superuser(cluster: Cluster, database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(cluster.dsn(database, user=SUPERUSER), autocommit=True)
