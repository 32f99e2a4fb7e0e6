"""The pages of tokens, thresholds and ignored findings in a real browser."""

import re

import pytest

from opsadmin.faces.tokens import issue
from opsadmin.models import IgnoredFinding

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
    pytest.mark.usefixtures("store_db"),
]


@pytest.fixture
def lead(visitor, django_user_model):
    user = django_user_model.objects.create_superuser("lead", password="a long password")
    issue(user, "night cron", "writes")
    IgnoredFinding.objects.create(check_id="index.unused", object="public.*", reason="Young.")
    visitor.log_in("lead", "a long password")
    return visitor


def pages():
    names = ("apitoken/", "apitoken/add/")
    more = ("checkthreshold/", "checkthreshold/add/", "ignoredfinding/", "ignoredfinding/add/")
    return [f"/admin/opsadmin/{name}" for name in (*names, *more)]


@pytest.mark.parametrize("scheme, width", [("light", 1440), ("dark", 390)])
def test_every_page_is_clean(lead, scheme, width):
    lead.page.emulate_media(color_scheme=scheme)
    lead.page.set_viewport_size({"width": width, "height": 900})
    for path in pages():
        lead.visit(path)
        lead.check_accessibility()
        assert lead.fits(), path
        lead.picture(f"{path.strip('/').replace('/', '-')}-{scheme}-{width}")


def test_a_token_is_made_and_copied(lead):
    lead.page.set_viewport_size({"width": 390, "height": 844})
    lead.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lead.visit("/admin/opsadmin/apitoken/add/")
    lead.page.get_by_label("Name").fill("monitor")
    lead.page.get_by_role("button", name="Save", exact=True).click()
    secret = lead.page.get_by_role("region", name="The token").inner_text()
    assert re.fullmatch(r"ops_[\w-]{43}", secret)
    lead.page.get_by_role("button", name="Copy").first.click()
    lead.page.get_by_role("button", name="Copied").wait_for()
    assert lead.page.evaluate("navigator.clipboard.readText()") == secret
    assert lead.fits()
    lead.check_accessibility()
    lead.picture("token-created")
