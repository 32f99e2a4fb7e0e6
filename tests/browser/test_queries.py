"""The page "Queries" in a real browser: clean, accessible, small, and as wide as the window."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connections
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from opsadmin.models import Mark
from opsadmin.pages import patient
from opsadmin.workload.sampler import sample
from opsadmin.workload.sums import Sums
from tests.fixtures.browser import NARROW, WIDE
from tests.opsadmin.pages.counted import BARE, counted_database, forget, point_at
from tests.opsadmin.pages.sampled import write_samples

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
PAGE = "/admin/ops/queries/"

JOINED = (
    "SELECT o.id, o.note, count(*) OVER (PARTITION BY o.note) FROM orders AS o LEFT JOIN orders AS p ON p.id = o.id "
    "WHERE o.id BETWEEN 1 AND 900 AND p.note <> 'y' ORDER BY o.note, o.id DESC LIMIT 50"
)
STATEMENTS = (
    JOINED,
    "UPDATE orders SET note = 'y' WHERE id = 12",
    "SELECT count(*) FROM orders",
    "SELECT pg_sleep(0.02)",
)


@pytest.fixture
def counted(superuser_dsn) -> Iterator[str]:
    with counted_database(superuser_dsn) as dsn:
        yield dsn


@pytest.fixture
def sent(counted, monkeypatch) -> Iterator[psycopg.Connection]:
    point_at(monkeypatch, counted)
    with psycopg.connect(counted, autocommit=True, prepare_threshold=None) as connection:
        forget(connection)
        yield connection
    assert patient.join()
    connections["store"].close()


@pytest.fixture
def lead(store_db, visitor, django_user_model):
    django_user_model.objects.create_superuser("lead", password="a long password")
    visitor.log_in("lead", "a long password")
    return visitor


def look_at(lead, name, path):
    """Nothing for axe, no sideways scrolling: light, dark, and narrow."""
    for scheme, size in (("light", WIDE), ("dark", WIDE), ("light", NARROW)):
        lead.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        lead.page.set_viewport_size(size)
        lead.visit(path)
        lead.check_accessibility()
        assert lead.fits(), (name, size)
        lead.picture(f"{name}-{scheme}-{size['width']}")


def send(connection, statements=STATEMENTS, times=5):
    for statement in statements:
        for _ in range(times):
            connection.execute(statement)


def test_the_list_and_one_statement(lead, sent):
    send(sent)
    look_at(lead, "queries", PAGE)
    look_at(lead, "queries-none", f"{PAGE}?text=nothing+like+that&min_calls=x&sort=io")
    lead.visit(f"{PAGE}?text=OVER")
    lead.page.locator(".queries tbody a").click()
    lead.page.get_by_role("heading", name="Plan").wait_for()
    address = lead.page.url.removeprefix(lead.address)
    look_at(lead, "statement", address)
    lead.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lead.page.get_by_role("button", name="Copy").first.click()
    lead.page.get_by_role("button", name="Copied").wait_for()
    assert " ".join(lead.page.evaluate("navigator.clipboard.readText()").split()).startswith(JOINED[:90])
    lead.page.get_by_role("link", name="All statements").click()
    assert lead.page.get_by_label("Text").input_value() == "OVER"


def test_states_without_statements_to_show(lead, sent, counted, monkeypatch):
    send(sent)
    point_at(monkeypatch, make_conninfo(counted, user=BARE))
    look_at(lead, "queries-hidden", PAGE)
    point_at(monkeypatch, counted)
    lead.visit(PAGE)
    assert patient.join()
    sent.execute("DROP EXTENSION pg_stat_statements")
    look_at(lead, "queries-steps", PAGE)
    point_at(monkeypatch, make_conninfo(counted, host="/nowhere"))
    look_at(lead, "queries-down", PAGE)
    lead.page.get_by_text("What is below was seen last").wait_for()
    link = lead.page.locator(".queries tbody a").first.get_attribute("href")
    look_at(lead, "statement-down", f"{PAGE}{link}")


def test_a_range_and_a_statement_over_time(lead, sent, counted, monkeypatch):
    now = timezone.now()
    made = now - timedelta(hours=3)

    def at_look(at):
        found = {(str(100 + number), "app"): Sums(calls=9, ms=900 / (1 + number), max_ms=99) for number in range(12)}
        return found | {("7", "app"): Sums(calls=40, ms=40 if at > made else 2000, max_ms=90)}

    looks = [now - timedelta(minutes=15 * number) for number in reversed(range(190)) if not 25 < number < 32]
    write_samples(looks, at_look, {"7": JOINED, **{str(100 + number): f"SELECT {number}" for number in range(12)}})
    Mark.objects.create(database="store", kind="index_created", at=made, text="orders_note_idx")
    # Two looks at the real thing: what was sent between them is there too.
    sample("store")
    send(sent, ["SELECT pg_sleep(0.02), 'new here'"])
    assert sample("store").calls
    look_at(lead, "queries-range", f"{PAGE}?range=24h")
    lead.visit(f"{PAGE}?range=24h&text=pg_sleep")
    assert lead.page.locator(".queries tbody tr").count() == 1
    assert lead.page.get_by_text("new", exact=True).is_visible()
    point_at(monkeypatch, make_conninfo(counted, host="/nowhere"))
    lead.visit(f"{PAGE}?range=24h")
    lead.page.get_by_label("Table it names").fill("orders")
    lead.page.get_by_role("button", name="Filter").click()
    lead.page.locator(".queries tbody a").click()
    lead.page.get_by_text("It became faster").wait_for()
    look_at(lead, "statement-range", lead.page.url.removeprefix(lead.address))
    lead.page.get_by_role("link", name="7 days").click()
    lead.page.get_by_text("Show as table").click()
    assert lead.page.get_by_role("region", name="What the statement took, as a table").is_visible()
    lead.page.get_by_role("link", name="All statements").click()
    assert lead.page.get_by_role("link", name="7 days").get_attribute("aria-current")


def test_twenty_five_long_statements_weigh_little(lead, sent):
    for number in range(25):
        columns = ", ".join(f"o.note AS a_long_name_of_column_{place}" for place in range(80 + number))
        sent.execute(f"SELECT {columns} FROM orders AS o WHERE o.id = 1")
    answers = []
    lead.page.on("response", lambda answer: answers.append(answer))
    lead.visit(PAGE)
    lead.page.wait_for_load_state("networkidle")
    assert lead.page.locator(".queries tbody tr").count() == 25
    # The test's server does not compress styles and scripts, the real one does; nor is anything kept by this browser.
    sizes = [len(one.body() if PAGE in one.url else gzip.compress(one.body())) for one in answers]
    assert sum(sizes) < 75_000
    assert len({one.url for one in answers}) <= 12  # ten are the admin's and every page's


def test_without_javascript(lead, sent, chromium):
    send(sent)
    state = lead.page.context.storage_state()
    context = chromium.new_context(java_script_enabled=False, storage_state=state, viewport=NARROW)
    try:
        page = context.new_page()
        page.goto(f"{lead.address}{PAGE}?sort=calls")
        page.get_by_label("Text").fill("update ORDERS")
        page.get_by_role("button", name="Filter").click()
        assert page.locator(".queries tbody tr").count() == 1
        assert "sort=calls" in page.url
        page.locator(".queries tbody a").click()
        assert page.get_by_role("heading", name="Plan").is_visible()
    finally:
        context.close()
