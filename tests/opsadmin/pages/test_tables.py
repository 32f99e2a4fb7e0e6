"""The page "Tables": the lists, and every object with what belongs to it."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from urllib.parse import parse_qsl

import psycopg
import pytest
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from opsadmin.models import Sample, SeenAnswer
from opsadmin.pages import patient
from opsadmin.pages.tables_view import SHOWN
from tests.fixtures.outage import Outage, outage  # noqa: F401
from tests.opsadmin.catalogue.conftest import catalogue_dsn  # noqa: F401  # a fixture
from tests.opsadmin.faces.people import person
from tests.opsadmin.pages.counted import at_once, content, point_at

PAGE = "/admin/ops/tables/"
ODD = 'Odd.Schema "x"'


@pytest.fixture
def every_kind(catalogue_dsn, monkeypatch) -> str:  # noqa: F811
    point_at(monkeypatch, catalogue_dsn)
    monkeypatch.setattr("opsadmin.pages.reading.ask", at_once)
    return catalogue_dsn


def look(client, **query: object) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == 200, query
    return content(answer.text)


def links(page: str) -> list[tuple[dict[str, str], str]]:
    """What the rows' links ask for, and their text."""
    found = re.findall(r'<th scope="row"><a href="\?([^"]*)">(.*?)</a>', page)
    return [
        (dict(parse_qsl(html.unescape(query), keep_blank_values=True)), html.unescape(text)) for query, text in found
    ]


@pytest.mark.django_db(databases=["default", "store"])
def test_the_list(reader, every_kind):
    page = look(reader)
    names = [text for _query, text in links(page)]
    assert names[:2] == ["reading", "customer"]
    assert "3 partitions" in page
    assert page.count("aria-sort") == 1
    assert 'aria-sort="ascending"' in look(reader, sort="name")
    assert [text for _query, text in links(look(reader, text="CUSTOMER", schema="sales"))] == [
        "customer",
        "per_customer",
    ]
    assert "Nothing fits." in look(reader, text="<b>nothing")
    assert "There are not that many." in look(reader, page=9)
    assert "There is no schema &#x27;sale&#x27;" in look(reader, schema="sale")
    for odd in ({"page": "²"}, {"sort": "beauty"}, {"show": "x"}, {"text": "\0"}, {"schema": "\0"}, {"database": "x"}):
        assert "customer" in look(reader, **odd)
    (seen,) = SeenAnswer.objects.all()
    assert seen.name == "list_tables"
    assert len(seen.data["tables"]) == len(names)


@pytest.mark.django_db(databases=["default", "store"])
def test_every_object_opens_from_its_list(reader, every_kind):
    opened = 0
    for show in SHOWN:
        for schema in ("sales", ODD):
            for query, text in links(look(reader, show=show, schema=schema))[:8]:
                page = look(reader, **query)
                assert "<h1>" in page, (show, text)
                opened += 1
    assert opened > 40
    assert SeenAnswer.objects.filter(name__startswith="object.").count() <= 60


@pytest.mark.django_db(databases=["default", "store"])
def test_a_table(reader, every_kind):
    page = look(reader, schema="sales", name="orders")
    for name in ("customer", "big_orders", "orders_pkey", "amount"):
        assert re.search(rf'<a href="\?schema=sales&amp;name={name}[^"]*">', page), name
    for text in ("not validated", "disabled", "own_rows", "no_delete", "VACUUM (ANALYZE, VERBOSE) sales.orders;"):
        assert text in page, text
    assert "drop_index/?index=" not in page, "both of its indexes are constraints'"
    customer = look(reader, schema="sales", name="customer")
    assert "drop_index/?index=sales.customer_name" in customer
    assert "all different" in customer
    assert "100 % NULL" in customer
    reading = look(reader, schema="sales", name="reading")
    assert "partitioned by RANGE (at)" in reading
    assert "reading_2025" in reading
    odd = look(reader, schema=ODD, name='My "Table".é')
    assert "Ünï" in odd
    assert "%s" in odd
    view = look(reader, schema="sales", name="big_orders", type="view")
    assert "SELECT o.id" in view
    index = look(reader, schema="sales", name="customer_email", type="index")
    assert '<a class="ops-button" href="?schema=sales&amp;name=customer">Its table</a>' in index


