"""The page SQL in a real browser: rows, refusals, plans and an outage; by keyboard, by mouse, and without JavaScript."""

import pytest

from opsadmin.pages.registry import pages
from tests.fixtures.browser import NARROW, WIDE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
]
PAGE = "/admin/ops/sql/"
ROWS = """SELECT i AS id, 'device ' || i AS name, i * 1.5 AS reading, NULLIF(i % 3, 0) AS third,
    repeat('long text ', i * 4) AS note, now() AS at, jsonb_build_object('n', i) AS extra
FROM generate_series(1, 12) AS i"""
PLAN = """SELECT n.nspname, count(*), max(c.relpages) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_index AS i ON i.indexrelid = c.oid WHERE c.relkind IN ('r', 'i') GROUP BY 1 ORDER BY 2 DESC LIMIT 5"""


@pytest.fixture
def lead(outage, visitor, django_user_model):
    django_user_model.objects.create_superuser("lead", password="a long password")
    visitor.log_in("lead", "a long password")
    return visitor


def ask(lead, sql, button="Run"):
    lead.visit(PAGE)
    lead.page.get_by_label("Statement", exact=True).last.fill(sql)
    lead.page.get_by_role("button", name=button, exact=True).click()
    lead.page.wait_for_selector("#result")


def look_at(lead, name):
    """Nothing for axe, no sideways scrolling: light, dark, and narrow. The page is not asked for again."""
    for scheme, size in (("light", WIDE), ("dark", WIDE), ("light", NARROW), ("dark", NARROW)):
        lead.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        lead.page.set_viewport_size(size)
        if (scheme == "light") == (size is WIDE):  # both colours and both widths, in half the time
            lead.check_accessibility()
        assert lead.fits(), (name, size)
        lead.picture(f"sql-{name}-{scheme}-{size['width']}")
    lead.page.set_viewport_size(WIDE)


def test_rows(lead):
    lead.visit(PAGE)
    look_at(lead, "empty")
    ask(lead, ROWS)
    assert lead.page.get_by_role("heading", name="12 rows in").is_visible()
    lead.page.get_by_role("cell").filter(has_text="characters").first.locator("summary").click()
    look_at(lead, "rows")
    with lead.page.expect_download() as download:
        lead.page.get_by_role("button", name="CSV", exact=True).click()
    assert download.value.path().read_text(encoding="utf-8").startswith("id,name,reading,third,note,at,extra\n")
    assert lead.page.get_by_role("heading", name="12 rows in").is_visible()


def test_refusals_and_errors(lead):
    ask(lead, "SELECT d.kind,\n       pg_sleep(10)\nFROM json_store AS d")
    assert lead.page.locator("mark").inner_text() == "pg_sleep"
    look_at(lead, "refused")
    ask(lead, "SELECT kind, dat\nFROM json_store")
    assert lead.page.locator("mark").inner_text() == "dat"
    look_at(lead, "error")


def test_plans(lead):
    ask(lead, PLAN, "Explain analyze")
    assert lead.page.get_by_role("heading", name="Plan", exact=True).is_visible()
    look_at(lead, "analyzed")
    lead.page.get_by_text("In PostgreSQL's own words").click()
    long = " OR ".join(f"data ->> 'a rather long key {number}' = 'x'" for number in range(40))
    ask(lead, f"SELECT * FROM json_store WHERE {long}", "Explain")
    lead.page.get_by_text("In PostgreSQL's own words").click()
    lead.page.locator("details:has(dl) summary").first.click()
    assert lead.fits()
    ask(lead, f"SELECT nope FROM json_store WHERE {long}", "Run")
    assert lead.fits()
    ask(lead, "SELECT " + ", ".join(f"{number} AS column_{number}" for number in range(100)), "Run")
    assert lead.fits()
    ask(lead, "SELECT * FROM json_store WHERE data ->> 'a' = $1", "Explain")
    look_at(lead, "plan")
    deep = "SELECT * FROM (" * 20 + "SELECT kind FROM json_store ORDER BY updated_at LIMIT 9" + ") AS x LIMIT 8" * 20
    ask(lead, deep, "Explain")
    assert lead.page.locator(".plan-node").count() == 23
    look_at(lead, "deep")


def test_a_warning_leads_to_its_node(lead):
    ask(lead, "SELECT count(*) FROM generate_series(1, 60000) AS i WHERE i < 0", "Explain analyze")
    link = lead.page.locator(".plan-warnings a").first
    link.click()
    assert lead.page.locator(".plan-node:target").is_visible()


def test_by_keyboard(lead):
    lead.visit(PAGE)
    editor = lead.page.get_by_label("Statement", exact=True).last
    assert editor.evaluate("field => field === document.activeElement")
    lead.page.keyboard.type("SELECT 6 * 7 AS answer")
    lead.page.keyboard.press("Tab")
    assert lead.page.evaluate("document.activeElement.value") == "run"
    lead.page.keyboard.press("Shift+Tab")
    lead.page.keyboard.press("Control+Enter")
    lead.page.wait_for_selector("#result td")
    assert lead.page.get_by_role("cell", name="42").is_visible()
    assert editor.input_value() == "SELECT 6 * 7 AS answer"
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    lead.page.get_by_role("button", name="Run").focus()
    lead.page.keyboard.press("Shift+Tab")
    for _ in range(8):
        lead.page.keyboard.press("Tab")
        assert lead.page.evaluate(outline) != "none", lead.page.evaluate("document.activeElement.outerHTML")
    lead.page.get_by_text("Save it under a name").press("Enter")
    lead.page.keyboard.press("Tab")
    lead.page.keyboard.type("The answer")
    lead.page.keyboard.press("Enter")
    lead.page.get_by_text("Saved as The answer.").wait_for()
    assert editor.input_value() == "SELECT 6 * 7 AS answer"
    lead.page.get_by_role("link", name="SELECT 6 * 7 AS answer").click()
    assert lead.page.locator("#result").count() == 0
    look_at(lead, "kept")


def test_postgresql_is_stopped(lead, outage):
    outage.down()
    ask(lead, "SELECT 'kept' AS text")
    lead.page.locator("#result").get_by_text("PostgreSQL does not answer.", exact=True).wait_for()
    assert lead.page.get_by_label("Statement", exact=True).last.input_value() == "SELECT 'kept' AS text"
    look_at(lead, "down")
    outage.back()
    lead.page.get_by_role("button", name="Run").click()
    assert lead.page.get_by_role("cell", name="kept").is_visible()


def test_without_javascript(lead, chromium):
    state = lead.page.context.storage_state()
    context = chromium.new_context(java_script_enabled=False, storage_state=state, viewport=NARROW)
    try:
        page = context.new_page()
        page.goto(f"{lead.address}{PAGE}?sql=SELECT%201%20AS%20one")
        assert not page.get_by_text("Ctrl+Enter").is_visible()
        page.get_by_role("button", name="Run").click()
        assert page.get_by_role("cell", name="1").is_visible()
        page.get_by_role("button", name="Explain", exact=True).click()
        assert page.get_by_role("heading", name="Plan", exact=True).is_visible()
    finally:
        context.close()


def test_the_sidebar_marks_it_alone(lead):
    lead.visit(PAGE)
    assert lead.page.locator("#nav-sidebar .current-model").count() == 1
    assert "sql" in [page.slug for page in pages()]
