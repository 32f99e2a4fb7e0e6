"""Sick and innocent use of the cache, temporary files and checkpoints. Hit rates take a server with a small cache:
test_servers.py."""

from __future__ import annotations

import psycopg
from psycopg import errors

from tests.sick_database.plant import Bed, LookAlike, Problem


def in_database(bed: Bed, database: str, *, application: str = "works") -> psycopg.Connection:
    if not bed.superuser.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchall():
        bed.superuser.execute(f'CREATE DATABASE "{database}"'.encode())
    connection = psycopg.connect(bed.dsn(database=database), application_name=application, autocommit=True)
    bed.later(connection.close)
    return connection


def sort(connection: psycopg.Connection, rows: int) -> None:
    """Sort on disk, some kilobyte a row."""
    connection.execute("SET work_mem = '64kB'")
    rows_of = "SELECT -g AS key, repeat('x', 1000) AS filler FROM generate_series(1, %s) AS g"
    connection.execute(f"SELECT max(filler) FROM ({rows_of} ORDER BY 1 OFFSET 1) AS s", [rows])
    connection.close()  # its counters arrive at its end


def deadlocks(connections: list[psycopg.Connection], count: int) -> None:
    """Each lets the first one wait for the second, which then asks for what the first one has."""
    first, second = connections
    second.execute("SET deadlock_timeout = '1ms'")
    first.execute("SET deadlock_timeout = '1h'")
    for _ in range(count):
        first.execute("SELECT pg_advisory_lock(1)")
        second.execute("SELECT pg_advisory_lock(2)")
        first.pgconn.send_query(b"SELECT pg_advisory_lock(2)")
        try:
            while True:
                # Until the first one waits, the second has no lock to be refused.
                waits = "SELECT FROM pg_locks WHERE pid = %s AND NOT granted"
                if second.execute(waits, [first.info.backend_pid]).fetchall():
                    second.execute("SELECT pg_advisory_lock(1)")
        except errors.DeadlockDetected:
            second.execute("SELECT pg_advisory_unlock_all()")
        while (result := first.pgconn.get_result()) is not None:
            assert result.error_message == b""
        first.execute("SELECT pg_advisory_unlock_all()")
    for connection in connections:
        connection.close()


def checkpoints(bed: Bed) -> None:
    for _ in range(11):
        bed.superuser.execute("CHECKPOINT")


PROBLEMS = [
    Problem(
        "sorts that do not fit into memory",
        check="buffer.temporary_files",
        object='database "spills. a lot"',
        sow=lambda bed: sort(in_database(bed, "spills. a lot"), 14_000),
    ),
    Problem(
        "checkpoints that come by request",
        check="buffer.requested_checkpoints",
        object="max_wal_size",
        sow=checkpoints,
    ),
    Problem(
        "deadlocks again and again",
        check="connection.deadlocks",
        object="database deadlocks",
        message="had 5 deadlocks",
        sow=lambda bed: deadlocks([in_database(bed, "deadlocks") for _ in range(2)], 5),
    ),
]

LOOK_ALIKES = [
    LookAlike(
        "a sort or two on disk, and a single deadlock",
        objects=("database spills_a_little",),
        sow=lambda bed: (
            sort(in_database(bed, "spills_a_little"), 3_000),
            deadlocks([in_database(bed, "spills_a_little") for _ in range(2)], 1),
        )[0],
    ),
]


def finish(bed: Bed) -> None:
    """Until the counters of what is closed have arrived."""
    bed.until(
        "SELECT FROM pg_stat_database AS a, pg_stat_database AS b WHERE a.datname = 'spills. a lot' AND a.temp_bytes > 0"
        " AND b.datname = 'deadlocks' AND b.deadlocks >= 5"
    )
