"""Fixtures of these tests."""

from collections.abc import Iterator

import pytest

from opsadmin.pages import looks
from tests.opsadmin.plans.conftest import plan_of, shop, shop_dsn  # noqa: F401


@pytest.fixture(autouse=True)
def _no_looks() -> Iterator[None]:
    """Each test begins without looks of an earlier one, and leaves none behind."""
    looks._looks.clear()
    yield
    assert looks.join()
    looks._looks.clear()
