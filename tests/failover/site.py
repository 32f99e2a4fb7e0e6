"""The site's own stores on a line that can be cut, for the tests of the operator's commands."""

import json
import os

import pytest

from stores import get_store, registry
from stores.backends.failover.background import Background
from stores.fallback.journals import waiting

SECRET = "SeCrEtKeY"
WEBHOOKS = {"winter_on": f"https://maker.ifttt.com/trigger/on/with/key/{SECRET}"}


def on_disk(kind, settings):
    """What the dashboard would read."""
    return json.loads(settings.STORE_PATHS[kind].read_text())


def journal_writes(kind):
    host = registry.host()
    return waiting(host, kind, host.mode().epoch).writes


def look_at(directory):
    """Every file but the locks, with its content."""
    found = {}
    for place, _, names in os.walk(directory):
        for name in names:
            if "lock" not in name:
                path = os.path.join(place, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, directory)] = file.read()
    return found


def stop_probes(monkeypatch):
    """The host returns only when the test says so."""
    monkeypatch.setattr(Background, "_probe", lambda self, epoch: False)


def cut_off(line):
    """PostgreSQL does not answer this process any more."""
    line.refuse()
    line.cut()


@pytest.fixture
def line(store_db, proxy, monkeypatch):
    """The line to PostgreSQL of this process."""
    registry.close_all()
    monkeypatch.setattr(registry, "store_dsn", lambda alias="store": proxy.dsn(store_db))
    yield proxy
    registry.close_all()


@pytest.fixture
def filled(line):
    """The line, with both documents in PostgreSQL and in their copies."""
    get_store("settings").write({"mode": "winter", "ifttt_webhooks": WEBHOOKS})
    get_store("state").write({"last_tick": "2026-01-01T00:00:00+00:00"})
    registry.close_all()
    return line
