"""The page "Queries": the list of statements."""

from __future__ import annotations

import re

import psycopg
import pytest
from django.utils.html import escape
from psycopg.conninfo import make_conninfo

from opsadmin.api import get_top_queries as top
from opsadmin.models import SeenAnswer
from opsadmin.pages.queries_view import KEPT, Wanted, picked, told
from opsadmin.workload.queries import ORDERS
from tests.opsadmin.faces.people import person
from tests.opsadmin.pages.counted import BARE, at_once, content, forget, link_to, point_at

pytestmark = pytest.mark.django_db(databases=["default", "store"])
PAGE = "/admin/ops/queries/"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("opsadmin.pages.queries_read.ask", at_once)


def look(client, **query: object) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    return content(answer.text)


def test_the_list(reader, sent):
    for _ in range(3):
        sent.execute("SELECT pg_sleep(0.01)")
    sent.execute("SELECT o.id FROM orders AS o WHERE o.note = 'x'")
    page = look(reader)
    assert re.search(r"<a href=\"\?queryid=-?\d+\"><code><b>SELECT</b> pg_sleep\(<var>\$1</var>\)", page)
    assert page.index("pg_sleep") < page.index("orders")
    # The clock of the page, not the server's: Paris here.
    assert re.search(r"Counted since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d CES?T ", page)
    assert page.count('aria-sort="descending"') == 1
    seen = SeenAnswer.objects.get()
    assert seen.name == "get_top_queries.total_time"
    assert "pg_sleep" in str(seen.data)


def test_every_order(reader, sent):
    sent.execute("UPDATE orders SET note = 'y' WHERE id = 1")
    for order in ORDERS:
        page = look(reader, sort=order)
        own = r"\?" if order == "total_time" else rf"\?sort={order}"
        _ranges, _order, orders = page.partition('aria-label="Order"')
        assert len(re.findall(rf'<a class="ops-chip" href="{own}" aria-current="true">', orders)) == 1, order
        assert page.count("aria-sort") == 1, order
        assert "<b>UPDATE</b> orders" in page, order
    assert SeenAnswer.objects.count() == len(ORDERS)
    assert 'href="?" aria-current="true"' in look(reader, sort="beauty")


def test_what_is_kept_is_ordered_as_postgresql_does(reader, sent):
    for number in range(1, 40):
        sent.execute(f"SELECT {', '.join(['1'] * number)} FROM orders LIMIT {number}")
    for statement in ("UPDATE orders SET note = 'y'", "SELECT pg_sleep(0.01)", "SELECT 1", "SELECT 1"):
        sent.execute(statement)
    look(reader)
    kept = SeenAnswer.objects.get().data
    for order in ORDERS:
        wanted = Wanted("store", True, sort=order)
        fresh = told(top(sort_by=order, limit=25))
        shown = picked(kept, wanted)
        names = [[one["queryid"] for one in answer["queries"]] for answer in (fresh, shown)]
        assert names[0] == names[1] or order == "io", order
        assert fresh["found"] == shown["found"], order
    second = picked(kept, Wanted("store", True, page=2))["queries"]
    assert [one["queryid"] for one in second] == [one["queryid"] for one in kept["queries"][25:50]]


def test_filters_are_kept_in_the_links(reader, sent):
    for _ in range(2):
        sent.execute("SELECT note AS twice FROM orders LIMIT 1")
    sent.execute("SELECT id AS once FROM orders LIMIT 1")
    page = look(reader, text="as TWICE", role="postgres", min_calls=2, sort="calls")
    assert "twice" in page
    assert "once" not in page
    kept = {"text": "as TWICE", "role": "postgres", "min_calls": "2"}
    assert link_to(page, "twice").items() >= {**kept, "sort": "calls"}.items()
    assert "?sort=mean_time&amp;text=as+TWICE&amp;role=postgres&amp;min_calls=2" in page
    assert 'name="sort" value="calls"' in page
    assert 'value="as TWICE"' in page
    assert "Show all" in page
    assert not SeenAnswer.objects.exists(), "what is filtered is not what one wants in an outage"
    assert "No statement fits." in look(reader, text="nothing has this")


