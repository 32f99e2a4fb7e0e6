"""The sample home: believable, and the same for the same moment."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from switchbot_site.local import sample

NOW = datetime(2026, 7, 18, 14, 22, tzinfo=UTC)


@pytest.fixture(scope="module")
def home():
    return sample.documents(NOW)


def test_the_same_moment_gives_the_same_home(home):
    assert sample.documents(NOW) == home


def test_two_days_of_polls_up_to_now(home):
    settings, _, readings = home
    assert readings[-1].timestamp == NOW
    steps = {after.timestamp - before.timestamp for before, after in pairwise(readings)}
    assert steps == {timedelta(seconds=settings["poll_interval_seconds"])}
    assert len(readings) == sample.HOURS * 3600 / settings["poll_interval_seconds"]


@pytest.mark.parametrize(
    "moment", [NOW, datetime(2026, 1, 3, 2, 5, tzinfo=UTC), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)]
)
def test_a_believable_room_whenever_it_starts(moment):
    settings, _, readings = sample.documents(moment)
    assert all(Decimal(19) <= reading.temperature <= Decimal(29) for reading in readings)
    assert all(Decimal(35) <= reading.humidity <= Decimal(70) for reading in readings)
    limits = settings["summer"]
    turned_on = [a for b, a in pairwise(readings) if (b.assumed_aircon_power, a.assumed_aircon_power) == ("off", "on")]
    assert len(turned_on) >= 4
    assert all(float(reading.temperature) >= limits["max_temp"] for reading in turned_on)


def test_the_air_conditioner_rests_outside_its_windows(home):
    settings, _, readings = home
    (window,) = settings["time_windows"]
    night = [
        reading
        for reading in readings
        if not window["start"] <= f"{reading.timestamp.astimezone(ZoneInfo('Europe/Paris')):%H:%M}" < window["end"]
    ]
    assert len(night) > 300
    # One repeated reading at the edge may still say what was so before it.
    assert sum(reading.assumed_aircon_power == "on" for reading in night if not reading.last_temperature_stale) == 0


def test_requests_count_up_and_start_again_each_day(home):
    _, _, readings = home
    for before, after in pairwise(readings):
        same_day = before.timestamp.date() == after.timestamp.date()
        assert after.api_requests_today == (before.api_requests_today + 1 if same_day else 1)


def test_some_readings_are_stale(home):
    _, _, readings = home
    assert 0 < sum(reading.last_temperature_stale for reading in readings) < len(readings) / 20


def test_the_state_is_that_of_the_last_reading(home):
    _, state, readings = home
    assert state["last_temperature"] == float(readings[-1].temperature)
    assert state["assumed_aircon_power"] == readings[-1].assumed_aircon_power
    assert datetime.fromisoformat(state["last_tick"]) == NOW
    assert state["api_requests_total"] + state["api_requests_remaining"] == state["api_requests_limit"]
    late = [
        key for key, value in state.items() if key.endswith("_at") and value and datetime.fromisoformat(value) > NOW
    ]
    assert not late
