"""The page "Queries": the list of statements, with and without PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connections

from opsadmin.models import SeenAnswer
from opsadmin.pages import patient
from tests.opsadmin.pages.counted import counted_database, forget, point_at

# A question is asked in a thread of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)
PAGE = "/admin/ops/queries/"


@pytest.fixture(autouse=True)
def _no_questions() -> Iterator[None]:
    patient._questions.clear()
    yield
    assert patient.join()
    patient._questions.clear()


@pytest.fixture(scope="module")
def counted_dsn(superuser_dsn: str) -> Iterator[str]:
    with counted_database(superuser_dsn) as dsn:
        yield dsn


@pytest.fixture
def sent(counted_dsn, monkeypatch) -> Iterator[psycopg.Connection]:
    """A session whose statements are counted from now on, in the database that the page is about."""
    point_at(monkeypatch, counted_dsn)
    with psycopg.connect(counted_dsn, autocommit=True, prepare_threshold=None) as connection:
        forget(connection)
        yield connection
    connections["store"].close()


def look(client, query: str = "", status: int = 200) -> str:
    answer = client.get(f"{PAGE}{query}")
    assert answer.status_code == status
    assert patient.join()
    return answer.text


def test_the_list(admin_client, sent):
    for _ in range(3):
        sent.execute("SELECT pg_sleep(0.01)")
    sent.execute("SELECT o.id FROM orders AS o WHERE o.note = 'x'")
    page = look(admin_client)
    assert re.search(r"<a href=\"\?queryid=-?\d+\"><code><b>SELECT</b> pg_sleep\(<var>\$1</var>\)", page)
    assert page.index("pg_sleep") < page.index("orders")
    assert "Counted since" in page
    assert page.count('aria-sort="descending"') == 1
    assert SeenAnswer.objects.get().name == "get_top_queries.total_time"
