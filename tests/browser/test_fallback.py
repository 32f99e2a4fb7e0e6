"""Store & fallback, its previews, conflicts and the outage pages in a real browser."""

import re

import psycopg
import pytest

from stores import switching
from stores.models import StoreConflict
from tests.fixtures.browser import NARROW, WIDE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
PAGE = "/admin/ops/store-fallback/"
REVISIONS = "/admin/stores/jsondocument/settings/revisions/"


@pytest.fixture
def lead(outage, visitor, django_user_model):
    django_user_model.objects.create_superuser("lead", password="a long password")
    visitor.log_in("lead", "a long password")
    return visitor


def look_at(lead, name, path):
    """Nothing for axe, no sideways scrolling: light, dark, and narrow."""
    for scheme, size in (("light", WIDE), ("dark", WIDE), ("light", NARROW)):
        lead.page.emulate_media(color_scheme=scheme)
        lead.page.set_viewport_size(size)
        lead.visit(path)
        lead.check_accessibility()
        assert lead.fits(), (name, size)
        lead.picture(f"{name}-{scheme}-{size['width']}")


def test_on_postgresql_with_a_conflict(lead, outage):
    outage.make_conflict()
    look_at(lead, "postgres", PAGE)
    look_at(lead, "to-filesystem", f"{PAGE}?preview=filesystem")
    conflict = StoreConflict.objects.get(path="mode")
    look_at(lead, "conflicts", "/admin/stores/storeconflict/")
    look_at(lead, "conflict", f"/admin/stores/storeconflict/{conflict.pk}/change/")
    lead.page.get_by_role("button", name=re.compile("Take this.*PostgreSQL")).click()
    lead.check_accessibility()
    lead.picture("conflict-confirm")
    lead.page.get_by_role("button", name="Settle").click()
    lead.page.get_by_text("is settled").wait_for()
    look_at(lead, "settled", f"/admin/stores/storeconflict/{conflict.pk}/change/")


def test_in_an_outage(lead, outage):
    with psycopg.connect(outage.dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO state_history (timestamp, temperature, humidity, assumed_aircon_power, last_action) "
            "SELECT now() - n * interval '1 minute', 21.5, 40, 'on', 'AUTO_SUMMER_ON' FROM generate_series(1, 20) AS n"
        )
    for path in ("/admin/stores/statehistory/", "/admin/stores/automationstate/", REVISIONS):
        lead.visit(path)
    outage.down()
    for number in range(5):
        outage.write("state", last_action=f"action {number}")
    outage.write("settings", mode="summer")
    look_at(lead, "automatic", PAGE)
    look_at(lead, "resync-down", f"{PAGE}?preview=resync")
    look_at(lead, "history-down", "/admin/stores/statehistory/")
    look_at(lead, "documents-down", "/admin/stores/jsondocument/")
    look_at(lead, "revisions-down", REVISIONS)
    look_at(lead, "index-down", "/admin/")


def test_switching_by_hand_and_back(lead, outage):
    lead.visit(PAGE)
    lead.page.get_by_role("link", name="Switch to the JSON copy").click()
    lead.page.get_by_label("Reason").fill("the server moves")
    lead.page.get_by_role("button", name="Switch").click()
    lead.page.get_by_text("This host uses its JSON copies now.").first.wait_for()
    outage.write("settings", mode="summer")
    outage.dashboard("settings", mode="auto", off_repeat_count=3)
    look_at(lead, "manual", PAGE)
    look_at(lead, "to-postgres", f"{PAGE}?preview=postgres")
    lead.page.get_by_label("Reason").fill("it has moved")
    lead.page.get_by_role("button", name="Return to PostgreSQL").click()
    lead.page.get_by_text("This host uses PostgreSQL now.").first.wait_for()
    assert switching.mode().backend == "postgres"
