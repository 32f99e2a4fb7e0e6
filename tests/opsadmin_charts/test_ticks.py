"""Where the axes have their marks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsadmin.charts.ticks import day_starts, decimals_for, nice_ticks, time_ticks

PARIS = ZoneInfo("Europe/Paris")


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(3, 12))
def test_ticks_hold_the_values_and_are_few_and_round(low, spread, count):
    ticks = nice_ticks(low, low + spread, count)
    step = ticks[1] - ticks[0]
    assert ticks[0] <= low + 1e-6 * step
    assert ticks[-1] >= low + spread - 1e-6 * step
    assert 2 <= len(ticks) <= count + 2
    leading = f"{step:.6e}"[:4]
    assert leading in ("1.00", "2.00", "5.00")


@pytest.mark.parametrize(
    ("low", "high", "ticks", "decimals"),
    [
        (19.2, 22.4, [19, 20, 21, 22, 23], 0),
        (20.0, 20.0, [19.5, 20.0, 20.5], 1),
        (-3, 4, [-4, -2, 0, 2, 4], 0),
        (0.1, 0.32, [0.1, 0.2, 0.3, 0.4], 1),
    ],
)
def test_ticks_are_what_a_person_would_draw(low, high, ticks, decimals):
    found = nice_ticks(low, high, 3 if low == high else 5)
    assert found == pytest.approx(ticks)
    assert decimals_for(found) == decimals


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)),
    st.timedeltas(timedelta(minutes=1), timedelta(days=4000)),
    st.sampled_from(["UTC", "Europe/Paris", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]),
)
def test_time_ticks_are_in_order_inside_and_few(moment, span, name):
    start = moment.replace(tzinfo=UTC)
    ticks = time_ticks(start, start + span, ZoneInfo(name), 8)
    moments = [tick.at for tick in ticks]
    assert moments == sorted(set(moments))
    assert all(start <= at <= start + span for at in moments)
    assert len(ticks) <= 12


def test_times_of_day_are_local_and_midnight_names_the_day():
    start = datetime(2026, 3, 28, 17, tzinfo=UTC)
    ticks = time_ticks(start, start + timedelta(hours=24), PARIS, 8)
    assert [tick.label for tick in ticks] == [
        "18:00",
        "21:00",
        "00:00",
        "03:00",
        "06:00",
        "09:00",
        "12:00",
        "15:00",
        "18:00",
    ]
    assert [tick.day for tick in ticks if tick.day] == ["29 Mar"]


def test_the_hour_that_a_change_of_clocks_leaves_out_has_no_tick():
    start = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Paris; at 2:00 clocks go to 3:00
    labels = [tick.label for tick in time_ticks(start, start + timedelta(hours=6), PARIS, 8)]
    assert labels == ["00:00", "01:00", "03:00", "04:00", "05:00", "06:00", "07:00"]


def test_days_begin_at_local_midnight_whatever_the_offset():
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert list(day_starts(start, start + timedelta(days=2), PARIS)) == [
        datetime(2026, 3, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 29, 22, tzinfo=UTC),
    ]
