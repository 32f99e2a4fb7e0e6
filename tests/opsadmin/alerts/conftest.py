"""Fixtures of these tests."""

from __future__ import annotations

import pytest

from opsadmin.alerts import post, send
from opsadmin.logbook import sources
from tests.opsadmin.alerts.receivers import hook, post_office


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    """No sources of other apps, and no thread that outlives its test."""
    monkeypatch.setattr(sources, "_sources", [])
    yield
    assert send.join()


@pytest.fixture
def webhook():
    with hook() as found:
        yield found


@pytest.fixture
def mail_server(settings):
    with post_office() as found:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", found.port
        yield found


@pytest.fixture
def alerts(settings):
    """Sets OPSADMIN["ALERTS"]."""

    def choose(*urls, email=(), **more):
        hooks = [url if isinstance(url, dict) else {"url": url} for url in urls]
        settings.OPSADMIN = {
            **settings.OPSADMIN,
            "ALERTS": {"WEBHOOKS": hooks, "EMAIL": list(email), "LABEL": "test", **more},
        }

    return choose


@pytest.fixture
def by_hand(monkeypatch):
    """Nothing is sent but by `send_waiting`: the thread of its own would race the test."""
    monkeypatch.setattr("opsadmin.logbook.happened.wake", lambda: None)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(post, "SECONDS", 0.3)
