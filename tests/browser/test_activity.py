"""The page "Activity" in a real browser: clean, accessible, small, and it goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.db import connections
from psycopg.conninfo import make_conninfo

from opsadmin.pages import patient
from tests.fixtures.browser import NARROW, WIDE
from tests.opsadmin.activity.conftest import Others, activity_dsn  # noqa: F401  # a fixture
from tests.opsadmin.pages.counted import point_at

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
PAGE = "/admin/ops/activity/"


@pytest.fixture
def lead(store_db, visitor, django_user_model):
    django_user_model.objects.create_superuser("lead", password="a long password")
    visitor.log_in("lead", "a long password")
    return visitor


@pytest.fixture
def crowd(activity_dsn, monkeypatch) -> Iterator[Others]:  # noqa: F811
    """Sessions in a tree: one keeps a row, four wait behind it and each other; others idle."""
    point_at(monkeypatch, activity_dsn)
    with ExitStack() as stack:
        others = Others(activity_dsn, stack)
        keeper = others.connect("worker: nightly import")
        keeper.execute("""UPDATE shop."Order s" SET note = 'kept' WHERE id = 1""")
        table = '''shop."Order s"'''
        others.begin(others.connect("migrate"), f"ALTER TABLE {table} ADD COLUMN more text")
        for name in ("web.1", "web.2", "web.3"):
            others.begin(others.connect(name), f"SELECT * FROM {table} WHERE note = 'a secret' AND id = 4")
        for _ in range(3):
            others.connect("web", autocommit=True)
        yield others
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


def test_who_waits_for_whom(lead, crowd, activity_dsn, monkeypatch):  # noqa: F811
    monkeypatch.setattr("opsadmin.pages.activity.EVERY_SECONDS", 0.3)
    lead.page.wait_for_load_state("networkidle")  # what belongs to the page before
    answers = []
    lead.page.on("response", lambda answer: answers.append(answer))
    lead.visit(PAGE)
    assert lead.page.locator(".ops-tree li").count() == 5
    assert len({one.url for one in answers}) <= 11
    assert len(next(one for one in answers if one.url.endswith(PAGE)).body()) < 100_000
    # What has the focus and what is open stays so while the page goes on.
    lead.page.locator("#idle summary").click()
    link = lead.page.locator("#activity .is-acts a").first
    link.focus()
    name = link.get_attribute("id")
    crowd.connect("late riser").execute("SELECT 1")
    lead.page.get_by_text("late riser").wait_for()
    assert lead.page.evaluate("document.activeElement.id") == name
    assert lead.page.locator("#idle").get_attribute("open") is not None
    # Nor is it lost where the site does not answer, and paused it does not ask.
    lead.page.route("**/*part=now*", lambda route: route.abort())
    lead.page.get_by_text("The page could not be refreshed").last.wait_for()
    lead.page.get_by_role("button", name="Pause").click()
    lead.page.unroute("**/*part=now*")
    lead.page.get_by_role("button", name="Go on").wait_for()
    lead.errors.clear()  # the browser says that a request failed
    monkeypatch.undo()
    point_at(monkeypatch, activity_dsn)
    look_at(lead, "activity", PAGE, ALL)
    look_at(lead, "activity-none", f"{PAGE}?text=nothing+like+it&seconds=x")
    # From the page to the confirmation, and what becomes of the tree.
    lead.visit(f"{PAGE}?text=migrate")
    lead.page.get_by_role("link", name="Cancel the statement of session").first.click()
    lead.page.get_by_role("heading", name="What would happen").wait_for()
    lead.page.get_by_role("button", name="Cancel a statement").click()
    lead.page.get_by_text("Ended: the statement of").first.wait_for()
    lead.visit(PAGE)
    assert lead.page.get_by_text("Nobody waits for a lock.").first.is_visible()


def test_postgresql_is_gone(lead, crowd, activity_dsn, monkeypatch):  # noqa: F811
    lead.visit(PAGE)
    assert patient.join()
    point_at(monkeypatch, make_conninfo(activity_dsn, host="/nowhere"))
    look_at(lead, "activity-down", PAGE)
    lead.page.get_by_text("What is below was seen last").wait_for()
    assert lead.page.locator(".ops-tree li").count() == 5
    assert lead.page.locator("#activity .is-acts a").count() == 0
