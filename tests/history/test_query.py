"""Questions, against the same computed in plain Python."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import psycopg
import pytest

from stores.backends.history import HistoryService
from stores.backends.history_questions import GRANULARITIES, METRICS
from stores.backends.history_sql import sql
from tests.history.conftest import every

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 3, 28, 20, 0, 7, tzinfo=UTC)  # the night before clocks go forward in Paris
WIDTHS = {"minute": 60, "5min": 300, "15min": 900}


@pytest.fixture
def history(store_db):
    service = HistoryService(store_db)
    yield service
    service.close()


def some_readings(count=400, seed=1):
    chance = random.Random(seed)
    return [
        {
            "timestamp": START + timedelta(seconds=chance.randrange(36 * 3600)),
            "temperature": chance.choice([None, Decimal(chance.randrange(150, 260)) / 10]),
            "humidity": Decimal(chance.randrange(300, 600)) / 10,
            "assumed_aircon_power": chance.choice(["on", "off", None]),
            "last_action": chance.choice(["winter_on", "off", None]),
            "api_requests_today": chance.randrange(100),
            "error_count": chance.choice([0, 0, 1]),
            "last_temperature_stale": chance.random() < 0.2,
        }
        for _ in range(count)
    ]


def bucket_of(moment: datetime, granularity: str, zone: ZoneInfo) -> datetime:
    if granularity in WIDTHS:
        seconds = WIDTHS[granularity]
        return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)
    local = moment.astimezone(zone)
    if granularity == "hour":
        return (local - timedelta(minutes=local.minute, seconds=local.second)).astimezone(UTC)
    return local.replace(hour=0, minute=0, second=0, fold=0).astimezone(UTC)


def mean(values):
    known = [value for value in values if value is not None]
    return float((sum(known) / len(known)).quantize(Decimal("0.01"), ROUND_HALF_UP)) if known else None


def mode(values):
    counts = Counter(value for value in values if value is not None)
    return min(counts, key=lambda value: (-counts[value], value)) if counts else None


def expected(readings, start, end, granularity, zone):
    buckets = defaultdict(list)
    for reading in readings:
        if start <= reading["timestamp"] < end:
            buckets[bucket_of(reading["timestamp"], granularity, zone)].append(reading)
    column = lambda rows, name: [row[name] for row in rows]  # noqa: E731
    return [
        {
            "bucket": bucket,
            "count": len(rows),
            "temperature": mean(column(rows, "temperature")),
            "humidity": mean(column(rows, "humidity")),
            "assumed_aircon_power": mode(column(rows, "assumed_aircon_power")),
            "last_action": mode(column(rows, "last_action")),
            "api_requests_today": max(column(rows, "api_requests_today")),
            "error_count": sum(column(rows, "error_count")),
            "last_temperature_stale": any(column(rows, "last_temperature_stale")),
        }
        for bucket, rows in sorted(buckets.items())
    ]


def test_buckets_are_those_of_a_plain_computation(history, readings):
    found = some_readings()
    readings(found)
    start, end = START + timedelta(hours=1), START + timedelta(hours=30)
    for granularity in GRANULARITIES:
        for zone in ("UTC", "Europe/Paris", "Asia/Kathmandu"):
            answer = history.query(start, end, granularity, timezone=zone)
            assert answer == expected(found, start, end, granularity, ZoneInfo(zone)), (granularity, zone)


def test_the_range_is_half_open(history, readings):
    readings(every(timedelta(minutes=1), START, 3))
    assert sum(row["count"] for row in history.query(START, START + timedelta(minutes=2))) == 2


@pytest.mark.parametrize(("day", "hours"), [(datetime(2026, 3, 29), 23), (datetime(2026, 10, 25), 25)])
def test_a_day_of_23_or_25_hours_is_one_day_and_its_hours_stay_apart(history, readings, day, hours):
    midnight = day.replace(tzinfo=PARIS)
    after = (day + timedelta(days=1)).replace(tzinfo=PARIS)
    start, end = midnight.astimezone(UTC), after.astimezone(UTC)
    readings(every(timedelta(minutes=30), start - timedelta(hours=1), 2 * hours + 4))
    days = history.query(
        start - timedelta(hours=1), end + timedelta(hours=1), "day", ["temperature"], timezone="Europe/Paris"
    )
    assert [(row["bucket"], row["count"]) for row in days[1:2]] == [(midnight, 2 * hours)]
    by_hour = history.query(start, end, "hour", ["temperature"], timezone="Europe/Paris")
    assert [row["count"] for row in by_hour] == [2] * hours
    assert len({row["bucket"] for row in by_hour}) == hours


def test_only_what_is_asked_for_is_answered(history, readings):
    readings(every(timedelta(minutes=1), START, 3, temperature="20"))
    end = START + timedelta(hours=1)
    assert set(history.query(START, end, "day", ["humidity"])[0]) == {"bucket", "count", "humidity"}
    assert set(history.query(START, end, "day")[0]) == {"bucket", "count", *METRICS}


def test_a_limit_keeps_the_earliest(history, readings):
    readings(every(timedelta(minutes=1), START, 9))
    found = history.query(START, START + timedelta(hours=1), "minute", ["temperature"], limit=2)
    assert [row["bucket"] for row in found] == [START.replace(second=0), START.replace(minute=1, second=0)]


def test_aggregates_weigh_states_by_time_and_count_gaps(history, readings):
    now = datetime.now(UTC)
    ago = lambda minutes: now - timedelta(minutes=minutes)  # noqa: E731
    readings(
        [
            {"timestamp": ago(200), "temperature": "99"},
            {"timestamp": ago(100), "temperature": "18", "humidity": "40", "assumed_aircon_power": "on"},
            {"timestamp": ago(90), "temperature": "20", "humidity": "50", "assumed_aircon_power": "off"},
            # 70 minutes of silence, of which the first 20 still count as off
            {
                "timestamp": ago(20),
                "temperature": None,
                "assumed_aircon_power": "unknown",
                "last_temperature_stale": True,
            },
            {"timestamp": ago(10), "temperature": "22", "assumed_aircon_power": "on"},
        ]
    )
    found = history.aggregates(hours=2)
    assert (found.readings, found.stale_readings, found.gaps) == (4, 1, 1)
    assert (found.temperature_min, found.temperature_avg, found.temperature_max) == (18, 20, 22)
    assert (found.humidity_min, found.humidity_avg, found.humidity_max) == (40, 45, 50)
    assert found.longest_gap_seconds == pytest.approx(70 * 60)
    assert found.share_on == pytest.approx(20 / 40, abs=0.01)


def test_aggregates_of_nothing(history):
    found = history.aggregates(24)
    assert (found.readings, found.temperature_avg, found.share_on, found.gaps) == (0, None, None, 0)


def test_latest_is_newest_first_also_among_equal_times_and_without_a_time(history, readings):
    readings([*every(timedelta(minutes=1), START, 3), {"timestamp": None}, {"timestamp": START + timedelta(minutes=2)}])
    assert [row["id"] for row in history.latest(3)] == [5, 3, 2]
    assert len(history.latest(100)) == 4


def test_latest_reads_the_index_only_as_far_as_asked(history, readings, store_db):
    readings(every(timedelta(minutes=1), START, 500))
    with psycopg.connect(store_db) as connection:
        connection.execute("ANALYZE state_history")
        plan = "\n".join(row[0] for row in connection.execute("EXPLAIN " + sql("latest"), {"n": 10}))
    assert "idx_state_history_timestamp" in plan
    assert "Seq Scan" not in plan
