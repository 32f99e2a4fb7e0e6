"""Fixtures of these tests."""

from __future__ import annotations

import pytest

from opsadmin.alerts import send
from opsadmin.logbook import sources
from tests.fixtures.outage import outage  # noqa: F401


@pytest.fixture(autouse=True)
def _nothing_goes_on():
    yield
    assert send.join()


@pytest.fixture
def no_sources(monkeypatch):
    """No other app tells of what happened."""
    monkeypatch.setattr(sources, "_sources", [])
