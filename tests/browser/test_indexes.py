"""The pages "Indexes" and "Settings" in a real browser: clean, accessible, and as wide as the window, with PostgreSQL and
without it."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.db import connections
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from opsadmin.models import CheckThreshold, IgnoredFinding, OperationRun
from opsadmin.pages import looks, patient
from tests.fixtures.browser import NARROW, WIDE
from tests.opsadmin.pages.counted import point_at
from tests.opsadmin.pages.indexed import indexed_database

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
INDEXES, SETTINGS = "/admin/ops/indexes/", "/admin/ops/settings/"


@pytest.fixture
def indexed(superuser_dsn, monkeypatch):
    with indexed_database(superuser_dsn) as dsn:
        point_at(monkeypatch, dsn)
        yield dsn
        assert patient.join()
        assert looks.join()
        connections["store"].close()


@pytest.fixture
def lead(store_db, visitor, django_user_model):
    django_user_model.objects.create_superuser("lead", password="a long password")
    visitor.log_in("lead", "a long password")
    for number in ("min_reads", "min_age_seconds"):
        CheckThreshold.objects.create(name=f"index.unused.{number}", value=0, reason="A test cannot wait a week.")
    return visitor


LOOKS = (("light", WIDE), ("dark", WIDE), ("light", NARROW))


def look_at(lead, name, path, looks=LOOKS):
    """Nothing for axe, no sideways scrolling."""
    lead.visit(path)
    lead.page.locator("[data-reload]").wait_for(state="detached")
    for scheme, size in looks:
        lead.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        lead.page.set_viewport_size(size)
        lead.check_accessibility()
        assert lead.fits(), (name, size)
        lead.picture(f"{name}-{scheme}-{size['width']}")
    lead.page.set_viewport_size(WIDE)


def test_an_unused_index_is_found_and_dropped(lead, indexed):
    look_at(lead, "indexes", INDEXES)
    lead.page.get_by_role("link", name="Duplicate").click()
    lead.page.get_by_role("link", name='public."orders_note_idx ""again"').click()
    assert "does the same work as" in lead.page.inner_text("#content")
    lead.page.get_by_role("link", name="All indexes").click()
    assert "list=duplicate" in lead.page.url
    lead.page.get_by_role("button", name='Drop public."orders_note_idx ""again"').click()
    assert "What would happen" in lead.page.inner_text("#content")
    lead.page.get_by_label("Yes").check()
    lead.page.get_by_role("button", name="Drop an index").click()
    lead.page.get_by_text("is gone").first.wait_for()
    with psycopg.connect(indexed) as connection:
        assert connection.execute('SELECT to_regclass(\'public."orders_note_idx ""again"\')').fetchone() == (None,)
    look_at(lead, "indexes-all", f"{INDEXES}?list=all", LOOKS[2:])
    look_at(lead, "index", f"{INDEXES}?index=public.orders_note_idx", LOOKS[1:])


def test_settings_a_threshold_and_how_long_runs_are_kept(lead, indexed):
    IgnoredFinding.objects.create(check_id="index.unused", object="public.orders_*", reason="Known.")
    lead.visit(f"{SETTINGS}?area=index")
    lead.page.get_by_role("link", name="Change index.unused.min_bytes").click()
    lead.page.get_by_label("Value").fill("2")
    lead.page.get_by_label("Unit").select_option("MB")
    lead.page.get_by_label("Reason").fill("Smaller ones do not matter here.")
    lead.check_accessibility()
    lead.page.get_by_role("button", name="Save").click()
    lead.page.get_by_text("index.unused.min_bytes is 2 MB from now on.").wait_for()
    look_at(lead, "settings", f"{SETTINGS}?area=index")
    look_at(lead, "settings-access", f"{SETTINGS}?part=access", LOOKS[1:])
    old = OperationRun.objects.create(operation="x", effect="writes", caller="anna", door="page", outcome="done")
    OperationRun.objects.filter(pk=old.pk).update(started_at=timezone.now() - timedelta(days=40))
    lead.visit(f"{SETTINGS}?part=kept")
    lead.page.get_by_role("link", name="Change Runs of operations: how long").click()
    lead.page.get_by_label("Days").fill("30")
    lead.page.get_by_label("Reason").fill("A small disk.")
    lead.page.get_by_role("button", name="Save").click()
    lead.page.get_by_text("The next clean-up forgets 1 row for good.").wait_for()
    lead.check_accessibility()
    lead.picture("settings-retention")
    lead.page.get_by_role("button", name="Yes, forget them").click()
    lead.page.get_by_text("Runs of operations: how long: 30 days from now on.").wait_for()
    look_at(lead, "settings-kept", f"{SETTINGS}?part=kept", LOOKS[1:])


def test_both_while_postgresql_is_away(lead, indexed, monkeypatch):
    for path in (INDEXES, f"{INDEXES}?list=all", f"{SETTINGS}?part=access"):
        lead.visit(path)
    assert patient.join()
    point_at(monkeypatch, make_conninfo(indexed, host="/nowhere"))
    look_at(lead, "indexes-away", f"{INDEXES}?again=1", LOOKS[2:])
    lead.page.get_by_text("What is below was seen last").wait_for()
    assert lead.page.locator(".indexes tbody tr").count() > 1
    look_at(lead, "settings-away", f"{SETTINGS}?part=access", LOOKS[1:2])
    lead.page.get_by_text("was seen last").wait_for()
