"""The registry of checks: worst first, and one that fails costs no other's findings."""

from datetime import UTC, datetime

from opsadmin.core.check import CannotLook, Check, Outcome, run_checks
from opsadmin.core.finding import Finding, HealthReport, Status, worst


def finding(severity: Status) -> Finding:
    return Finding("area.one", "area", severity, "thing", "It is so.")


CHECKS = [
    Check("area.fine", "area", "Fine", lambda subject: Outcome([], f"{subject} things")),
    Check("area.bad", "area", "Bad", lambda subject: Outcome([finding(Status.WARNING), finding(Status.CRITICAL)])),
    Check("area.broken", "area", "Broken", lambda subject: 1 / 0),
]


def cannot(subject):
    raise CannotLook("There is no extension.", "Create it.")


def test_worst_first_and_a_failing_check_loses_nothing(caplog):
    results = run_checks([*CHECKS, Check("area.cannot", "area", "Cannot", cannot)], 3)
    assert [(result.check, result.status) for result in results] == [
        ("area.bad", Status.CRITICAL),
        ("area.broken", Status.UNKNOWN),
        ("area.cannot", Status.UNKNOWN),
        ("area.fine", Status.OK),
    ]
    assert "ZeroDivisionError" in results[1].unavailable.reason
    assert results[2].unavailable.fix == "Create it."
    assert results[3].examined == "3 things"
    assert "area.broken failed" in caplog.text


def test_a_report_is_as_bad_as_its_worst_check():
    report = HealthReport(run_checks(CHECKS, 1), "here", datetime.now(UTC), 1.0, {"more": 1})
    assert report.overall_status == Status.CRITICAL
    assert [one.severity for one in report.findings] == [Status.CRITICAL, Status.WARNING]
    shown = report.as_dict()
    assert shown["overall_status"] == "critical"
    assert shown["more"] == 1


def test_nothing_at_all_is_fine():
    assert worst([]) == Status.OK
