"""Making and dropping an index in a real browser: the preview, the run while it goes on, its stop and its end."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from opsadmin.jobs import runner
from opsadmin.jobs.schedule import register_task
from opsadmin.models import OperationRun, ScheduledTask
from tests.fixtures.browser import NARROW, WIDE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]


@pytest.fixture
def lead(outage, visitor, django_user_model):
    django_user_model.objects.create_superuser("lead", password="a long password")
    visitor.log_in("lead", "a long password")
    with psycopg.connect(outage.dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE runs_shop (id int, email text)")
        connection.execute(
            "INSERT INTO runs_shop SELECT n, 'm' || n FROM generate_series(1, 5000) AS n; ANALYZE runs_shop"
        )
        yield visitor
        runner.join()
        connection.execute("DROP TABLE runs_shop")


@pytest.fixture
def snapshot(outage):
    """A transaction that a build has to wait for when it is nearly done."""
    with psycopg.connect(outage.dsn, application_name="nightly dump") as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SELECT 1 FROM pg_class")
        yield connection


def look_at(lead, name):
    """Nothing for axe, no sideways scrolling: light, dark, and narrow."""
    for scheme, size in (("light", WIDE), ("dark", WIDE), ("light", NARROW), ("dark", NARROW)):
        lead.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        lead.page.set_viewport_size(size)
        if (scheme == "light") == (size is WIDE):
            lead.check_accessibility()
        assert lead.fits(), (name, size)
        lead.picture(f"runs-{name}-{scheme}-{size['width']}")
    lead.page.set_viewport_size(WIDE)


def begin(lead, ddl):
    lead.visit("/admin/ops/run/create_index/")
    lead.page.get_by_label("Ddl", exact=True).fill(ddl)
    lead.page.get_by_role("button", name="Show what it would do").click()
    lead.page.get_by_role("heading", name="What would happen").wait_for()


def test_a_build_is_watched_stopped_and_made_again(lead, snapshot):
    lead.visit("/admin/ops/progress/")
    assert lead.page.get_by_role("heading", name="Nothing was changed yet.").is_visible()
    look_at(lead, "empty")
    begin(lead, "CREATE INDEX ON runs_shop (email)")
    assert lead.page.get_by_text("The index runs_shop_email_idx is made on public.runs_shop").is_visible()
    look_at(lead, "preview")
    lead.page.get_by_role("button", name="Create an index").click()
    # The page asks again by itself.
    lead.page.get_by_role("heading", name="application nightly dump").wait_for()
    assert lead.page.get_by_role("progressbar").get_attribute("value") == "98.0"
    lead.page.get_by_text("What it said on the way").wait_for()
    lead.page.locator("#stop summary").focus()
    lead.page.keyboard.press("Enter")
    look_at(lead, "waits")
    assert lead.page.locator("#stop-now").is_visible(), "the page was asked anew, and what is open stays so"
    lead.page.locator("#stop-now").focus()
    lead.page.keyboard.press("Enter")
    lead.page.get_by_role("heading", name="It was stopped. Nothing is left of it.").wait_for()
    look_at(lead, "stopped")
    snapshot.rollback()
    begin(lead, "CREATE INDEX ON runs_shop (email)")
    lead.page.get_by_role("button", name="Create an index").click()
    lead.page.get_by_role("heading", name="public.runs_shop_email_idx is there").wait_for()
    assert lead.page.get_by_text("DROP INDEX CONCURRENTLY public.runs_shop_email_idx;", exact=True).is_visible()
    look_at(lead, "done")
    lead.visit("/admin/ops/progress/")
    assert [one.inner_text() for one in lead.page.locator("main .ops-badge").all()] == ["Done", "Done", "Stopped"]
    look_at(lead, "list")


def test_what_comes_round_by_itself_is_run_changed_and_switched_off(lead, outage, monkeypatch):
    from opsadmin.jobs import tasks

    tasks.load()
    monkeypatch.setattr(tasks, "_tasks", {})
    long = "x" * 90
    register_task("sweep", title=f"Sweep {long}", every=timedelta(hours=1), run=lambda: "Swept.", summary="The floor.")
    register_task("off", title="Off", every=timedelta(days=1), run=lambda: "No.", enabled=False)
    outage.down()
    lead.visit("/admin/ops/progress/?show=schedule")
    lead.page.locator("#run-sweep").focus()
    lead.page.keyboard.press("Enter")
    lead.page.get_by_role("heading", name="Swept.").wait_for()
    look_at(lead, "task")
    lead.page.get_by_role("link", name="Run again with these parameters").click()
    assert lead.page.get_by_label("Task").input_value() == "sweep"
    lead.visit("/admin/ops/progress/?show=schedule")
    lead.page.locator("#every-sweep summary").click()
    lead.page.locator("#minutes-sweep").fill("5")
    lead.page.keyboard.press("Enter")
    lead.page.get_by_text("runs every 5 min.").wait_for()
    lead.page.locator("#switch-sweep").click()
    lead.page.get_by_text("no longer runs by itself.").wait_for()
    lead.page.locator("#switch-off").click()
    lead.page.get_by_text("Off runs every 1 d.").wait_for()
    # What somebody else does is seen without asking.
    ScheduledTask.objects.filter(name="off").update(outcome="failed", message="It is broken.", failures=3)
    lead.page.get_by_text("It is broken.").wait_for()
    look_at(lead, "schedule-failing")


def test_an_interrupted_run_says_what_became_of_it(lead, outage):
    with psycopg.connect(outage.dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO runs_shop VALUES (1, 'twice')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY runs_left ON runs_shop (id)")
    run = OperationRun.objects.create(
        operation="create_index",
        effect="writes",
        database="store",
        caller="lead",
        door="page",
        heartbeat_at=timezone.now() - timedelta(minutes=5),
        progress={
            "done": 60,
            "total": 100,
            "message": "Writing the index",
            "detail": {"index": "public.runs_left", "table": "public.runs_shop", "pid": 1, "started": "x"},
        },
    )
    lead.visit(f"/admin/ops/progress/?run={run.pk}")
    assert lead.page.get_by_text("It left the invalid index public.runs_left").is_visible()
    look_at(lead, "interrupted")
    lead.page.get_by_role("link", name="Drop it").click()
    lead.page.get_by_role("button", name="Show what it would do").click()
    lead.page.get_by_role("checkbox", name="Yes").check()
    lead.page.get_by_role("button", name="Drop an index").click()
    lead.page.get_by_role("heading", name="public.runs_left is gone").wait_for()
    outage.down()
    lead.visit(f"/admin/ops/progress/?run={run.pk}")
    assert lead.page.get_by_text("What became of it is not known").is_visible()
    look_at(lead, "down")


def test_who_may_not_is_not_let_in(lead, django_user_model):
    run = OperationRun.objects.create(operation="create_index", effect="writes", caller="lead", door="page")
    from django.contrib.auth.models import Permission

    guest = django_user_model.objects.create_user("guest", password="a long password", is_staff=True)
    guest.user_permissions.add(Permission.objects.get(codename="view_database"))
    lead.page.context.clear_cookies()
    lead.log_in("guest", "a long password")
    lead.visit("/admin/ops/progress/")
    assert lead.page.goto(f"{lead.address}/admin/ops/progress/?run={run.pk}").status == 403
    assert lead.page.goto(f"{lead.address}/admin/ops/progress/?run=no").status == 404
    assert lead.page.goto(f"{lead.address}/admin/ops/run/create_index/").status == 403
    lead.errors.clear()  # the browser tells of the refusals
