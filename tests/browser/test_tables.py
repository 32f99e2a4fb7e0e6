"""The page "Tables" in a real browser: clean, accessible, small, and as wide as the window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections
from psycopg.conninfo import make_conninfo

from opsadmin.pages import patient
from tests.fixtures.browser import NARROW, WIDE
from tests.opsadmin.catalogue.conftest import catalogue_dsn  # noqa: F401  # a fixture
from tests.opsadmin.pages.counted import point_at

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
PAGE = "/admin/ops/tables/"


@pytest.fixture
def lead(store_db, visitor, django_user_model):
    django_user_model.objects.create_superuser("lead", password="a long password")
    visitor.log_in("lead", "a long password")
    return visitor


@pytest.fixture
def every_kind(catalogue_dsn, monkeypatch) -> Iterator[str]:  # noqa: F811
    point_at(monkeypatch, catalogue_dsn)
    yield catalogue_dsn
    assert patient.join()
    connections["store"].close()


ALL = (("light", WIDE), ("dark", WIDE), ("light", NARROW))


def look_at(lead, name, path, looks=(("dark", NARROW),)):
    """Nothing for axe, no sideways scrolling."""
    for scheme, size in looks:
        lead.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        lead.page.set_viewport_size(size)
        lead.visit(path)
        lead.check_accessibility()
        assert lead.fits(), (name, size)
        lead.picture(f"{name}-{scheme}-{size['width']}")


def test_tables_and_one_of_them(lead, every_kind, monkeypatch):
    lead.page.wait_for_load_state("networkidle")  # what belongs to the page before
    answers = []
    lead.page.on("response", lambda answer: answers.append(answer))
    lead.visit(PAGE)
    assert len({one.url for one in answers}) <= 11
    assert len(next(one for one in answers if one.url.endswith(PAGE)).body()) < 100_000
    look_at(lead, "tables", PAGE, ALL)
    look_at(lead, "tables-ranges", f"{PAGE}?show=ranges")
    look_at(lead, "tables-functions", f"{PAGE}?show=function&schema=sales")
    # From a list to a table, over a foreign key to another one, and to its rows.
    lead.visit(f"{PAGE}?text=orders&schema=sales")
    lead.page.get_by_role("link", name="orders", exact=True).click()
    lead.page.get_by_role("heading", name="sales.orders").wait_for()
    look_at(lead, "table", lead.page.url.removeprefix(lead.address), ALL)
    lead.page.locator("#columns-head").locator("xpath=../..").get_by_role("link", name="sales.customer").click()
    lead.page.get_by_role("heading", name="sales.customer").wait_for()
    lead.page.get_by_role("link", name="Show some rows").click()
    lead.page.get_by_role("heading", name="Some rows").wait_for()
    look_at(lead, "table-rows", lead.page.url.removeprefix(lead.address))
    look_at(lead, "index", f"{PAGE}?schema=sales&name=customer_email&type=index")
    # What was seen is there while PostgreSQL is not.
    assert patient.join()
    point_at(monkeypatch, make_conninfo(every_kind, host="/nowhere"))
    look_at(lead, "table-down", f"{PAGE}?schema=sales&name=orders")
    assert lead.page.get_by_text("What is below was seen last").is_visible()
    lead.visit(PAGE)
    assert lead.page.locator(".ops-cards tbody tr").count() > 5
