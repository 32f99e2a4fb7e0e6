"""Sick and innocent sessions."""

from collections.abc import Callable

import psycopg
from psycopg import errors, sql

from tests.sick_database.plant import Bed, LookAlike, Problem

#: Nobody waits a minute for a test: these plants are judged by thresholds of a moment.
THRESHOLDS = {
    "connection.idle_in_transaction.warning_seconds": 0.2,
    "connection.aborted_transaction.warning_seconds": 0.2,
    "connection.long_query.warning_seconds": 0.2,
    "connection.lock_queue.warning_seconds": 0.2,
    "connection.lock_wait.warning_seconds": 0.2,
    "connection.idle_hog.idle_seconds": 0.2,
}

QUEUES = ("connection.lock_queue", "connection.lock_wait")


def in_transaction(application: str, *statements: str, **more: str) -> Callable[[Bed], None]:
    """A session that leaves its transaction open after these statements."""

    def sow(bed: Bed) -> None:
        connection = bed.open(application, **more)
        for statement in statements or ("SELECT 1",):
            connection.execute(statement.encode())

    return sow


def aborted(application: str) -> Callable[[Bed], None]:
    def sow(bed: Bed) -> None:
        connection = bed.open(application)
        try:
            connection.execute("SELECT 1 / 0")
        except errors.DivisionByZero:
            pass

    return sow


def send(bed: Bed, application: str, *statements: str, autocommit: bool = False) -> None:
    """A session that does the statements and does not come back from the last one."""
    connection = bed.open(application, autocommit=autocommit)
    for statement in statements[:-1]:
        connection.execute(statement.encode())
    if not autocommit:
        connection.execute("SELECT 1")
    connection.pgconn.send_query(statements[-1].encode())
    bed.until(
        "SELECT FROM pg_stat_activity WHERE pid = %s AND state = 'active' AND wait_event IS NOT NULL",
        [connection.info.backend_pid],
    )


def sessions(count: int, application: str, *, numbered: bool = False, **more: str) -> Callable[[Bed], None]:
    """Sessions that were used once and are idle since."""

    def sow(bed: Bed) -> None:
        for number in range(count):
            name = f"{application} {number}" if numbered else application
            bed.open(name, autocommit=True, **more).execute("SELECT 1")

    return sow


def limited_role(role: str, limit: int, used: int, attributes: str = "") -> Callable[[Bed], None]:
    def sow(bed: Bed) -> None:
        bed.superuser.execute(
            sql.SQL("CREATE ROLE {} LOGIN {} CONNECTION LIMIT {}").format(
                sql.Identifier(role), sql.SQL(attributes), sql.Literal(limit)
            )
        )
        sessions(used, "of a limited role", user=role)(bed)

    return sow


def limited_database(database: str, limit: int, used: int) -> Callable[[Bed], None]:
    def sow(bed: Bed) -> None:
        bed.superuser.execute(
            sql.SQL("CREATE DATABASE {} CONNECTION LIMIT {}").format(sql.Identifier(database), sql.Literal(limit))
        )
        sessions(used, "of a limited database", database=database)(bed)

    return sow


def a_chain(bed: Bed) -> None:
    bed.superuser.execute("CREATE TABLE queue_here (id int PRIMARY KEY); INSERT INTO queue_here VALUES (1), (2)")
    in_transaction("root of a chain", "SELECT * FROM queue_here")(bed)
    send(bed, "middle of a chain", "LOCK TABLE queue_here IN ACCESS EXCLUSIVE MODE")
    send(bed, "end of a chain", "SELECT * FROM queue_here")


def a_row(bed: Bed) -> None:
    bed.superuser.execute('CREATE TABLE "rows. ""wanted" (id int PRIMARY KEY); INSERT INTO "rows. ""wanted" VALUES (1)')
    update = 'UPDATE "rows. ""wanted" SET id = id WHERE id = 1'
    in_transaction("root of a row", update)(bed)
    send(bed, "first at the row", update)
    send(bed, "second at the row", update)


def an_advisory_lock(bed: Bed) -> None:
    bed.open("root of an advisory lock", autocommit=True).execute("SELECT pg_advisory_lock(8589934593)")
    send(bed, "wants the advisory lock", "SELECT pg_advisory_lock(8589934593)", autocommit=True)


