"""How long things are kept is set within bounds, told before, effective at the next clean-up, and reading knows of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from opsadmin.api import OperationError, list_retention, set_retention
from opsadmin.core.errors import NotPermitted
from opsadmin.core.operation import Caller, Effect
from opsadmin.jobs.retention import clean_up
from opsadmin.models import (
    AlertDelivery,
    AskedStatement,
    HealthSnapshot,
    Incident,
    Mark,
    OperationRun,
    Retention,
    Sample,
    SampledStatement,
)
from opsadmin.perform import perform, preview
from opsadmin.retention.bounds import BOUNDS, find_bound
from opsadmin.retention.kept import all_kept, amount
from opsadmin.workload import keeping, reading, trends
from opsadmin.workload.cells import Cell
from opsadmin.workload.kept_levels import kept_levels
from opsadmin.workload.levels import DAYS, HOURS, LEVEL_OF, LEVELS, MINUTES, level_for, stretches
from opsadmin.workload.sums import StatementSums, Sums
from tests.opsadmin.faces.people import person

pytestmark = pytest.mark.django_db(databases=["default", "store"])
NOW = datetime(2026, 11, 23, 10, 7, 12, tzinfo=UTC)
TRUSTED = Caller("anna", "command")


def look(at: datetime) -> None:
    keeping.add("store", at, {"up": Cell(1, 1, 1, 1)})


def test_by_default_it_is_as_the_code_of_the_samples_says():
    for name, level in LEVEL_OF.items():
        bound = find_bound(name)
        assert bound.time(bound.default) == level.kept
    assert kept_levels() == LEVELS
    assert [one.value for one in all_kept()] == [one.default for one in BOUNDS]
    for one in BOUNDS:
        assert one.least <= one.default <= one.most
    minutes, hours, days = (find_bound(name) for name in LEVEL_OF)
    # What is too old for a finer width is read of the wider one.
    assert minutes.time(minutes.most) <= hours.time(hours.least)
    assert hours.time(hours.most) <= days.time(days.least)


def test_what_a_full_sample_takes_is_what_is_said_of_it():
    by = {(str(2**62 + number), "a_role_of_an_app"): Sums(*[1e8 + number / 7] * 10) for number in range(200)}
    metrics = json.dumps({f"health.critical_{number}": [86_400.1, 1e9 / 7, 1e8 / 7, 1e9 / 7] for number in range(60)})
    for name, level in LEVEL_OF.items():
        statements = json.dumps(StatementSums(Sums(), Sums(), by).cut(level.statements).as_data())
        tables = json.dumps([["a_schema", f"a_table_of_some_kind_{n}", 10**11, 10**8] for n in range(level.tables)])
        size = len(metrics) + len(statements) + len(tables)
        bound = find_bound(name)
        said = bound.bytes_each * (level.width / bound.time(1))
        assert 0.8 * size < said < 1.5 * size


def test_out_of_range_both_at_once_and_unknown_are_refused():
    for wrong in (
        {"name": "runs", "keep": 99},
        {"name": "runs", "keep": 100_001},
        {"name": "run_days", "keep": 0},
        {"name": "runs"},
        {"name": "runs", "keep": 500, "reset": True},
        {"name": "runs", "keep": -1},
        {"name": "rüns'", "keep": 500},
    ):
        with pytest.raises(OperationError):
            set_retention(**wrong)
        with pytest.raises(OperationError):
            preview("set_retention", wrong, TRUSTED)
    assert not Retention.objects.exists()
    with pytest.raises(OperationError) as refused:
        set_retention(name="five_minute_samples", keep=500)
    assert refused.value.message == "five_minute_samples is from 25 to 192 hours, not 500."


def test_it_is_told_before_done_at_the_next_clean_up_and_logged():
    for _ in range(230):
        OperationRun.objects.create(operation="x", effect="writes", caller="a", door="page", outcome="done")
    going_on = OperationRun.objects.create(
        operation="x", effect="writes", caller="a", door="page", heartbeat_at=timezone.now()
    )
    found = preview("set_retention", {"name": "runs", "keep": 120}, TRUSTED)
    assert found is not None
    assert found.sentences == (
        "Runs of operations: how many: 120 from now on, 5 000 until now.",
        "That can become about 1.14 MB.",
        "The next clean-up forgets 110 rows for good.",
    )
    state = set_retention(name="runs", keep=120, reason="small disk")
    assert (state.keep, state.is_changed, state.reason) == (120, True, "small disk")
    run = OperationRun.objects.get(operation="set_retention")
    assert (run.outcome, run.parameters["keep"]) == ("done", 120)
    assert OperationRun.objects.count() == 232
    assert clean_up() == "111 runs are forgotten. The sessions that were over are."
    assert OperationRun.objects.exclude(outcome="running").count() == 120
    assert OperationRun.objects.filter(pk=going_on.pk).exists()
    assert set_retention(name="runs", reset=True).keep == 5000
    changed = {one.name: one.keep for one in list_retention().retention if one.is_changed}
    assert changed == {}


def test_a_token_that_destroys_nothing_may_only_have_more_kept():
    cron = Caller("cron", "http", reach=Effect.WRITES)
    assert perform("set_retention", {"name": "runs", "keep": 6000}, cron).keep == 6000
    for less in ({"keep": 5999}, {"reset": True}):
        with pytest.raises(NotPermitted, match="may not have less kept"):
            perform("set_retention", {"name": "runs", **less}, cron)
    assert amount("runs") == 6000


def test_a_clean_up_forgets_what_a_tighter_bound_leaves_no_room_for():
    now, user = timezone.now(), person("analyst")
    for number in range(60):
        at = now - timedelta(hours=number)
        HealthSnapshot.objects.create(database="gone", taken_at=at, status="ok", score=1, report={})
        Incident.objects.create(database="store", title="x", severity="warning", opened_at=at, closed_at=at)
        AlertDelivery.objects.create(
            channel="x", subject="s", message={}, created_at=at, next_at=at, state="waiting" if number == 59 else "sent"
        )
        asked = {"database": "store", "digest": str(number), "sql": "SELECT 1", "action": "run", "asked_at": at}
        AskedStatement.objects.create(user=user, **asked)
    Mark.objects.bulk_create(
        Mark(database=("store", "gone", "")[number % 3], kind="restart", at=now - timedelta(minutes=number), text="x")
        for number in range(330)
    )
    SampledStatement.objects.bulk_create(
        SampledStatement(database="gone", queryid=str(number), text="SELECT 1", seen_at=now) for number in range(210)
    )
    for name, keep in {
        "health_reports": 50,
        "incidents": 20,
        "alerts": 20,
        "asked_statements": 0,
        "marks": 100,
        "statement_texts": 200,
        "run_lines": 10,
    }.items():
        set_retention(name=name, keep=keep)
    said = clean_up()
    assert HealthSnapshot.objects.count() == 50
    assert Incident.objects.count() == 20
    assert AlertDelivery.objects.filter(state="waiting").count() == 1
    assert AlertDelivery.objects.count() == 21
    assert not AskedStatement.objects.exists()
    assert SampledStatement.objects.count() == 200
    # Those that are about all databases count with each of them.
    assert Mark.objects.filter(database__in=("store", "")).count() == 100
    assert Mark.objects.order_by("-at")[0].at == now
    assert "other rows are, too." in said
    assert clean_up() == "No run is old enough to be forgotten. The sessions that were over are."


def test_what_is_kept_for_longer_is_not_taken_for_there_already(monkeypatch):
    """Right after the change the minutes of before are gone: nobody may take that for a time when nobody looked."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    for hours in range(24 * 8):
        look(NOW - timedelta(hours=hours, minutes=1))
    clean_up()
    assert Sample.objects.filter(level="minutes").order_by("at")[0].at >= NOW - timedelta(hours=50)
    set_retention(name="five_minute_samples", keep=192)
    start = NOW - timedelta(hours=100)
    level, rows = reading.fine_rows("store", Sample.Kind.METRICS, start, NOW, 200)
    assert (level.name, len(rows)) == ("hour", 101)

    def looks() -> float:
        rows = reading.whole_rows("store", Sample.Kind.METRICS, start, NOW, NOW)
        return sum(row.data["up"][0] for row in rows)

    assert looks() == 101
    assert trends.gaps("store", start, NOW) == []
    # Two days later two days more are there.
    later = NOW + timedelta(days=2)
    levels = kept_levels()
    assert level_for(later - timedelta(hours=96), later, later, 200, levels=levels).name == "minutes"
    assert level_for(later - timedelta(hours=98), later, later, 200, levels=levels).name == "hour"
    # Tighter: what is deleted at the next clean-up is not read any more from now on.
    set_retention(name="five_minute_samples", keep=25)
    assert reading.fine_rows("store", Sample.Kind.METRICS, NOW - timedelta(hours=26), NOW, 200)[0].name == "hour"
    clean_up()
    assert looks() == 101
    # And back: the day that was forgotten meanwhile does not come back.
    set_retention(name="five_minute_samples", reset=True)
    assert level_for(NOW - timedelta(hours=30), NOW, NOW, 200, levels=kept_levels()).name == "hour"
    assert amount("five_minute_samples") == 49


def test_stretches_follow_each_other_with_other_bounds_too():
    set_retention(name="five_minute_samples", keep=192)
    set_retention(name="hour_samples", keep=8)
    set_retention(name="day_samples", keep=92)
    Retention.objects.update(since=None)
    levels = kept_levels()
    assert [one.kept.days for one in levels] == [8, 8, 92]
    for hours in (3, 50, 191, 193, 500, 3000):
        found = list(stretches(NOW - timedelta(hours=hours, minutes=3), NOW, NOW, levels))
        for left, right in zip(found, found[1:], strict=False):
            assert left.end == right.start
        for one in found:
            assert one.level.name == DAYS.name or one.start >= one.level.begin(NOW - one.level.kept)
    assert {one.level.name for one in stretches(NOW - timedelta(hours=190), NOW, NOW, levels)} == {
        MINUTES.name,
        HOURS.name,
        DAYS.name,
    }
