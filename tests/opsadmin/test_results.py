"""Results as plain data, and as blocks for people."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from opsadmin.core.blocks import Code, Figures, Table, blocks_of, label_of, said, said_bytes, said_number, said_seconds
from opsadmin.core.finding import CheckResult, Finding, HealthReport, Status
from opsadmin.core.result import Result, plain


@dataclass(frozen=True)
class Column:
    name: str
    size_bytes: int
    comment: str | None = None


@dataclass(frozen=True)
class Details(Result):
    name: str
    mean_ms: float
    columns: tuple[Column, ...]
    definition: str
    taken_at: datetime


DETAILS = Details("t", 1.5, (Column("a", 2048),), "CREATE TABLE t (\n)", datetime(2026, 11, 23, 4, 10, tzinfo=UTC))


def test_a_result_is_json():
    assert json.loads(json.dumps(DETAILS.as_dict())) == {
        "name": "t",
        "mean_ms": 1.5,
        "columns": [{"name": "a", "size_bytes": 2048, "comment": None}],
        "definition": "CREATE TABLE t (\n)",
        "taken_at": "2026-11-23T04:10:00+00:00",
    }


@pytest.mark.parametrize(
    "value, as_json",
    [
        (Decimal("1.5"), 1.5),
        (Decimal("NaN"), "NaN"),
        (float("inf"), "inf"),
        (b"\x00\xff", "AP8="),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(seconds=90), 90.0),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Status.OK, "ok"),
        ({1: {2}}, {"1": [2]}),
        (object, str(object)),
    ],
)
def test_odd_values_become_plain(value, as_json):
    assert plain(value) == as_json


def test_blocks_come_from_the_fields():
    figures, table, code = blocks_of(DETAILS)
    assert isinstance(figures, Figures)
    assert figures.pairs == (("Name", "t"), ("Mean (ms)", "1.50"), ("Taken", "2026-11-23 04:10:00 UTC"))
    assert isinstance(table, Table)
    assert (table.columns, table.rows, table.numeric) == (("Name", "Size", "Comment"), (("a", "2 kB", "–"),), {1})
    assert code == Code("Definition", "CREATE TABLE t (\n)")
    (alone,) = blocks_of([Column("a", 1)])
    assert isinstance(alone, Table)
    assert blocks_of([])[0].rows == ()


@pytest.mark.parametrize(
    "text, value",
    [
        ("0 B", said_bytes(0)),
        ("1.5 MB", said_bytes(1.5 * 1024**2)),
        ("200 TB", said_bytes(200 * 1024**4)),
        ("250 ms", said_seconds(0.25)),
        ("1 min 30 s", said_seconds(90)),
        ("2 h", said_seconds(7200)),
        ("400 d", said_seconds(400 * 86_400)),
        ("12 %", said_number("share_percent", 12)),
        ("1 234 567", said_number("rows", 1_234_567)),
        ("25251", said_number("blocker_pid", 25_251)),
        ("0.000163", said_number("promise", 0.00016308)),
        ("0.16", said_number("promise", 0.163)),
        ("yes", said("is_unique", True)),
        ("Last seen", label_of("last_seen_at")),
    ],
)
def test_numbers_are_said_with_their_unit(text, value):
    assert value == text


def result(check, status):
    finding = Finding(check, "index", status, "public.t", "It is wrong.")
    return CheckResult(check, "index", "A check", status, () if status is Status.OK else (finding,))


@pytest.mark.parametrize(
    "statuses, score",
    [
        ([], 100),
        ([Status.UNKNOWN], 99),
        ([Status.OK] * 50 + [Status.WARNING], 89),
        ([Status.WARNING] * 4, 80),
        ([Status.OK] * 99 + [Status.CRITICAL], 49),
        ([Status.CRITICAL] * 9, 0),
    ],
)
def test_many_fine_checks_never_hide_a_bad_one(statuses, score):
    report = HealthReport(tuple(result(f"index.{n}", s) for n, s in enumerate(statuses)), "", datetime.now(UTC), 1)
    assert report.score == score


def test_a_report_tells_each_finding_once():
    report = HealthReport((result("index.a", Status.WARNING),), "here", datetime.now(UTC), 1.0, statements=3)
    shown = report.as_dict()
    assert shown["findings"][0]["object"] == "public.t"
    assert set(shown["findings"][0]) == {"check", "area", "severity", "object", "message", "hint", "fix_sql", "docs"}
    assert shown["checks"][0]["found"] == 1
    assert "findings" not in shown["checks"][0]
