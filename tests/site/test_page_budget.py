"""What a page may cost: ten requests and 100 kB of who was never here, and eight statements of PostgreSQL."""

from __future__ import annotations

import gzip
import html
import re
import uuid
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connections
from django.utils import timezone

from opsadmin.faces.tokens import issue
from opsadmin.follow.begin import begin
from opsadmin.models import CheckThreshold, IgnoredFinding
from opsadmin.pages import looks, patient
from opsadmin.pages.registry import pages
from stores.models import AutomationState, HistoryEntry, StateHistory, StoreConflict
from tests.opsadmin.pages.counted import counted_database, forget, point_at

pytestmark = [
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
    pytest.mark.usefixtures("store_db"),
]
MOST_REQUESTS, MOST_BYTES, MOST_STATEMENTS = 10, 100_000, 8
#: What an answer says of itself.
HEADERS = 500

LOADED = re.compile(r'<(?:script|img)\b[^>]*? src="([^"]+)"|<link\b[^>]*? href="([^"]+)"')

#: How often the statements of a database were sent, but for what opens and closes a look, and the settings of ours.
COUNT = r"""
    SELECT coalesce(sum(s.calls), 0)::int
    FROM pg_stat_statements AS s
    WHERE s.dbid = (SELECT d.oid FROM pg_database AS d WHERE d.datname = %s)
        AND s.query !~* '^\s*(begin|commit|rollback|set|savepoint|release|deallocate|select (pg_catalog\.)?set_config)\M'
        AND s.query !~ 'coalesce.sum.s.calls'
"""


@pytest.fixture
def addresses(admin_user, django_user_model):
    """Of all lists, forms and other pages of the admin. There is a row of each model."""
    django_user_model.objects.create_user("reader")  # yes and no in one list
    conflict = {"resync": uuid.uuid4(), "kind": "settings", "path": "a", "keys": ["a"], "kept": "ours", "epoch": 1}
    sides = {"has_base": False, "has_ours": True, "ours": 1, "has_theirs": True, "theirs": 2, "at": timezone.now()}
    rows = [
        AutomationState.objects.create(device_id="meter", key="hook"),
        HistoryEntry.objects.create(device_id="meter", kind="opened"),
        StateHistory.objects.create(temperature=21.5),
        StoreConflict.objects.create(id="a", **conflict, **sides),
        CheckThreshold.objects.create(name="index.unused.min_bytes", value=1),
        IgnoredFinding.objects.create(check_id="index.unused", reason="known"),
        issue(admin_user, "a token")[0],
        admin_user,
        admin_user.groups.model.objects.first(),
    ]
    lists = [f"/admin/{row._meta.app_label}/{row._meta.model_name}/" for row in rows]
    forms = [f"{address}{row.pk}/change/" for address, row in zip(lists, rows, strict=True)]
    added = [f"/admin/{model}/add/" for model in ("auth/user", "opsadmin/apitoken", "opsadmin/ignoredfinding")]
    documents = ["/admin/stores/jsondocument/", "/admin/stores/jsondocument/settings/change/"]
    others = ["/admin/", "/admin/stores/", "/admin/password_change/", "/admin/stores/automationstate/?q=meter"]
    user = f"/admin/auth/user/{admin_user.pk}/"
    own = [f"/admin/ops/{page.slug}/" for page in pages()]
    return [*lists, *forms, *added, *documents, *others, f"{user}password/", f"{user}delete/", f"{user}history/", *own]


def test_no_page_takes_more_than_it_may(addresses, admin_client, client, superuser_dsn, monkeypatch):
    with counted_database(superuser_dsn) as dsn, psycopg.connect(dsn, autocommit=True) as counter:
        spent = Spent(counter)
        spent.visit(client, "/admin/login/", "nothing")
        name = connections["store"].settings_dict["NAME"]
        # The looks that go on by themselves are no page's.
        for page in ("overview", "indexes"):
            admin_client.get(f"/admin/ops/{page}/")
        assert looks.join()
        assert patient.join()
        for address in addresses:
            spent.visit(admin_client, address, name)
        # A database whose statements are counted, with one that can be planned, and followed indexes.
        for number in range(12):
            counter.execute(f"CREATE INDEX orders_{number} ON orders (id)")
        forget(counter)
        counter.execute("SELECT note FROM orders WHERE id = 7")
        ((queryid,),) = counter.execute(
            "SELECT queryid::text FROM pg_stat_statements WHERE query = 'SELECT note FROM orders WHERE id = $1'"
        ).fetchall()
        point_at(monkeypatch, dsn)
        for number in range(12):
            begin("store", "", f"orders_{number}", schema="public", queries=[{"queryid": queryid}], promise=0.5)
        for address in (f"/admin/ops/queries/?queryid={queryid}", "/admin/ops/queries/", "/admin/ops/ideas/"):
            page = spent.visit(admin_client, address, counter.info.dbname)
            assert "plan-tree" in page or "queryid=" not in address
        connections["store"].close()
    assert not spent.over, "\n".join(spent.over)


class Spent:
    """What each visit costs. `over`: in words, where that is too much."""

    def __init__(self, counter):
        self.counter = counter
        self.over = []

    def visit(self, client, address, database):
        answer, statements = self.look_at(client, address, database)
        if statements > MOST_STATEMENTS:  # something else may have asked at the same time; it will not do so twice
            _answer, statements = self.look_at(client, address, database)
        page = answer.content.decode()
        loaded = {html.unescape(one or other) for one, other in LOADED.findall(page)}
        # Pictures that the style sheet fetches for a choice out of many.
        count = 1 + len(loaded) + 2 * ("selectfilter" in page)
        weight = packed(answer.content) + sum(packed(content(client, one)) for one in loaded)
        if count > MOST_REQUESTS or weight > MOST_BYTES or statements > MOST_STATEMENTS:
            self.over.append(f"{address}: {count} requests, {weight} bytes, {statements} statements; {sorted(loaded)}")
        return page

    def look_at(self, client, address, database):
        before = self.statements(database)
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert patient.join()
        return answer, self.statements(database) - before

    def statements(self, database):
        ((count,),) = self.counter.execute(COUNT, [database]).fetchall()
        return count


def packed(body):
    return len(gzip.compress(body)) + HEADERS


def content(client, address):
    if address.startswith(settings.STATIC_URL):
        return Path(finders.find(address.removeprefix(settings.STATIC_URL))).read_bytes()
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert "immutable" in answer["Cache-Control"], address
    return answer.content
