"""The Overview and the pages of operations in a real browser: clean, accessible, and as wide as the window."""

import pytest

from opsadmin.models import HealthSnapshot
from opsadmin.pages import looks
from tests.fixtures.browser import NARROW, WIDE
from tests.opsadmin.pages.conftest import _no_looks  # noqa: F401
from tests.opsadmin.pages.reports import analysing, sick

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
PAGE = "/admin/ops/overview/"


@pytest.fixture
def lead(outage, visitor, django_user_model):
    django_user_model.objects.create_superuser("lead", password="a long password")
    visitor.log_in("lead", "a long password")
    return visitor


def look_at(lead, name, path=None):
    """Nothing for axe, no sideways scrolling: light, dark, and narrow."""
    for scheme, size in (("light", WIDE), ("dark", WIDE), ("light", NARROW)):
        lead.page.emulate_media(color_scheme=scheme)
        lead.page.set_viewport_size(size)
        if path:
            lead.visit(path)
        lead.check_accessibility()
        assert lead.fits(), (name, size)
        lead.picture(f"{name}-{scheme}-{size['width']}")


def looked_at(lead):
    """The page, after a first look."""
    lead.visit(PAGE)
    assert looks.join()
    lead.visit(PAGE)


def test_a_healthy_database(lead):
    looked_at(lead)
    assert lead.page.get_by_role("heading", level=1).inner_text() == "Overview"
    look_at(lead, "healthy", PAGE)
    look_at(lead, "index", "/admin/")
    look_at(lead, "operations", "/admin/ops/run/")
    look_at(lead, "operation", "/admin/ops/run/analyze_db_health/?_run=1")


def test_a_sick_database(lead):
    with analysing(sick):
        looked_at(lead)
        lead.page.get_by_text("pid 4211 (psql) blocks 3 sessions").first.wait_for()
        look_at(lead, "sick", PAGE)
        look_at(lead, "sick-area", f"{PAGE}?area=vacuum")
        look_at(lead, "ignore", f"{PAGE}?ignore=index.unused&object=public.idx_1")


def test_postgresql_is_stopped(lead, outage):
    looked_at(lead)
    assert HealthSnapshot.objects.count() == 1
    outage.down()
    lead.page.get_by_role("button", name="Check again").click()
    lead.page.get_by_text("What is below was seen last").wait_for()
    look_at(lead, "down", PAGE)
