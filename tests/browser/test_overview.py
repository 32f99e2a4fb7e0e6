"""The Overview and the pages of operations in a real browser: clean, accessible, and as wide as the window."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from opsadmin.core import operation as registry
from opsadmin.core.operation import Caller, Effect, Preview, operation
from opsadmin.core.params import OnDatabase, parameter
from opsadmin.models import HealthSnapshot
from opsadmin.pages import looks
from opsadmin.perform import load
from tests.fixtures.browser import NARROW, WIDE
from tests.opsadmin.pages.conftest import _no_looks  # noqa: F401
from tests.opsadmin.pages.reports import analysing, healthy, sick

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
        lead.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        lead.page.set_viewport_size(size)
        if path:
            lead.visit(path)
        lead.check_accessibility()
        assert lead.fits(), (name, size)
        lead.picture(f"{name}-{scheme}-{size['width']}")


@pytest.fixture(autouse=True)
def _no_further_looks(monkeypatch):
    """A test on a slow machine has no look that it did not ask for, and no page that comes back to one."""
    monkeypatch.setattr(looks, "FRESH", timedelta(hours=1))
    monkeypatch.setattr(looks, "PAUSE", timedelta(hours=1))


def looked_at(lead):
    """The page, after a first look."""
    assert not looks.see("store", Caller("test", "python"), patience=60).running
    lead.visit(PAGE)


def test_a_healthy_database(lead):
    with analysing(healthy):
        looked_at(lead)
        assert lead.page.get_by_role("heading", level=1).inner_text() == "Overview"
        look_at(lead, "healthy", PAGE)
        look_at(lead, "index", "/admin/")


def test_the_pages_of_operations(lead):
    look_at(lead, "operations", "/admin/ops/run/")
    look_at(lead, "operation", "/admin/ops/run/analyze_db_health/?_run=1")
    look_at(lead, "details", "/admin/ops/run/get_object_details/?schema=public&name=json_store")
    look_at(lead, "wrong", "/admin/ops/run/get_object_details/?schema=public&name=json_stor")


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


@contextmanager
def a_write():
    """An operation that destroys something, with a preview."""
    load()
    before = dict(registry._operations)
    done = []

    @dataclass(frozen=True)
    class Dropped(OnDatabase):
        name: str = parameter(help="The index, with its schema.")

    def show(given, call):
        return Preview((f"The index {given.name} (12 MB) is dropped.",), f"DROP INDEX CONCURRENTLY {given.name};")

    @operation(
        "sample_drop",
        title="Drop an index",
        summary="Drops an index that nothing uses.",
        group="samples",
        parameters=Dropped,
        effect=Effect.DESTROYS,
        permission="opsadmin.delete_checkthreshold",
        preview=show,
    )
    def drop(given, call):
        done.append(given.name)
        return Dropped(given.name)

    yield done
    registry._operations.clear()
    registry._operations.update(before)


def test_a_write_is_shown_and_confirmed(lead):
    with a_write() as done:
        lead.visit("/admin/ops/run/sample_drop/")
        lead.page.get_by_label("Name").fill("public.idx_old")
        lead.page.get_by_role("button", name="Show what it would do").click()
        lead.page.get_by_text("DROP INDEX CONCURRENTLY public.idx_old;").wait_for()
        look_at(lead, "preview")
        lead.page.get_by_role("button", name="Drop an index").click()
        assert not done  # the browser asks for the confirmation first
        lead.page.get_by_label("This cannot be undone").check()
        lead.page.get_by_role("button", name="Drop an index").click()
        lead.page.get_by_text("Do another").wait_for()
        assert done == ["public.idx_old"]
        look_at(lead, "written")


def test_by_keyboard(lead):
    with analysing(sick):
        looked_at(lead)
    lead.page.get_by_role("button", name="Check again").focus()
    lead.page.keyboard.press("Tab")
    lead.page.keyboard.press("Shift+Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    for _ in range(40):
        assert lead.page.evaluate(outline) != "none", lead.page.evaluate("document.activeElement.outerHTML")
        lead.page.keyboard.press("Tab")
    assert lead.page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_copying(lead):
    lead.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    with analysing(sick):
        looked_at(lead)
    lead.page.get_by_role("button", name="Copy").first.click()
    lead.page.get_by_role("button", name="Copied").wait_for()
    assert lead.page.evaluate("navigator.clipboard.readText()") == "SELECT pg_terminate_backend(4211);"


def test_without_javascript(lead, chromium):
    state = lead.page.context.storage_state()
    context = chromium.new_context(java_script_enabled=False, storage_state=state, viewport=NARROW)
    try:
        page = context.new_page()
        with analysing(sick):
            assert not looks.see("store", Caller("test", "python"), patience=60).running
            page.goto(f"{lead.address}{PAGE}")
            assert not page.get_by_role("button", name="Copy").count()
            page.get_by_role("link", name="Vacuum").click()
            assert page.get_by_text("Dead rows: 2").is_visible()
            page.get_by_role("button", name="Check again").click()
            assert page.get_by_role("heading", level=1).inner_text() == "Overview"
            page.goto(f"{lead.address}/admin/ops/run/analyze_db_health/")
            page.get_by_role("button", name="Run").click()
            assert page.get_by_text("Unused index: 35").is_visible()
    finally:
        context.close()
