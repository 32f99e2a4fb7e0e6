"""Reading what was sampled, PostgreSQL being of no concern; and how much is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from opsadmin.api import OperationError, get_trends
from opsadmin.models import Mark, Sample, SampledStatement
from opsadmin.workload import keeping, retention, trends
from opsadmin.workload.cells import Cell, Cells
from opsadmin.workload.keeping import Figures
from opsadmin.workload.levels import LEVELS
from opsadmin.workload.standing import Standing
from opsadmin.workload.sums import StatementSums, Sums, added

pytestmark = pytest.mark.django_db(databases=["default"])

NOW = datetime(2026, 11, 23, 10, 7, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is NOW."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def cells(**values: tuple[float, float]) -> Cells:
    found = {name: Cell.of(*value) for name, value in values.items()}
    return {name: cell for name, cell in found.items() if cell is not None}


def look(at: datetime, statements: StatementSums | None = None, **values: tuple[float, float]) -> None:
    standing = Standing(clock=at, seen_at=at, system="1.1", started_at=at)
    figures = Figures(cells(up=(1, 1), **values), statements)
    assert keeping.keep("store", keeping.before("store").version, at, figures, standing)


def ran(*given: tuple[str, str, Sums]) -> StatementSums:
    by = {(queryid, role): sums for queryid, role, sums in given}
    return StatementSums(added(by.values()), Sums(), by)


def ago(**more: float) -> datetime:
    return NOW - timedelta(**more)


def test_figures_against_the_time_before() -> None:
    for minutes in range(0, 24 * 60, 30):
        calls = 10 if minutes <= 720 else 5
        look(
            ago(minutes=minutes),
            transactions=(300 * calls, 300),
            size_bytes=(1000 + calls, 1),
            p95_ms=(3 * calls, calls),
        )
    found = trends.figures("store", ["transactions", "size_bytes", "p95_ms", "cache_hit"], ago(hours=12), NOW)
    assert set(found) == {"transactions", "size_bytes", "p95_ms"}
    one = found["transactions"]
    assert (one.value, one.total, one.before, one.change) == (10, 25 * 3000, 5, 1.0)
    assert (one.low, one.high, one.last) == (10, 10, 10)
    assert found["size_bytes"].total is None
    assert found["size_bytes"].grown == 5
    whole = trends.figures("store", ["transactions"], ago(hours=24), NOW)["transactions"]
    assert (whole.value, whole.before, whole.change) == (pytest.approx(7.604, abs=0.001), None, None)
    assert trends.figures("other", ["transactions"], ago(hours=12), NOW) == {}


def test_a_line_has_so_many_points_and_holes_where_nobody_looked() -> None:
    for minutes in (*range(0, 120, 5), *range(600, 700, 5)):
        look(ago(minutes=minutes), p95_ms=(float(minutes), 1))
    line = trends.series("store", "p95_ms", ago(hours=24), NOW, points=48)
    assert len(line) < 48
    assert [one.at for one in line] == sorted(one.at for one in line)
    assert line[-1].at <= NOW
    assert all(one.low <= one.value <= one.high for one in line)
    (gap,) = trends.gaps("store", ago(hours=24), NOW)
    assert (gap.start, gap.end) == (ago(minutes=600), datetime(2026, 11, 23, 8, 10, tzinfo=UTC))
    (present,) = trends.gaps("store", ago(hours=12), NOW - timedelta(hours=2)) or [None]
    assert present is not None
    assert trends.sampled_since("store") is not None
    assert trends.sampled_since("other") is None
    assert trends.series("store", "no_such", ago(hours=1), NOW) == []


def test_the_first_look_is_told_by_the_finest_sample_that_is_left() -> None:
    assert trends.sampled_since("store") is None
    look(ago(minutes=19))
    assert trends.sampled_since("store") == datetime(2026, 11, 23, 9, 45, tzinfo=UTC), "not midnight"
    look(ago(days=10))
    retention.forget("store", NOW)
    assert trends.sampled_since("store") == datetime(2026, 11, 13, 10, tzinfo=UTC), "its five minutes are forgotten"
    look(ago(days=60))
    retention.forget("store", NOW)
    assert trends.sampled_since("store") == datetime(2026, 9, 24, tzinfo=UTC), "its hour, too"


def test_a_month_is_read_from_days_and_an_hour_from_minutes() -> None:
    for days in range(70):
        look(ago(days=days, hours=0.5), transactions=(300, 300))
    retention.forget("store", NOW)
    assert trends.figures("store", ["transactions"], ago(days=30), NOW)["transactions"].total == 30 * 300
    assert trends.figures("store", ["transactions"], ago(hours=1), NOW)["transactions"].total == 300
    for days in (1, 7, 30, 60):
        assert 0 < len(trends.series("store", "transactions", ago(days=days), NOW, points=30)) <= 32


def test_statements_against_the_time_before_in_every_order() -> None:
    slow, fast, new = (
        Sums(calls=10, ms=1000, rows=5, max_ms=300),
        Sums(calls=5000, ms=500),
        Sums(calls=1, ms=250, wal_bytes=9),
    )
    SampledStatement.objects.bulk_create(
        SampledStatement(database="store", queryid=queryid, text=text, seen_at=NOW)
        for queryid, text in (("1", "SELECT slow"), ("-2", "SELECT fast"), ("3", 'INSERT 100% "new"'))
    )
    look(ago(hours=30), ran(("1", "app", slow), ("-2", "app", fast)))
    look(ago(hours=2), ran(("1", "app", slow), ("1", "web", slow), ("-2", "app", fast), ("3", "app", new)))
    found = trends.top_between("store", ago(hours=24), NOW)
    assert [one.queryid for one in found] == ["1", "-2", "3"]
    one = found[0]
    assert (one.calls, one.total_time, one.mean_time, one.max_time, one.roles) == (20, 2000, 100, 300, ("app", "web"))
    assert one.share == pytest.approx(2000 / 2750)
    assert (one.change, one.mean_change, one.calls_change) == (1.0, 0.0, 1.0)
    assert found[2].is_new
    assert found[2].change is None
    assert found.has_before
    firsts = {
        order: trends.top_between("store", ago(hours=24), NOW, sort_by=order)[0].queryid for order in trends.ORDERS
    }
    assert firsts == {
        "total_time": "1",
        "mean_time": "3",
        "max_time": "1",
        "calls": "-2",
        "rows": "1",
        "io": "1",
        "wal": "3",
        "change": "1",
    }
    assert [one.queryid for one in trends.top_between("store", ago(hours=24), NOW, text='insert 100% "')] == ["3"]
    assert [one.queryid for one in trends.top_between("store", ago(hours=24), NOW, role="web")] == ["1"]
    assert trends.top_between("store", ago(hours=24), NOW, limit=1, offset=1)[0].queryid == "-2"
    assert trends.top_between("store", ago(hours=24), NOW, limit=1).found == 3
    assert trends.top_between("store", ago(hours=24), NOW, queryid="3")[0].as_dict()["queryid"] == "3"
    assert trends.top_between("store", ago(hours=1), NOW) == []
    with pytest.raises(OperationError, match="must be one of"):
        trends.top_between("store", ago(hours=1), NOW, sort_by="beauty")
    json.dumps(found[0].as_dict())


def test_a_statement_over_time() -> None:
    for hours in range(10):
        ran_now = ran(("1", "app", Sums(calls=2, ms=20.0 * (hours + 1))), ("2", "app", Sums(calls=1, ms=1)))
        look(ago(hours=hours), ran_now if hours != 4 else ran(("2", "app", Sums(calls=1, ms=1))))
    line = trends.query_series("store", "1", ago(hours=9.5), NOW, points=10)
    assert len(line) == 10
    assert sum(one.calls for one in line) == 18
    assert [one.mean_time for one in line if one.calls == 0] == [None]
    assert line[-1].mean_time == 10
    sparks = trends.query_sparks("store", ["1", "2", "gone"], ago(hours=9.5), NOW, points=10)
    assert [len(sparks[one]) for one in ("1", "2", "gone")] == [10, 10, 10]
    assert sparks["1"][-1][1] == 20
    assert {total for _, total in sparks["gone"]} == {0.0}
    assert trends.query_series("store", "1", ago(hours=9.5), NOW, role="web")[0].calls == 0


def test_how_tables_grew() -> None:
    def sized(at: datetime, *tables: tuple[str, str, int]) -> None:
        rows = [{"schema": schema, "name": name, "bytes": size, "estimated_rows": 5} for schema, name, size in tables]
        keeping.keep("store", keeping.before("store").version, at, Figures(cells(up=(1, 1)), None, None, rows))

    odd = 'Orders "2026" 100%.x'
    sized(ago(days=7), ("public", odd, 1000), ("public", "gone", 9000))
    sized(ago(days=3), ("public", odd, 1500), ("public", "still", 700))
    sized(NOW, ("public", odd, 4000), ("public", "still", 700))
    first, second = trends.table_sizes("store", ago(days=8), NOW)
    assert (first.name, first.bytes, first.before, first.growth, first.change) == (odd, 4000, 1000, 3000, 3.0)
    assert [size for _, size in first.points] == [1000, 1500, 4000]
    assert (second.name, second.growth) == ("still", 0)
    assert trends.table_sizes("store", ago(days=90), ago(days=80)) == []


def test_a_year_of_looks_takes_what_the_documentation_says() -> None:
    # Once a day for long, then more and more often: what the looks between would add is in the same samples.
    times = {ago(days=day) for day in range(420)}
    times |= {ago(hours=hour) for hour in range(0, 40 * 24, 8)}
    times |= {ago(minutes=minute) for minute in range(0, 52 * 60, 30)}
    for number, at in enumerate(sorted(times)):
        keeping.add("store", at, cells(up=(1, 1)))
        if number % 50 == 0:
            retention.forget("store", at)
    keeping.add("store", NOW + timedelta(days=3), cells(up=(1, 1)))  # by a clock that was wrong
    retention.forget("store", NOW)
    for level in LEVELS:
        rows = Sample.objects.filter(level=level.name, kind="metrics")
        expected = {level.begin(at) for at in times if at >= level.begin(NOW - level.kept)}
        assert set(rows.values_list("at", flat=True)) == expected
        assert len(expected) <= level.most
        assert rows.order_by("at")[0].at >= level.begin(NOW - level.kept)
    assert Sample.objects.filter(level="day").count() == 401


def test_a_sample_holds_a_bounded_number_of_things() -> None:
    by = {(str(number), "app"): Sums(calls=number, ms=number * 1.5) for number in range(1, 1001)}
    tables = [{"schema": "public", "name": f"t{number}", "bytes": number, "estimated_rows": 1} for number in range(500)]
    texts = {str(number): "SELECT 1" for number in range(1700)}
    statements = StatementSums(added(by.values()), Sums(), by)
    for at in (ago(minutes=10), NOW):
        figures = Figures(cells(up=(1, 1)), statements.cut(100), texts, tables)
        assert keeping.keep("store", keeping.before("store").version, at, figures)
    for level in LEVELS:
        total = Sums()
        for row in Sample.objects.filter(kind="statements", level=level.name):
            found = StatementSums.of_data(row.data)
            assert len(found.by) == level.statements
            total += found.rest + added(found.by.values())
        assert total.calls == 2 * sum(range(1, 1001))
        for row in Sample.objects.filter(kind="tables", level=level.name):
            assert len(row.data["tables"]) == level.tables
    Mark.objects.bulk_create(
        Mark(database="store", kind="restart", at=ago(minutes=number), text="x") for number in range(1100)
    )
    retention.forget("store", NOW)
    assert SampledStatement.objects.count() == 1500
    assert Mark.objects.count() == 1000


def test_the_operation_shows_what_there_is_and_says_what_there_is_not(client: Client) -> None:
    empty = get_trends(database="store")
    assert "No sample is there yet" in empty.blocks()[0].text
    look(ago(hours=20), p95_ms=(40, 4), wal_bytes=(300_000, 300), size_bytes=(5e6, 1))
    look(ago(minutes=3), p95_ms=(80, 4), wal_bytes=(600_000, 300), size_bytes=(6e6, 1))
    Mark.objects.create(database="store", kind="outage", at=ago(minutes=2), text="PostgreSQL does not answer.")
    found = get_trends(database="store", hours=12)
    figures, happened = found.blocks()
    shown = {row[0]: row[1:] for row in figures.rows}
    assert shown["95 % of statements within"] == ("20 ms", "20 ms", "20 ms", "20 ms", "+100 %")
    assert shown["WAL"][0] == "1.95 kB/s"
    assert shown["Database size"][-1] == "+977 kB"
    assert shown["Answers"][0] == "100.0 %"
    assert happened.rows[0][1:] == ("outage", "PostgreSQL does not answer.")
    *_, unseen = get_trends(database="store", hours=24).blocks()
    assert len(unseen.rows) == 1
    assert json.loads(json.dumps(found.as_dict()))["figures"][0]["name"] == "up"
    assert len(get_trends(database="store", metrics="all").figures) == 4
    for wrong in ("beauty", "up,beauty", ""):
        with pytest.raises(OperationError, match="comma list"):
            get_trends(database="store", metrics=wrong)
