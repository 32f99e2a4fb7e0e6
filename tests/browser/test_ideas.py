"""The page "Index ideas" in a real browser: clean, accessible, small, as wide as the window, and of use without scripts."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connections
from psycopg.conninfo import make_conninfo

from opsadmin.models import SeenAnswer
from opsadmin.pages import ideas_ask, patient
from opsadmin.pages.ideas_kept import QUERIES, WORKLOAD, keep
from tests.fixtures.browser import NARROW, WIDE
from tests.opsadmin.pages.counted import BARE, counted_database, forget, point_at
from tests.opsadmin.pages.ideas_advice import DJANGO, advice, recommendation

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
PAGE = "/admin/ops/ideas/"


@pytest.fixture
def counted(superuser_dsn) -> Iterator[str]:
    with counted_database(superuser_dsn) as dsn:
        yield dsn


@pytest.fixture
def sent(counted, monkeypatch) -> Iterator[psycopg.Connection]:
    point_at(monkeypatch, counted)
    with psycopg.connect(counted, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS hypopg")
        connection.execute("INSERT INTO orders SELECT n, 'y' || n FROM generate_series(1001, 30000) AS n")
        connection.execute("ANALYZE orders")
        forget(connection)
        yield connection
    assert ideas_ask.join()
    assert patient.join()
    connections["store"].close()


@pytest.fixture
def lead(store_db, visitor, django_user_model):
    django_user_model.objects.create_superuser("lead", password="a long password")
    visitor.log_in("lead", "a long password")
    return visitor


def look_at(lead, name, path=PAGE):
    """Nothing for axe, no sideways scrolling: light and wide, dark and narrow."""
    for scheme, size in (("light", WIDE), ("dark", NARROW)):
        lead.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        lead.page.set_viewport_size(size)
        lead.visit(path)
        lead.check_accessibility()
        assert lead.fits(), (name, size)
        lead.picture(f"{name}-{scheme}-{size['width']}")
    lead.page.set_viewport_size(WIDE)


def test_ideas_are_asked_for_shown_and_handed_on(lead, sent):
    for _ in range(3):
        sent.execute("SELECT count(*) FROM orders WHERE id = 12")
        sent.execute("SELECT id FROM orders WHERE note LIKE 'y20%' ORDER BY id LIMIT 5")
    look_at(lead, "ideas-none-yet")
    lead.page.get_by_role("button", name="Look for ideas", exact=True).click()
    # The page itself asks for the end.
    lead.page.get_by_role("heading", name="Indexes to make").wait_for()
    look_at(lead, "ideas")
    lead.page.get_by_role("link", name="count(*)").first.click()
    lead.page.get_by_role("link", name="Which index would help?").click()
    assert "FROM orders WHERE id = $1" in lead.page.locator("#ideas-statements").input_value()
    look_at(lead, "ideas-prefilled", lead.page.url.removeprefix(lead.address))
    lead.page.get_by_role("button", name="Look for ideas for these").click()
    lead.page.get_by_text("for given statements, made").wait_for()
    lead.page.get_by_role("link", name="For the running workload").click()
    lead.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lead.page.locator(".idea .ops-copy").first.click()
    lead.page.get_by_role("button", name="Copied").wait_for()
    assert lead.page.evaluate("navigator.clipboard.readText()").startswith("CREATE INDEX CONCURRENTLY orders_")
    lead.page.get_by_role("button", name="Create it").first.click()
    lead.page.get_by_role("heading", name="What would happen").wait_for()
    lead.check_accessibility()


def test_all_that_an_advice_may_hold(lead, sent):
    others = {"basis": "stand-in", "using": "gin", "include": ("a",), "predicate": "NOT done"}
    found = advice(
        recommendations=(
            recommendation(1, django=DJANGO),
            recommendation(2, **others),
            *(recommendation(number, basis="model", gain=0.0001) for number in range(3, 12)),
        ),
        notes=("HypoPG is not in the database.",),
        complete=False,
    )
    keep("store", WORKLOAD, found, by="anna", key="k", given={"max_size_mb": 12})
    keep("store", QUERIES, advice(0, cost_after=100_000.0), by="anna", key="l", given={"queries": ["SELECT 'x'"]})
    look_at(lead, "ideas-all", f"{PAGE}?advice=workload")
    for summary in lead.page.locator("main summary").all():
        summary.click()
    lead.check_accessibility()
    assert lead.fits()
    lead.picture("ideas-all-open")
    look_at(lead, "ideas-nothing", f"{PAGE}?advice=queries")


def test_states_without_advice(lead, sent, counted, monkeypatch):
    sent.execute("SELECT count(*) FROM orders")
    point_at(monkeypatch, make_conninfo(counted, user=BARE))
    look_at(lead, "ideas-hidden")
    assert patient.join()
    point_at(monkeypatch, counted)
    sent.execute("DROP EXTENSION pg_stat_statements; DROP EXTENSION hypopg")
    patient._questions.clear()
    look_at(lead, "ideas-steps")
    keep("store", WORKLOAD, advice(), by="anna", key="k", given={})
    data = {"key": "k", "by": "anna", "says": "3 statements", "begun_at": "2026-11-01T10:00:00+00:00"}
    data |= {"share": 0.4, "step": "searching", "error": "It is down.", "hint": "Wait.", "ended": True}
    SeenAnswer.objects.create(database="store", name=ideas_ask.NAME, data=data, taken_at="2026-11-01T10:00:00Z")
    point_at(monkeypatch, make_conninfo(counted, host="/nowhere"))
    look_at(lead, "ideas-down")
    lead.page.get_by_text("There is no advice for 3 statements.").wait_for()
    assert lead.page.get_by_role("button", name="Look for ideas", exact=True).is_disabled()
    assert lead.page.get_by_role("button", name="3.81 MB").is_disabled()


def test_the_longest_page_weighs_little(lead, sent):
    reason = (
        "Serves 2 statements, which take 8 % of the workload's cost. It holds all that they read of the table. " * 2
    )
    long = {"django": DJANGO + "\n        # more\n" * 40, "include": ("a_long_name", "another_name"), "reason": reason}
    statements = (advice().queries[0],) * 100
    found = advice(recommendations=tuple(recommendation(number, **long) for number in range(1, 33)), queries=statements)
    keep("store", WORKLOAD, found, by="anna", key="k", given={})
    answers = []
    lead.page.on("response", lambda answer: answers.append(answer))
    lead.visit(PAGE)
    lead.page.wait_for_load_state("networkidle")
    assert lead.page.locator(".idea").count() == 5
    # The test's server does not compress styles and scripts, the real one does; nor is anything kept by this browser.
    sizes = [len(one.body() if PAGE in one.url else gzip.compress(one.body())) for one in answers]
    assert sum(sizes) < 100_000
    assert len({one.url for one in answers}) <= 10
    lead.page.get_by_role("link", name="Show all in full").click()
    assert lead.page.locator(".idea").count() == 32
    assert lead.fits()


def test_without_javascript(lead, sent, chromium):
    for _ in range(3):
        sent.execute("SELECT count(*) FROM orders WHERE id = 12")
    state = lead.page.context.storage_state()
    context = chromium.new_context(java_script_enabled=False, storage_state=state, viewport=NARROW)
    try:
        page = context.new_page()
        page.goto(f"{lead.address}{PAGE}")
        page.get_by_label("Indexes, at most").first.fill("1")
        page.get_by_role("button", name="Look for ideas", exact=True).click()
        assert ideas_ask.join()
        page.goto(f"{lead.address}{PAGE}")
        assert page.get_by_text("1 index of").is_visible()
        page.get_by_role("button", name="Create it").click()
        assert page.get_by_role("heading", name="What would happen").is_visible()
    finally:
        context.close()
