"""Settings and state as a person with a browser sees them."""

import json
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth import get_user_model

from tests.fixtures.browser import NARROW, WIDE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
SAMPLE_HOME = Path(__file__).parents[2] / "switchbot_site/local/sample_home"
SETTINGS = "/admin/stores/jsondocument/settings/"
PAGES = {
    "list": "/admin/stores/jsondocument/",
    "settings": f"{SETTINGS}change/",
    "state": "/admin/stores/jsondocument/state/change/",
    "raw": f"{SETTINGS}raw/",
    "revisions": f"{SETTINGS}revisions/",
    "revision": f"{SETTINGS}revisions/3/",
    "restore": f"{SETTINGS}revisions/2/restore/",
    "lock": "/admin/stores/jsondocument/state/release-lock/",
}
WEBHOOK = "https://maker.ifttt.com/trigger/off/with/key/sEcReT"


@pytest.fixture
def home(store_db):
    """The sample home in the store, with a webhook, an odd value, an unknown key and a stale lock."""
    settings = json.loads((SAMPLE_HOME / "settings.json").read_text())
    settings |= {"ifttt_webhooks": {"off": WEBHOOK}, "theme": "dark"}
    state = json.loads((SAMPLE_HOME / "state.json").read_text())
    state |= {"automation_in_progress": True, "automation_locked_at": "2026-07-18T14:22:07+00:00"}
    with psycopg.connect(store_db, autocommit=True) as connection:
        for document in (settings, {**settings, "command_cooldown_seconds": 5000}):
            connection.execute("UPDATE json_store SET data = %s WHERE kind = 'settings'", [json.dumps(document)])
        connection.execute("UPDATE json_store SET data = %s WHERE kind = 'state'", [json.dumps(state)])
    return store_db


@pytest.fixture
def operator(home, visitor):
    get_user_model().objects.create_superuser("operator", password="long enough 1")
    visitor.log_in("operator", "long enough 1")
    return visitor


def test_an_edited_setting_is_in_json_store(home, operator):
    operator.visit(PAGES["list"])
    operator.page.get_by_role("heading", name="Settings", exact=True).get_by_role("link").click()
    operator.page.get_by_label("Poll interval", exact=True).fill("90")
    operator.page.get_by_role("group", name="Window 1").get_by_label("Sat").check()
    operator.page.get_by_role("button", name="Save and continue editing").click()
    operator.page.get_by_text("values were saved.").wait_for()
    with psycopg.connect(home) as connection:
        poll, days, theme = connection.execute(
            "SELECT data->'poll_interval_seconds', data->'time_windows'->0->'days', data->'theme' "
            "FROM json_store WHERE kind = 'settings'"
        ).fetchone()
        (writer,) = connection.execute(
            "SELECT writer FROM json_store_revision WHERE kind = 'settings' ORDER BY revision DESC LIMIT 1"
        ).fetchone()
    assert (poll, days, theme) == (90, [0, 1, 2, 3, 4, 5], "dark")
    assert writer == "admin:operator"


def test_an_error_stands_at_its_field(home, operator):
    operator.visit(PAGES["settings"])
    field = operator.page.get_by_label("Poll interval", exact=True)
    field.fill("5")
    operator.page.get_by_role("button", name="Save", exact=True).click()
    assert field.input_value() == "5"
    assert field.get_attribute("aria-invalid") == "true"
    described = field.get_attribute("aria-describedby").split()
    said = " ".join(operator.page.locator(f"#{name}").inner_text() for name in described)
    assert "5 is out of range" in said
    operator.check_accessibility()
    operator.picture("error")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit(operator, scheme):
    operator.page.emulate_media(color_scheme=scheme)
    for size in (WIDE, NARROW):
        operator.page.set_viewport_size(size)
        for name, path in PAGES.items():
            operator.visit(path)
            operator.check_accessibility()
            assert operator.fits(), (name, size)
            operator.picture(f"{name}-{scheme}-{size['width']}")


def test_the_json_is_previewed_before_it_is_saved(home, operator):
    operator.visit(PAGES["raw"])
    text = operator.page.get_by_label("The whole document")
    text.fill(text.input_value().replace('"hysteresis_celsius": 0.3', '"hysteresis_celsius": 0.5'))
    operator.page.get_by_role("button", name="Show what would change").click()
    operator.page.get_by_role("heading", name="What saving would change").wait_for()
    operator.check_accessibility()
    operator.picture("preview")
    operator.page.get_by_role("button", name="Save these changes").click()
    operator.page.get_by_text("1 value was saved.").wait_for()
    with psycopg.connect(home) as connection:
        (found,) = connection.execute("SELECT data FROM json_store WHERE kind = 'settings'").fetchone()
    assert found["hysteresis_celsius"] == 0.5
    assert found["ifttt_webhooks"] == {"off": WEBHOOK}
