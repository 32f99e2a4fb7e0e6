"""Whatever a state document holds, a row comes out that the table takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stores.backends.history_batch import copy_values
from stores.backends.history_line import decode, encode
from stores.backends.history_row import as_json, row_from_state, row_from_values

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def row(**state):
    return row_from_state(state, "Europe/Paris", NOW)


def test_a_state_as_the_dashboard_writes_it():
    found = row(
        last_temperature=21.46,
        last_humidity=45,
        assumed_aircon_power="on",
        last_action="winter_on",
        api_requests_total=120,
        last_temperature_stale=False,
        last_read_at="2026-03-01T11:59:58Z",
        last_tick="2026-03-01T12:00:00Z",
        automation_in_progress=True,
        pending_off_repeat={"remaining": 2, "interval_seconds": 10},
    )
    assert (found.temperature, found.humidity) == (Decimal("21.5"), Decimal("45.0"))
    assert (found.assumed_aircon_power, found.last_action, found.api_requests_today) == ("on", "winter_on", 120)
    assert (found.error_count, found.last_temperature_stale, found.timezone) == (0, False, "Europe/Paris")
    assert found.metadata == {
        "last_read_at": "2026-03-01T11:59:58Z",
        "last_tick": "2026-03-01T12:00:00Z",
        "automation_active": True,
        "pending_off_repeat": {"remaining": 2, "interval_seconds": 10},
    }


def test_an_empty_state_is_a_reading_too():
    found = row()
    assert (found.temperature, found.assumed_aircon_power, found.api_requests_today) == (None, "unknown", 0)
    assert "rejected" not in found.metadata


@pytest.mark.parametrize(
    "value", ["warm", float("nan"), float("inf"), 1e9, 10**400, True, [21], {"c": 21}, "9" * 5000, "NaN", 999.96]
)
def test_a_bad_temperature_is_null_and_kept(value):
    found = row(last_temperature=value)
    assert found.temperature is None
    assert "last_temperature" in found.metadata["rejected"]


@pytest.mark.parametrize(
    ("value", "expected"), [("21.5", "21.5"), (-0.04, "0.0"), (21.25, "21.3"), (-21.25, "-21.3"), (999.9, "999.9")]
)
def test_measurements_round_as_postgresql_does(value, expected):
    assert row(last_temperature=value).temperature == Decimal(expected)


def test_an_action_that_is_too_long_is_cut_and_kept():
    found = row(last_action="x" * 300)
    assert found.last_action == "x" * 255
    assert found.metadata["rejected"]["last_action"] == "x" * 300


def test_text_that_postgresql_cannot_hold_is_replaced():
    found = row(last_action="a\0b\ud800c")
    assert found.last_action == "a\ufffdb\ufffdc"


def test_what_is_kept_is_bounded():
    deep: object = "end"
    for _ in range(5000):
        deep = [deep]
    kept = as_json({"deep": deep, "wide": list(range(10**6)), "long": "x" * 10**6})
    assert len(json.dumps(kept)) < 10_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\0", "\ud800", 10**4000]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["last_temperature", "last_humidity", "assumed_aircon_power", "last_action", "api_requests_total", "error_count",
     "last_temperature_stale", "last_read_at", "last_tick", "automation_active", "pending_off_repeat"]
)  # fmt: skip


@pytest.mark.django_db(databases=["default", "store"], transaction=True)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(KEYS, JSON), min_size=1, max_size=5), st.text(max_size=80))
def test_postgresql_takes_every_row(store_db, states, timezone):
    rows = [row_from_state(state, timezone, NOW) for state in states]
    rows += [found.bare() for found in rows] + [found.narrowed() for found in rows]
    with psycopg.connect(store_db) as connection:
        copy_values(connection, [row.values() for row in rows])
        copy_values(connection, [read_back(row) for row in rows])
        connection.rollback()


def read_back(row):
    """The row as it comes out of a spool file."""
    line = encode(row.values())
    assert line.index(b"\n") == len(line) - 1
    values = decode(line[:-1])
    again = row_from_values(values)
    assert (again.timestamp, again.metadata, again.last_action) == (row.timestamp, row.metadata, row.last_action)
    return values
