"""Incidents, decisions and alerts in a real browser, with PostgreSQL stopped: clean, accessible, and as wide as the
window."""

from __future__ import annotations

import time

import pytest

from opsadmin.alerts import send
from opsadmin.logbook.happened import happened, note_report
from opsadmin.models import AlertDelivery, Decision, Incident
from tests.fixtures.browser import NARROW, WIDE
from tests.opsadmin.alerts.receivers import hook
from tests.opsadmin.logbook.reports import critical, fine, report, result

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
PAGE = "/admin/ops/logbook/"


@pytest.fixture
def lead(outage, visitor, django_user_model, settings):
    with hook() as webhook:
        hooks = [{"url": webhook.url}, {"url": "http://127.0.0.1:1/x", "shape": "slack"}]
        settings.OPSADMIN = {**settings.OPSADMIN, "ALERTS": {"WEBHOOKS": hooks, "EMAIL": ["ops@example.com"]}}
        django_user_model.objects.create_superuser("lead", password="a long password")
        visitor.log_in("lead", "a long password")
        visitor.webhook = webhook
        yield visitor
        assert send.join()


def look_at(lead, name):
    """Nothing for axe, no sideways scrolling: light, dark, and narrow."""
    for scheme, size in (("light", WIDE), ("dark", NARROW)):
        lead.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        lead.page.set_viewport_size(size)
        lead.check_accessibility()
        assert lead.fits(), (name, size)
        lead.picture(f"logbook-{name}-{scheme}-{size['width']}")
    lead.page.set_viewport_size(WIDE)


def test_an_incident_from_its_beginning_to_a_decision(lead, outage):
    lead.visit(PAGE)
    lead.page.get_by_text("No incident so far.").wait_for()
    note_report("store", report(0, critical("index.invalid", hint="Build it again.", fix_sql="REINDEX INDEX a;")))
    note_report("store", report(3, fine("index.invalid")))
    note_report("store", report(9, fine("index.invalid")))
    long = "Nothing listens at db-very-long-host-name-without-a-break.eu-central-1.example.com:5432, since 01:42:10."
    note_report("store", report(12, critical("connection.answers", message=long), critical("store.copy_age")))
    happened("restart", "PostgreSQL was started anew.", database="store")
    note_report("store", report(14, critical("connection.answers", message=long), result("store.copy_age")))
    outage.down()
    begun = time.monotonic()
    lead.visit(PAGE)
    assert time.monotonic() - begun < 10  # some 0.1 s on an idle machine
    look_at(lead, "list")
    lead.page.get_by_role("link", name="PostgreSQL does not answer").click()
    lead.page.get_by_label("Note").fill("The host is down for maintenance.\nThey say until 4.")
    lead.page.get_by_role("button", name="Write the note").click()
    lead.page.get_by_text("They say until 4.").wait_for()
    look_at(lead, "incident")
    with lead.page.expect_download() as download:
        lead.page.get_by_role("link", name="As Markdown").click()
    assert "> They say until 4." in download.value.path().read_text()
    lead.page.get_by_role("button", name="Close the incident").click()
    lead.page.get_by_role("button", name="Open it again").wait_for()
    lead.page.get_by_role("link", name="Write down a decision").click()
    lead.page.get_by_role("link", name="Switch the store").click()
    lead.page.get_by_label("What it is about").fill("On the copies during maintenance")
    lead.page.get_by_label("Decision (needed)").fill("Switch an hour before.\n\n- back by hand")
    look_at(lead, "write")
    lead.page.get_by_role("button", name="Write it down").click()
    lead.page.get_by_role("heading", name="On the copies during maintenance").wait_for()
    assert Decision.objects.get().incident == Incident.objects.get(cause="outage")
    lead.visit(f"{PAGE}?part=decisions")
    look_at(lead, "decisions")


def test_alerts(lead):
    lead.visit(f"{PAGE}?part=alerts")
    lead.page.get_by_role("button", name="Send a test").click()
    lead.page.get_by_text("127.0.0.1: the test alert was sent.").wait_for()
    assert send.join()
    lead.visit(f"{PAGE}?part=alerts")
    look_at(lead, "alerts")
    assert [one["status"] for one in lead.webhook.got] == ["test"]
    assert AlertDelivery.objects.filter(channel="127.0.0.1 #2", state="waiting", attempts=1).exists()
