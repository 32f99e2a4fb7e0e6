"""The page "Store & fallback" and the badge of every page, on a real PostgreSQL behind a line that can be cut."""

import json
import time
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connections
from django.utils import timezone

from stores import get_store, registry, switching
from stores.engine import breaker
from stores.fallback.journals import growth, waiting_writes
from tests.fixtures.proxy import Proxy

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

PAGE = "/admin/ops/store-fallback/"
KEY = "sEcReTkEy42"
WEBHOOK = f"https://maker.ifttt.com/trigger/off/with/key/{KEY}"


@pytest.fixture
def line(store_db, monkeypatch):
    """The site reaches PostgreSQL over this line."""
    parts = connections["store"].settings_dict
    proxy = Proxy(f"{parts['HOST']}/.s.PGSQL.{parts['PORT'] or 5432}")
    monkeypatch.setitem(parts, "HOST", "127.0.0.1")
    monkeypatch.setitem(parts, "PORT", str(proxy.port))
    connections["store"].close()
    registry.close_all()
    breaker.forget()
    get_store("settings").write({"mode": "winter", "ifttt_webhooks": {"off": WEBHOOK}})
    get_store("state").write({"assumed_aircon_power": "off"})
    yield proxy
    registry.close_all()
    connections["store"].close()
    proxy.close()
    breaker.forget()


def down(line):
    line.refuse()
    line.cut()


def frozen(line):
    line.frozen.set()


def page(client, query=""):
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    assert KEY not in answer.text
    return answer


def test_it_works_on_postgresql(admin_client, line):
    answer = page(admin_client)
    assert answer.context["state"] == "postgres"
