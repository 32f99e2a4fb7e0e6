"""The page "Queries" while PostgreSQL does not answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connections
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from opsadmin.models import SeenAnswer
from opsadmin.pages import patient
from stores.engine import breaker
from tests.fixtures.outage import Outage, outage  # noqa: F401
from tests.opsadmin.pages.counted import content, link_to, require_extension

# A question is asked in a thread of its own, which sees what is committed.
pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)
PAGE = "/admin/ops/queries/"


def look(client, **query: object) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    assert patient.join()
    return content(answer.text)


@pytest.fixture
def counted_line(outage: Outage, superuser_dsn: str) -> Iterator[Outage]:  # noqa: F811
    """The store's own database behind the line that can be cut, with some statements counted."""
    with psycopg.connect(outage.dsn, autocommit=True, prepare_threshold=None) as connection:
        superuser = make_conninfo(superuser_dsn, dbname=connection.info.dbname)
        with psycopg.connect(superuser, autocommit=True) as other:
            require_extension(other)
            other.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        for _ in range(3):
            connection.execute("SELECT count(*) AS thrice FROM json_store")
        connection.execute("SELECT pg_sleep(0.3)")
    yield outage
    with psycopg.connect(superuser, autocommit=True) as other:
        other.execute("DROP EXTENSION pg_stat_statements")


@pytest.mark.parametrize("how", ["down", "black_hole"])
def test_postgresql_is_gone(reader, counted_line, how, monkeypatch):
    monkeypatch.setitem(connections["store"].settings_dict["OPTIONS"], "connect_timeout", 2)
    one = link_to(look(reader, text="pg_sleep"), "pg_sleep")
    look(reader)
    SeenAnswer.objects.update(taken_at=timezone.now() - timedelta(hours=2))
    getattr(counted_line, how)()
    begun = time.monotonic()
    first = look_at_once(reader)
    assert time.monotonic() - begun < patient.PATIENCE_SECONDS + 3  # 0.1 s and 1.1 s on an idle machine
    assert "(2 h ago)" in first
    assert patient.join()
    patient._questions.clear()
    page = look(reader)
    assert "PostgreSQL does not answer." in page
    assert "What is below was seen last, as of" in page
    assert "(2 h ago)" in page
    assert "pg_sleep" in page
    assert "127.0.0.1" not in page
    page = look(reader, text="THRICE", min_calls=3, sort="calls")
    assert "thrice" in page
    assert "pg_sleep" not in page
    assert "1–1 of 1" in page
    page = look(reader, queryid=one["queryid"])
    assert "PostgreSQL does not answer." in page
    assert "<b>SELECT</b> pg_sleep(<var>$1</var>)" in page
    assert "Share of time" in page
    assert 'id="plan-head"' not in page
    assert "Nothing of it was seen from here before" in look(reader, queryid="12")
    counted_line.back()
    breaker.forget()
    assert "seen last" not in look(reader)


def look_at_once(client) -> str:
    answer = client.get(PAGE)
    assert answer.status_code == 200
    return content(answer.text)


def test_never_seen_and_gone(reader, outage):  # noqa: F811
    outage.down()
    page = look(reader)
    assert "PostgreSQL does not answer." in page
    assert "Nothing of it was seen from here before" in page
    assert "<table" not in page