def test_wrong_filters_are_said_beside_their_field(reader, sent):
    sent.execute("SELECT 4711 AS here")
    page = look(reader, min_calls="x", text="as here")
    assert 'aria-invalid="true" aria-describedby="id_min_calls_error"' in page
    assert "<b>AS</b> here" in page
    page = look(reader, role="postgre")
    assert "There is no role &#x27;postgre&#x27;. There are: postgres" in page
    assert "<table" not in page
    for odd in ("<script>alert(1)</script>", "100% \"' é \\", "x" * 600):
        page = look(reader, text=odd, role=odd[:60], min_calls="-1")
        assert escape(odd) in page
        assert "<script>alert" not in page
    look(reader, text="\0", role="\0")
    for number in ("x", "-1", "0", "9" * 40, "²"):
        assert "<b>AS</b> here" in look(reader, page=number)


def test_pages(reader, sent):
    for number in range(1, 61):
        sent.execute(f"SELECT {', '.join(['1'] * number)} FROM orders LIMIT 1")
    found: list[str] = []
    for number in (1, 2, 3):
        page = look(reader, page=number, text="orders LIMIT", sort="rows")
        found += re.findall(r"queryid=(-?\d+)", page)
        assert ('rel="next"' in page) is (number < 3)
        assert ('rel="prev"' in page) is (number > 1)
    assert len(found) == len(set(found)) == 60
    assert f"{2 * 25 + 1}–60 of 60" in page
    assert "There are not that many statements." in look(reader, page=9)


def test_texts_that_the_role_may_not_see(reader, sent, counted_dsn, monkeypatch):
    sent.execute("SELECT 4711 AS secret_column")
    point_at(monkeypatch, make_conninfo(counted_dsn, user=BARE))
    page = look(reader)
    assert "secret_column" not in page
    assert f"GRANT pg_read_all_stats TO &quot;{BARE}&quot;;" in page
    assert f"The role {BARE} may not see the text" in page
    assert "?queryid=" not in page


def test_without_the_extension(reader, sent):
    sent.execute("DROP EXTENSION pg_stat_statements")
    try:
        page = look(reader)
        assert "is loaded, but not created in the database queries_" in page
        assert re.search(
            r"<p>In the database queries_\w+:</p>.*<code>CREATE EXTENSION pg_stat_statements;</code>", page
        )
        assert "Filter" not in page
        assert "is loaded, but not created" in look(reader, queryid="12")
    finally:
        sent.execute("CREATE EXTENSION pg_stat_statements")
    assert "Statements by what they cost" in look(reader)


def test_nothing_was_counted_yet(reader, sent):
    sent.execute("SET pg_stat_statements.track = 'none'")
    forget(sent)
    assert "No statement was counted yet" in look(reader)


def test_only_with_the_permission(client, sent):
    client.force_login(person("nobody"))
    assert client.get(PAGE).status_code == 403
    assert client.get(PAGE, {"queryid": "1"}).status_code == 403
    client.force_login(person("looker", "opsadmin.view_database"))
    assert "Queries" in look(client)


def calls_so_far(connection: psycopg.Connection) -> int:
    query = """SELECT sum(s.calls)::int FROM pg_stat_statements AS s INNER JOIN pg_database AS d ON d.oid = s.dbid
        WHERE d.datname = current_database()"""
    (calls,) = connection.execute(query).fetchone() or (0,)
    return int(calls)


def test_a_page_sends_at_most_eight_statements(reader, sent):
    sent.execute("SELECT 1 AS one")
    before = calls_so_far(sent)
    look(reader)
    assert 5 <= calls_so_far(sent) - before - 1 <= 8


def test_a_page_of_long_statements_is_small(reader, sent):
    for number in range(30):
        columns = ", ".join(f'o.id AS "a long & odd <name> {place}"' for place in range(200 + number))
        sent.execute(f"SELECT {columns} FROM orders AS o LIMIT 1")
    whole = reader.get(PAGE).text
    page = content(whole)
    assert page.count('<th scope="row">') == 25
    assert "&amp; odd &lt;name&gt;" in page
    assert len(whole.encode()) < 60_000  # styles and scripts are another 40 kB
    assert len(str(SeenAnswer.objects.get().data)) < KEPT * 12_000


def test_findings_lead_here(reader):
    from opsadmin.pages.actions import action_for

    found = {"check": "query.slow", "area": "query", "object": "query -4711: SELECT 1", "message": ""}
    assert action_for(found, "store").url == f"{PAGE}?queryid=-4711"
    found |= {"check": "query.not_recorded", "object": "pg_stat_statements"}
    assert action_for(found, "other").url == f"{PAGE}?database=other"
