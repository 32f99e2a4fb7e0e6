"""Fixtures of these tests."""

from tests.fixtures.outage import outage  # noqa: F401
