"""Health reports of one database as a test wants them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from opsadmin.core.finding import CheckResult, Finding, HealthReport, Status, Unavailable

#: When the stories of the tests begin.
BEGIN = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def finding(check: str, severity: Status = Status.CRITICAL, object: str = "public.orders", **more: object) -> Finding:
    message = str(more.pop("message", f"{object} is in a bad way."))
    return Finding(check, check.split(".")[0], severity, object, message, **more)  # type: ignore[arg-type]


def result(check: str, *findings: Finding, blind: bool = False) -> CheckResult:
    status = max((one.severity for one in findings), key=lambda one: one.rank, default=Status.OK)
    unavailable = Unavailable("No answer.") if blind else None
    title = check.replace(".", " ").capitalize()
    return CheckResult(check, check.split(".")[0], title, status, tuple(findings), unavailable=unavailable)


def report(minutes: float, *results: CheckResult) -> HealthReport:
    return HealthReport(results, "PostgreSQL 15", at(minutes), 12.0)


def critical(check: str, **more: object) -> CheckResult:
    return result(check, finding(check, **more))


def warning(check: str) -> CheckResult:
    return result(check, finding(check, Status.WARNING))


def fine(check: str) -> CheckResult:
    return result(check)
