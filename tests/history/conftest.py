"""Readings for the history's tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

COLUMNS = ("timestamp", "temperature", "humidity", "assumed_aircon_power", "last_action", "api_requests_today",
           "error_count", "last_temperature_stale", "timezone", "metadata")  # fmt: skip

Fill = Callable[..., None]


def fill(dsn: str, readings: Sequence[dict[str, Any]]) -> None:
    """Insert readings as the dashboard does: with its statement, its defaults for what is not said."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for reading in readings:
            names = ", ".join(reading)
            marks = ", ".join(f"%({name})s" for name in reading)
            connection.execute(f"INSERT INTO state_history ({names}) VALUES ({marks})", reading)


def every(step: timedelta, start: datetime, count: int, **values: Any) -> list[dict[str, Any]]:
    return [{"timestamp": start + number * step, **values} for number in range(count)]


@pytest.fixture
def readings(store_db: str) -> Callable[..., None]:
    """`readings([{...}, ...])` puts them into the table of this test's database."""
    return lambda found: fill(store_db, found)