def a_prepared_transaction(bed: Bed) -> None:
    bed.superuser.execute("CREATE TABLE prepared_on (id int PRIMARY KEY); INSERT INTO prepared_on VALUES (1)")
    for gid, statement in (
        ("only reads", "SELECT * FROM prepared_on"),
        ("it's stuck", "UPDATE prepared_on SET id = id"),
    ):
        connection = bed.open("prepares")
        connection.execute(statement.encode())
        connection.execute(sql.SQL("PREPARE TRANSACTION {}").format(sql.Literal(gid)))
        connection.close()
    send(bed, "behind a prepared one", "UPDATE prepared_on SET id = id")
    send(bed, "behind a prepared one too", "LOCK TABLE prepared_on IN SHARE MODE")


def an_index_being_built(bed: Bed) -> None:
    bed.superuser.execute("CREATE TABLE being_indexed (id int PRIMARY KEY, what text)")
    in_transaction("reads what is being indexed", "SELECT * FROM being_indexed")(bed)
    send(bed, "builds an index", "CREATE INDEX CONCURRENTLY in_the_making ON being_indexed (what)", autocommit=True)


def a_walsender(bed: Bed) -> None:
    connection = psycopg.connect(
        bed.dsn(), application_name="a standby at rest", autocommit=True, replication="database"
    )
    bed.later(connection.close)


def a_hoarding_role(bed: Bed) -> None:
    bed.superuser.execute('CREATE ROLE "hoards ""sessions" LOGIN')
    sessions(21, "worker", numbered=True, user='hoards "sessions')(bed)


PROBLEMS = [
    Problem(
        "a session idle in transaction",
        check="connection.idle_in_transaction",
        object="(idle in a transaction)",
        contains=True,
        by=("superuser", "monitor"),
        severity="warning",
        sow=in_transaction("idle in a transaction"),
    ),
    Problem(
        "a session with an odd name idle in a transaction of another database",
        check="connection.idle_in_transaction",
        object='(it\'s "odd". {name})',
        contains=True,
        by=("superuser", "monitor"),
        message="database postgres",
        sow=in_transaction('it\'s "odd". {name}', database="postgres"),
    ),
    Problem(
        "a session idle in a transaction whose statement had a secret in it",
        check="connection.idle_in_transaction",
        object="(keeps a secret)",
        contains=True,
        by=("superuser", "monitor"),
        message="its last statement: SELECT ....",
        sow=in_transaction("keeps a secret", "SELECT 'sesame'"),
    ),
    Problem(
        "an aborted transaction",
        check="connection.aborted_transaction",
        object="(swallows errors)",
        contains=True,
        by=("superuser", "monitor"),
        sow=aborted("swallows errors"),
    ),
    Problem(
        "a statement that does not end",
        check="connection.long_query",
        object="(never ends)",
        contains=True,
        by=("superuser", "monitor"),
        message="pg_sleep",
        sow="",
    ),
    Problem(
        "the root of a chain of locks",
        check="connection.lock_queue",
        object="(root of a chain)",
        contains=True,
        message="2 sessions wait for it",
        sow="",
    ),
    Problem(
        "the middle of the chain",
        check="connection.lock_wait",
        object="(middle of a chain)",
        contains=True,
        message="AccessExclusiveLock on public.queue_here",
        sow="",
    ),
    Problem(
        "the end of the chain, and its root",
        check="connection.lock_wait",
        object="(end of a chain)",
        contains=True,
        message="(root of a chain)",
        sow="",
    ),
    Problem(
        "the root of a queue for a row",
        check="connection.lock_queue",
        object="(root of a row)",
        contains=True,
        message='a row of public."rows. ""wanted"',
        hint="Its transaction was left open",
        sow="",
    ),
    Problem(
        "the second in a queue for a row",
        check="connection.lock_wait",
        object="(second at the row)",
        contains=True,
        message="(root of a row)",
        sow="",
    ),
    Problem(
        "the holder of an advisory lock that others want",
        check="connection.lock_queue",
        object="(root of an advisory lock)",
        contains=True,
        message="the advisory lock 8589934593",
        hint="It is in no transaction",
        sow="",
    ),
    Problem(
        "a prepared transaction that others wait for",
        check="connection.lock_queue",
        object="prepared transaction 'it''s stuck'",
        message="(behind a prepared one too) for ShareLock on public.prepared_on",
        sow="",
    ),
    Problem(
        "many idle sessions of one application",
        check="connection.idle_hog",
        object="leaky pool (role postgres)",
        by=("superuser", "monitor"),
        message="20 sessions",
        sow=lambda bed: sessions(20, "leaky pool")(bed),
    ),
    Problem(
        "many idle sessions of one role under many names",
        check="connection.idle_hog",
        object='role "hoards ""sessions"',
        by=("superuser", "monitor"),
        sow=a_hoarding_role,
    ),
    Problem(
        "a role near its limit",
        check="connection.role_limit",
        object="role nearly_full",
        severity="warning",
        message="3 of its 4",
        sow=limited_role("nearly_full", 4, 3),
    ),
    Problem(
        "a role at its limit",
        check="connection.role_limit",
        object='role "full. role"',
        severity="critical",
        sow=limited_role("full. role", 1, 1),
    ),
    Problem(
        "a database near its limit",
        check="connection.database_limit",
        object='database "small. database"',
        message="4 of its 5",
        sow=limited_database("small. database", 5, 4),
    ),
]

