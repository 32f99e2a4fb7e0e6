"""Sick and innocent queries, as pg_stat_statements knows them."""

from tests.fixtures.postgres import require_server
from tests.sick_database.plant import Bed, LookAlike, Problem

#: Nobody waits a second twenty times for a test.
THRESHOLDS = {
    "query.slow.mean_seconds": 0.02,
    "query.temporary_files.min_bytes": 500_000,
}

#: A server without the extension must say so instead.
SEEN_BY = ("superuser", "monitor") if "pg_stat_statements" in require_server().extensions else ()


def ask(times: int, query: str):
    def sow(bed: Bed) -> None:
        for _ in range(times):
            bed.superuser.execute(query.encode())

    return sow


def sort_on_disk(bed: Bed) -> None:
    bed.superuser.execute("SET work_mem = '64kB'")
    ask(5, "SELECT x AS on_disk FROM generate_series(1, 60000) AS x ORDER BY x DESC OFFSET 59999")(bed)
    bed.superuser.execute("RESET work_mem")


PROBLEMS = [
    Problem(
        "a slow query",
        check="query.slow",
        object="select pg_sleep($1) as a_slow_one",
        contains=True,
        by=SEEN_BY,
        message="in 5 calls",
        sow=ask(5, "/* of a page */ select  pg_sleep(0.03)\n as a_slow_one, 2, 3"),
    ),
    Problem(
        "a query that sorts on disk",
        check="query.temporary_files",
        object="on_disk",
        contains=True,
        by=SEEN_BY,
        sow=sort_on_disk,
    ),
]

LOOK_ALIKES = [
    LookAlike(
        "a slow query that was asked once",
        objects=("(a_slow_report)",),
        sow=ask(1, 'SELECT pg_sleep(0.2), 1, 2, 3 AS "(a_slow_report)"'),
    ),
    LookAlike("a quick query", objects=("(a_quick_one)",), sow=ask(30, 'SELECT 1 AS "(a_quick_one)"')),
    LookAlike(
        "a slow utility statement, whose text keeps what it was given",
        objects=("(kept from all)", "(pg_sleep_do)"),
        sow=ask(6, "DO $$ BEGIN PERFORM pg_sleep(0.025); PERFORM '(pg_sleep_do)', '(kept from all)'; END $$"),
    ),
    LookAlike("pg_stat_statements itself", objects=("pg_stat_statements", "pg_stat_statements.max"), sow="SELECT 1"),
]
