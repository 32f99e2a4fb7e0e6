"""The page "Activity": sessions, the tree of those that wait, and what holds VACUUM back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from opsadmin.models import SeenAnswer
from opsadmin.pages import patient
from tests.fixtures.outage import Outage, outage  # noqa: F401
from tests.opsadmin.activity.conftest import BARE, Others, activity_dsn  # noqa: F401  # a fixture
from tests.opsadmin.faces.people import person
from tests.opsadmin.pages.counted import at_once, content, point_at

PAGE = "/admin/ops/activity/"
TABLE = 'shop."Order s"'


@pytest.fixture
def others(activity_dsn, monkeypatch) -> Iterator[Others]:  # noqa: F811
    point_at(monkeypatch, activity_dsn)
    monkeypatch.setattr("opsadmin.pages.reading.ask", at_once)
    with ExitStack() as stack:
        yield Others(activity_dsn, stack)


@pytest.fixture
def queue(others) -> Others:
    """One keeps a row; one waits for it, and another one for that."""
    others.connect("keep<er>").execute(f"UPDATE {TABLE} SET note = 'kept' WHERE id = 1")
    others.begin(others.connect("migrate"), f"ALTER TABLE {TABLE} ADD COLUMN more text")
    others.begin(others.connect("reader"), f"SELECT note FROM {TABLE} WHERE note = 'a secret'")
    return others


def look(client, **query: object) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == 200
    return content(answer.text) or answer.text


def row_of(page: str, name: str) -> str:
    (found,) = [row for row in re.findall(r"<tr id=\"s\d+\".*?</tr>", page, re.DOTALL) if name in row]
    return found


@pytest.mark.django_db(databases=["default", "store"])
def test_who_waits_for_whom(reader, queue):
    page = look(reader)
    tree = page.partition('class="ops-tree"')[2].partition("</section>")[0]
    lists = "".join(re.findall(r"</?(?:ul|li)>", tree))
    assert lists == "<ul><li><ul><li><ul><li></li></ul></li></ul></li></ul>"
    assert "2 wait behind it" in tree
    assert "keep&lt;er&gt;" in tree
    assert f"for <b>AccessShareLock on {html.escape(TABLE)}</b>" in tree
    assert "Its transaction was left open" in tree
    assert "a secret" not in page
    waiting = row_of(page, "migrate")
    assert "Lock: relation" in waiting
    assert 'data-said="2 sessions wait for a lock."' in page
    part = look(reader, part="now")
    assert part.lstrip().startswith('<div id="activity"')
    assert "<form" not in part
    assert SeenAnswer.objects.get().name == "get_activity"


@pytest.mark.django_db(databases=["default", "store"])
def test_filters(reader, queue):
    def shown(**query: object) -> set[str]:
        page = look(reader, **query)
        return {
            name
            for name in ("keep&lt;er&gt;", "migrate", "reader")
            if re.search(rf"<tr id=\"s\d+\".*?{name}.*?</tr>", page)
        }

    assert shown(state="waiting") == {"migrate", "reader"}
    assert shown(state="idle in transaction") == {"keep&lt;er&gt;"}
    assert shown(text="MIGRATE", sort="wait") == {"migrate"}
    assert shown(text="add column more") == {"migrate"}
    assert shown(role="nobody") == set()
    assert shown(within="postgres") == set()
    assert shown(seconds="9000") == set()
    page = look(reader, seconds="x", state="none", sort="none", text="\0")
    assert 'aria-invalid="true"' in page
    assert "checkpointer" in look(reader, state="background")
    assert "?sort=wait&amp;text=a+%26+b" in look(reader, text="a & b")


@pytest.mark.django_db(databases=["default", "store"])
def test_what_a_person_may_end(client, db, queue):
    client.force_login(person("viewer", "opsadmin.view_database"))
    assert "_preview" not in look(client)
    client.force_login(person("canceller", "opsadmin.view_database", "opsadmin.cancel_query"))
    page = look(client)
    assert "cancel_query/?pid=" in row_of(page, "migrate")
    assert "cancel_query" not in row_of(page, "keep&lt;er&gt;"), "it runs no statement"
    assert "terminate_session" not in page
    link = html.unescape(re.findall(r'href="([^"]*cancel_query/[^"]*)"', row_of(page, "migrate"))[0])
    answer = client.get(link)
    assert "What would happen" in answer.text
    assert 'name="_step" value="run"' in answer.text
    assert "What would happen" not in client.get(link, headers={"Sec-Fetch-Site": "cross-site"}).text
    client.force_login(person("lead", is_superuser=True))
    assert "terminate_session/?pid=" in row_of(look(client), "keep&lt;er&gt;")
    client.force_login(person("nobody"))
    assert client.get(PAGE).status_code == 403


@pytest.mark.django_db(databases=["default", "store"])
def test_a_role_that_sees_little(reader, queue, monkeypatch):
    point_at(monkeypatch, make_conninfo(queue.dsn, user=BARE))
    page = look(reader)
    assert f"is not shown to {BARE}." in page
    assert f"GRANT pg_read_all_stats TO &quot;{BARE}&quot;;" in page
    assert "Not shown" in row_of(page, "keep&lt;er&gt;")
    assert 'class="ops-tree"' in page


@pytest.mark.django_db(databases=["default", "store"])
def test_nobody_waits(reader, others):
    page = look(reader)
    assert "Nobody waits for a lock." in page
    assert "Every session is idle." in page
    assert "Nothing holds VACUUM back" in page
    assert "Nobody does anything at this moment." in page


@pytest.mark.django_db(databases=["default", "store"])
def test_what_holds_vacuum_back(reader, others):
    holder = others.connect("holder")
    holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    holder.execute("SELECT 1")
    slot = others.connect("slots", autocommit=True)
    for _ in range(3):
        slot.execute(f"UPDATE {TABLE} SET note = 'x' WHERE id = 2")
    page = look(reader).partition('id="vacuum-head"')[2]
    assert "(holder)" in page
    assert "3 transactions" in page
    assert f'href="#s{holder.info.backend_pid}"' in page


# A question is asked in a thread of its own, which sees what is committed.
@pytest.mark.django_db(databases=["default", "store"], transaction=True)
def test_postgresql_is_gone(reader, outage):  # noqa: F811
    look(reader)
    assert patient.join()
    SeenAnswer.objects.update(taken_at=timezone.now() - timedelta(hours=2))
    outage.down()
    look(reader)
    assert patient.join()
    page = look(reader)
    assert "PostgreSQL does not answer." in page
    assert "(2 h ago)" in page
    assert "of 200" in page
    assert "127.0.0.1" not in page
    SeenAnswer.objects.all().delete()
    assert "Nothing of it was seen from here before" in look(reader)