LOOK_ALIKES = [
    LookAlike(
        "a session that is idle, but not in a transaction",
        objects=("(just idle)",),
        sow=sessions(1, "just idle"),
    ),
    LookAlike(
        "a pool of the usual size",
        objects=("usual pool (role postgres)", "(usual pool)", "role postgres"),
        sow=sessions(8, "usual pool"),
    ),
    LookAlike("a role at half its limit", objects=("role half_full",), sow=limited_role("half_full", 4, 2)),
    LookAlike("a role that uses nothing of its limit", objects=("role unused",), sow=limited_role("unused", 1, 0)),
    LookAlike("a role that may not connect", objects=("role shut_out",), sow=limited_role("shut_out", 0, 0)),
    LookAlike(
        "a superuser, whom no limit holds",
        objects=("role boundless",),
        sow=limited_role("boundless", 1, 2, "SUPERUSER"),
        checks=("connection.role_limit",),
    ),
    LookAlike(
        "a database at half its limit",
        objects=("database roomy",),
        sow=limited_database("roomy", 4, 2),
    ),
    LookAlike(
        "an advisory lock that nobody else wants",
        objects=("(holds an advisory lock)",),
        sow=lambda bed: (
            bed.open("holds an advisory lock", autocommit=True).execute("SELECT pg_advisory_lock(7)") and None
        ),
    ),
    LookAlike(
        "a prepared transaction that holds up nobody",
        objects=("prepared transaction 'only reads'",),
        sow="",
        checks=QUEUES,
    ),
    LookAlike(
        "a victim of a lock, which is no root",
        objects=("(middle of a chain)", "(end of a chain)", "(first at the row)"),
        sow="",
        checks=("connection.lock_queue", "connection.long_query"),
    ),
    LookAlike(
        "an index that is being built and waits for older readers, as it must",
        objects=("(builds an index)", "(reads what is being indexed)"),
        sow="",
        checks=(*QUEUES, "connection.long_query"),
    ),
    LookAlike(
        "the leader of a parallel pg_dump",
        objects=("(pg_dump)",),
        sow=in_transaction("pg_dump"),
        checks=("connection.idle_in_transaction",),
    ),
    LookAlike(
        "a replication connection at rest",
        objects=("(a standby at rest)",),
        sow=a_walsender,
    ),
]


def afterwards(bed: Bed) -> None:
    """What holds up VACUUM, new indexes and new replication slots: a statement that does not end, and the queues. Then
    until the youngest of the planted sessions is old enough for the thresholds above."""
    send(bed, "never ends", "SELECT pg_sleep(3600)", autocommit=True)
    for sow in (a_chain, a_row, an_advisory_lock, a_prepared_transaction, an_index_being_built):
        sow(bed)
    bed.superuser.execute("SELECT pg_sleep(0.3)")
