"""Health reports made by hand, and an operation that returns them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from opsadmin.core import operation as registry
from opsadmin.core.finding import CheckResult, Finding, HealthReport, NotLookedAt, Status, Unavailable
from opsadmin.perform import load

ODD = "public.\"a.b 'c' %s é<b>\""


def finding(check: str, object: str, severity: Status = Status.WARNING, **more: str) -> Finding:
    words = {"message": f"{object} is not as it should be: 12 MB, threshold 10 MB.", "hint": "Mend it.", **more}
    return Finding(check=check, area=check.split(".")[0], severity=severity, object=object, **words)


def result(check: str, title: str, *findings: Finding, examined: str = "12 of them", **more: object) -> CheckResult:
    status = max((one.severity for one in findings), key=lambda one: one.rank, default=Status.OK)
    return CheckResult(check, check.split(".")[0], title, status, findings, examined, **more)


def healthy() -> HealthReport:
    checks = (
        result("connection.answers", "PostgreSQL answers"),
        result("index.invalid", "Invalid index", examined="41 indexes"),
        result("vacuum.wraparound", "Transaction ids running out", examined="3 databases"),
    )
    return HealthReport(checks, "store, PostgreSQL 17.2", datetime.now(UTC), 41.5, {"answers": True}, statements=12)


def sick() -> HealthReport:
    many = [
        finding(
            "index.unused",
            f"public.idx_{number}",
            why="Every write pays for it.",
            threshold="50 scans; source: our choice",
            fix_sql=f"DROP INDEX CONCURRENTLY public.idx_{number};",
            lock="SHARE UPDATE EXCLUSIVE on public.orders",
        )
        for number in range(35)
    ]
    long_fix = "\n".join(f"ALTER TABLE public.t{number} VALIDATE CONSTRAINT c;" for number in range(10))
    checks = (
        result(
            "connection.lock_queue",
            "Sessions that wait for a lock",
            finding(
                "connection.lock_queue",
                "pid 4211",
                Status.CRITICAL,
                message="pid 4211 (psql) blocks 3 sessions for 125 s (threshold 60 s).",
                why="Nobody else can write the table.",
                fix_sql="SELECT pg_terminate_backend(4211);",
            ),
        ),
        result(
            "vacuum.dead_rows",
            "Dead rows",
            finding("vacuum.dead_rows", ODD, caused_by="pid 4211", fix_sql=f"VACUUM {ODD};"),
            finding("vacuum.dead_rows", "public.orders", hint="Another hint.", why="It differs."),
        ),
        result("index.unused", "Unused index", *many),
        result(
            "constraint.not_valid",
            "Constraint not valid",
            finding("constraint.not_valid", "public.t.c", fix_sql=long_fix),
        ),
        result(
            "store.copy_age",
            "JSON copy",
            finding("store.copy_age", "settings", fix_command="python manage.py export_store --force"),
        ),
        replace(
            result(
                "query.slow",
                "Slow queries",
                unavailable=Unavailable("pg_stat_statements is not installed.", "CREATE EXTENSION pg_stat_statements;"),
            ),
            status=Status.UNKNOWN,
        ),
        *healthy().checks,
    )
    return HealthReport(
        checks,
        "store, PostgreSQL 17.2 at Neon",
        datetime.now(UTC),
        812.0,
        {"answers": True, "ignored": 2},
        statements=19,
        not_looked_at=(NotLookedAt("public.locked", "pid 99 (migrate) holds ACCESS EXCLUSIVE on it."),),
    )


@contextmanager
def analysing(report: Callable[[], HealthReport]) -> Iterator[list[str]]:
    """`analyze_db_health` returns what `report` does; yields who asked for it, as often as it was."""
    load()
    asked: list[str] = []

    def run(parameters: object, call: registry.Call) -> HealthReport:
        asked.append(call.caller.name)
        return report()

    original = registry._operations["analyze_db_health"]
    registry._operations["analyze_db_health"] = replace(original, run=run)
    try:
        yield asked
    finally:
        registry._operations["analyze_db_health"] = original
