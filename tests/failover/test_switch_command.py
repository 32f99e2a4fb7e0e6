"""switch_store: what it says beforehand, what it does, and what it leaves when it cannot."""

import json

import pytest

from stores import get_store, registry, switching, timeline

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@pytest.fixture
def line(store_db, proxy, monkeypatch):
    """The line to PostgreSQL of this process."""
    registry.close_all()
    monkeypatch.setattr(registry, "store_dsn", lambda alias="store": proxy.dsn(store_db))
    yield proxy
    registry.close_all()


@pytest.fixture
def filled(line):
    get_store("settings").write({"mode": "winter", "ifttt_webhooks": {"on": "https://maker.ifttt.com/key/SECRET"}})
    get_store("state").write({"last_tick": "2026-01-01T00:00:00+00:00"})
    return line


def copy_of(kind, settings):
    return json.loads(settings.STORE_PATHS[kind].read_text())


def test_to_the_copies_and_back(filled, settings):
    report = switching.switch("filesystem", "try it", "test")
    assert report.changed
    assert not report.after.automatic
    assert copy_of("settings", settings)["mode"] == "winter"
    with get_store("settings").transaction() as document:
        document.write({**document.read(), "mode": "summer"})
    preview = switching.preview_switch("postgres")
    assert not preview.blockers, preview
    assert "SECRET" not in json.dumps(preview.as_dict())
    back = switching.switch("postgres", "done", "test")
    assert back.after.backend == "postgres"
    assert get_store("settings").read()["mode"] == "summer"
    assert [found.to_backend for found in timeline.switches()] == ["postgres", "filesystem", "postgres"]
