"""Pages in a real browser: no console error, no policy violation, nothing for axe, no sideways scrolling."""

import pytest

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
    pytest.mark.usefixtures("store_db"),
]

PAGES = [
    "/admin/",
    "/admin/ops/store-health/",
    "/admin/stores/statehistory/",
    "/admin/stores/automationstate/",
    "/admin/stores/automationstate/add/",
    "/admin/stores/historyentry/",
    "/admin/auth/user/",
]


@pytest.fixture
def lead(visitor, django_user_model):
    django_user_model.objects.create_superuser("lead", password="a long password")
    visitor.log_in("lead", "a long password")
    return visitor


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_clean(lead, scheme):
    lead.page.emulate_media(color_scheme=scheme)
    for path in PAGES:
        lead.visit(path)
        lead.check_accessibility()
        lead.picture(f"{path.strip('/').replace('/', '-')}-{scheme}")


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_window(lead, width):
    lead.page.set_viewport_size({"width": width, "height": 900})
    for path in PAGES:
        lead.visit(path)
        assert lead.fits(), path
        lead.picture(f"{path.strip('/').replace('/', '-')}-{width}")


def test_the_sidebar_leads_to_the_operations(lead):
    lead.visit("/admin/stores/historyentry/")
    lead.page.get_by_role("navigation", name="Sidebar").get_by_role("link", name="Store health").click()
    assert lead.page.get_by_role("heading", level=1).inner_text() == "Store health"