@pytest.mark.django_db(databases=["default", "store"])
def test_what_is_not_there(reader, every_kind):
    def missing(**query: object) -> str:
        answer = reader.get(PAGE, query)
        assert answer.status_code == 404
        return content(answer.text)

    assert '<a href="?schema=sales&amp;name=orders">orders</a>' in missing(schema="sales", name="order")
    assert '<a href="?schema=sales&amp;name=big_orders&amp;type=view">' in missing(schema="sales", name="big_orders")
    assert '<a href="?schema=sales&amp;name=orders">sales.orders</a>' in missing(schema="public", name="orders")
    assert "&lt;script&gt;" in missing(name="<script>")


@pytest.mark.django_db(databases=["default", "store"])
def test_rows_by_permission(client, db, every_kind):
    client.force_login(person("viewer", "opsadmin.view_database"))
    page = look(client, schema="sales", name="customer", rows=1)
    assert "c1@example.org" not in page
    assert "May see a few rows of any table" in page
    assert "reindex_index" not in page
    client.force_login(person("operator", "opsadmin.view_database", "opsadmin.view_rows"))
    assert "c1@example.org" not in look(client, schema="sales", name="customer"), "nobody asked for them"
    page = look(client, schema="sales", name="customer", rows=1)
    assert "c1@example.org" in page
    assert "o&#x27;k <b>100 %</b>" in page
    assert "c1@example.org" not in str(list(SeenAnswer.objects.values_list("data", flat=True)))
    assert "It holds no rows." in look(client, schema="sales", name="orders", rows=1)
    client.force_login(person("nobody"))
    assert client.get(PAGE).status_code == 403


@pytest.mark.django_db(databases=["default", "store"])
def test_a_locked_table(reader, every_kind):
    with psycopg.connect(every_kind) as other:
        other.execute("LOCK TABLE sales.orders IN ACCESS EXCLUSIVE MODE")
        assert "orders" in look(reader, schema="sales")
        page = look(reader, schema="sales", name="orders")
        assert "holds ACCESS EXCLUSIVE on sales.orders" in page
        assert "customer_id" in page
        assert "lock" in look(reader, schema="sales", name="orders", rows=1)
        assert "customer_id_seq" in look(reader, show="ranges")


@pytest.mark.django_db(databases=["default", "store"])
def test_a_role_that_may_little(reader, every_kind, monkeypatch):
    point_at(monkeypatch, make_conninfo(every_kind, user="catalogue_bare"))
    page = look(reader, show="ranges")
    assert "sequences may not be read by catalogue_bare." in page
    assert "GRANT pg_read_all_data TO &quot;catalogue_bare&quot;;" in page
    assert "GRANT SELECT ON sales.orders TO catalogue_bare;" in look(reader, schema="sales", name="orders")
    assert "customer" in look(reader)


@pytest.mark.django_db(databases=["default", "store"])
def test_growth(reader, every_kind):
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    for hours, size in ((30, 8192), (2, 65536)):
        at = now - timedelta(hours=hours)
        tables = {"tables": [["sales", "customer", size, 200]]}
        for level in (Sample.Level.HOUR, Sample.Level.DAY):
            Sample.objects.update_or_create(
                database="store", kind=Sample.Kind.TABLES, level=level, at=at, defaults={"last_at": at, "data": tables}
            )
    page = look(reader)
    assert "+56 kB" in page
    assert "in 1 day" in page


# A question is asked in a thread of its own, which sees what is committed.
@pytest.mark.django_db(databases=["default", "store"], transaction=True)
def test_postgresql_is_gone(reader, outage):  # noqa: F811
    for query in (
        {},
        {"show": "ranges"},
        {"show": "view"},
        {"name": "json_store"},
        {"name": "json_store_pkey", "type": "index"},
    ):
        look(reader, **query)
        assert patient.join()
    SeenAnswer.objects.update(taken_at=timezone.now() - timedelta(hours=2))
    outage.down()
    look(reader)
    assert patient.join()
    page = look(reader, text="JSON_store", sort="name")
    assert "PostgreSQL does not answer." in page
    assert "(2 h ago)" in page
    assert links(page)[0][1] == "json_store"
    assert "json_store_revision_id_seq" in look(reader, show="ranges") or "Room in sequences" in page
    page = look(reader, name="json_store")
    assert "(2 h ago)" in page
    assert "updated_at" in page
    assert "reindex_index" not in page, "nothing can be done now"
    assert "Show some rows" not in page
    assert "btree" in look(reader, name="json_store_pkey", type="index")
    assert "Nothing of it was seen from here before" in look(reader, name="state_history")
