"""Every page with the keyboard alone: all of it is reached, in the order of the eye, with a ring that is seen; and the main
path of each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from opsadmin.core.operation import Caller
from opsadmin.faces.tokens import issue
from opsadmin.jobs import runner
from opsadmin.logbook.happened import note_report
from opsadmin.models import CheckThreshold, Decision, IgnoredFinding, Incident, OperationRun
from opsadmin.pages import looks, patient
from tests.browser.keyboard import go, says, walk, walk_back
from tests.fixtures.browser import NARROW, WIDE
from tests.fixtures.sampled import fill
from tests.opsadmin.activity.conftest import Others
from tests.opsadmin.logbook.reports import critical, report
from tests.opsadmin.pages.reports import analysing, sick

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
OPS = "/admin/ops"
PASSWORD = "a long password"
LOOKS = (("light", WIDE), ("dark", NARROW), ("dark", WIDE), ("light", {"width": 640, "height": 450}))


@pytest.fixture(autouse=True)
def _no_further_looks(monkeypatch) -> Iterator[None]:
    """A test on a slow machine has no look that it did not ask for."""
    monkeypatch.setattr(looks, "FRESH", timedelta(hours=1))
    monkeypatch.setattr(looks, "PAUSE", timedelta(hours=1))
    looks._looks.clear()
    patient._questions.clear()
    yield
    assert looks.join()
    assert patient.join()
    looks._looks.clear()
    patient._questions.clear()


@pytest.fixture
def shop(outage) -> Iterator[Others]:
    """A table with two indexes that are alike, and another whose row one session keeps and one waits for."""
    with psycopg.connect(outage.dsn, autocommit=True) as connection, ExitStack() as stack:
        connection.execute("CREATE TABLE keyboard_shop (id int PRIMARY KEY, email text)")
        connection.execute("INSERT INTO keyboard_shop SELECT n, 'm' || n FROM generate_series(1, 5000) AS n")
        connection.execute("CREATE INDEX keyboard_one ON keyboard_shop (email)")
        connection.execute("CREATE INDEX keyboard_two ON keyboard_shop (email)")
        connection.execute("ANALYZE keyboard_shop")
        connection.execute("CREATE TABLE keyboard_queue AS SELECT 1 AS id, 'first' AS note")
        others = Others(outage.dsn, stack)
        others.connect("keyboard keeper").execute("UPDATE keyboard_queue SET note = 'kept'")
        others.begin(others.connect("keyboard waiter"), "UPDATE keyboard_queue SET note = 'late'")
        yield others
        assert runner.join()
        stack.close()
        connection.execute("DROP TABLE keyboard_shop, keyboard_queue")


@pytest.fixture
def lead(shop, outage, visitor, django_user_model):
    user = django_user_model.objects.create_superuser("lead", password=PASSWORD)
    fill()
    note_report("store", report(0, critical("index.invalid", hint="Build it again.", fix_sql="REINDEX INDEX a;")))
    IgnoredFinding.objects.create(check_id="index.unused", object="public.young", reason="Young.")
    CheckThreshold.objects.create(name="index.unused.min_reads", value=0, reason="A test.")
    Decision.objects.create(database="store", title="On the copies", decision="Switch early.")
    issue(user, "night cron", "writes")
    with analysing(sick):
        assert not looks.see("store", Caller("test", "python"), patience=60).running
    visitor.visit("/admin/login/")
    assert not walk(visitor.page, whole=True).troubles
    visitor.page.keyboard.press("Shift+Tab")
    go(visitor.page, "Username")
    visitor.page.keyboard.type("lead")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.type(PASSWORD)
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_selector("#user-tools")
    return visitor


def addresses() -> list[str]:
    now = timezone.now()
    run = OperationRun.objects.create(
        operation="create_index",
        effect="writes",
        database="store",
        caller="lead",
        door="page",
        outcome="done",
        heartbeat_at=now,
        finished_at=now,
        progress={"done": 100, "total": 100, "message": "It is there.", "detail": {"index": "public.keyboard_one"}},
    )
    ours = (
        "overview/?area=vacuum overview/?ignore=index.unused&object=public.idx_1 queries/?range=24h queries/?range=24h&queryid=104 "
        "indexes/?list=duplicate indexes/?index=public.keyboard_one ideas/ tables/ tables/?schema=public&name=keyboard_shop "
        "activity/?text=keyboard sql/ sql/?history store-health/ store-fallback/ store-fallback/?preview=filesystem "
        f"progress/ progress/?show=schedule progress/?run={run.pk} logbook/ logbook/?incident={Incident.objects.latest('pk').pk} "
        "logbook/?part=decisions logbook/?write=switch logbook/?part=alerts settings/?area=index "
        "settings/?threshold=index.unused.min_bytes settings/?part=access settings/?part=kept run/ run/create_index/ "
        "run/get_object_details/?schema=public&name=keyboard_shop&_run=1"
    )
    lists = (
        "/admin/ /admin/stores/statehistory/ /admin/stores/jsondocument/ /admin/stores/jsondocument/settings/change/ "
        "/admin/opsadmin/apitoken/ /admin/opsadmin/ignoredfinding/add/ /admin/auth/user/ /admin/password_change/"
    )
    return [f"{OPS}/{one}" for one in ours.split()] + lists.split()


def open_page(lead, path):
    lead.visit(path)
    lead.page.locator("[data-reload]").wait_for(state="detached")


def test_every_page_is_gone_through_by_tab(lead):
    lead.visit(f"{OPS}/settings/")
    frame = walk(lead.page, whole=True)
    troubles = [*frame.troubles, *walk_back(lead.page, frame)]
    assert frame.stops[0].name == "Skip to main content"
    lead.page.set_viewport_size(NARROW)
    lead.visit(f"{OPS}/store-health/")
    troubles += walk(lead.page, whole=True).troubles
    for number, path in enumerate(addresses()):
        scheme, size = LOOKS[number % len(LOOKS)]
        lead.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        lead.page.set_viewport_size(size)
        open_page(lead, path)
        found = walk(lead.page)
        troubles += [f"{path} ({scheme}, {size['width']}): {one}" for one in found.troubles]
        if not found.stops:
            troubles.append(f"{path}: There is nothing to go to.")
        if not lead.fits():
            troubles.append(f"{path} is wider than {size['width']}.")
    assert not troubles, "\n".join(troubles)


def press(lead, name):
    """What is called so, gone to by Tab and pressed."""
    go(lead.page, name)
    lead.page.keyboard.press("Enter")


def follow(lead, name):
    """The same, where it leads to a page."""
    go(lead.page, name)
    with lead.page.expect_navigation():
        lead.page.keyboard.press("Enter")


def fill_in(lead, name, text):
    go(lead.page, name)
    lead.page.keyboard.press("Control+A")
    lead.page.keyboard.type(text)


def heard(lead, text):
    """The page tells by itself what became of it."""
    lead.page.wait_for_function(
        "(text) => document.activeElement.matches('[role=status], h2') && document.activeElement.innerText.includes(text)",
        arg=text,
    )


def the_focus_stays_while_a_page_goes_on(lead, monkeypatch):
    monkeypatch.setattr("opsadmin.pages.activity.EVERY_SECONDS", 0.3)
    page = lead.page
    lead.visit(f"{OPS}/activity/?text=keyboard")
    page.evaluate("document.querySelector('#activity').firstElementChild.id = 'the-first'")
    go(page, page.locator("#activity td a[href^='#s']").first.inner_text())
    before = says(page)
    page.locator("#the-first").wait_for(state="detached")
    assert says(page) == before
    # What was typed wrongly has it at once.
    lead.visit(f"{OPS}/activity/?seconds=x")
    assert says(page) == "Seconds, at least"
    # A page that asks for the end of a look leaves the focus where it was.
    done = threading.Event()

    def slow():
        assert done.wait(30)
        return sick()

    with analysing(slow):
        lead.visit(f"{OPS}/overview/")
        follow(lead, "Check again")
        page.locator("[data-reload]").wait_for()
        go(page, "Queries")
        done.set()
        page.locator("[data-reload]").wait_for(state="detached")
        assert says(page) == "Queries"
        assert looks.join()


def test_the_main_path_of_each_page(lead, shop, monkeypatch):
    the_focus_stays_while_a_page_goes_on(lead, monkeypatch)
    page = lead.page
    open_page(lead, f"{OPS}/overview/?area=vacuum")
    follow(lead, "Ignore: public.orders")
    fill_in(lead, "Reason", "It is copied anew each night.")
    follow(lead, "Ignore")
    heard(lead, "dead_rows of public.orders is ignored.")
    assert IgnoredFinding.objects.filter(check_id="vacuum.dead_rows", object="public.orders").exists()
    lead.check_accessibility()

    open_page(lead, f"{OPS}/queries/?range=24h")
    fill_in(lead, "Text", "state_history")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "text=state_history" in page.url
    follow(lead, "Mean time")
    assert "sort=mean_time" in page.url
    follow(lead, "SELECT count(*)")
    assert "queryid=104" in page.url
    press(lead, "Show as table")
    go(page, "What the statement took")
    page.keyboard.press("End")

    open_page(lead, f"{OPS}/indexes/?list=duplicate")
    follow(lead, "Drop public.keyboard_two")
    page.get_by_role("heading", name="What would happen").wait_for()
    go(page, "Yes: Drop an index")
    page.keyboard.press("Space")
    follow(lead, "Drop an index")
    heard(lead, "public.keyboard_two is gone")
    lead.check_accessibility()

    open_page(lead, f"{OPS}/activity/?text=keyboard+waiter")
    waiter = page.locator("#activity tbody th").first.inner_text().split()[0]
    follow(lead, f"Cancel the statement of session {waiter}")
    page.get_by_role("heading", name="What would happen").wait_for()
    follow(lead, "Cancel a statement")
    heard(lead, "Done")
    page.get_by_text("Ended: the statement of").first.wait_for()
    shop.until("SELECT WHERE NOT EXISTS (SELECT FROM pg_locks WHERE pid = %s AND NOT granted)", int(waiter))

    open_page(lead, f"{OPS}/sql/")
    page.keyboard.type("SELECT 6 * 7 AS answer")
    page.keyboard.press("Control+Enter")
    page.get_by_role("cell", name="42").wait_for()
    press(lead, "Save it under a name")
    page.keyboard.press("Tab")
    page.keyboard.type("The answer")
    page.keyboard.press("Enter")
    heard(lead, "Saved as The answer.")
    go(page, "The answer")

    open_page(lead, f"{OPS}/logbook/")
    follow(lead, "Sessions that wait for a lock")
    fill_in(lead, "Note", "Called them.")
    follow(lead, "Write the note")
    page.get_by_text("Called them.").wait_for()
    follow(lead, "Close the incident")
    page.get_by_role("button", name="Open it again").wait_for()
    follow(lead, "Write down a decision")
    fill_in(lead, "What it is about", "On waiting")
    fill_in(lead, "Decision", "Ask first.")
    follow(lead, "Write it down")
    page.get_by_role("heading", name="On waiting").wait_for()

    open_page(lead, f"{OPS}/settings/?area=index")
    follow(lead, "Change index.unused.min_bytes")
    fill_in(lead, "Value", "-1")
    press(lead, "Save")
    assert says(page).startswith("Value")
    page.keyboard.press("Control+A")
    page.keyboard.type("64")
    fill_in(lead, "Reason", "Small ones do not matter.")
    follow(lead, "Save")
    heard(lead, "min_bytes")

    open_page(lead, f"{OPS}/store-fallback/")
    follow(lead, "Switch to the JSON copy")
    fill_in(lead, "Reason", "the server moves")
    go(page, "Switch")
    go(page, "Back")
