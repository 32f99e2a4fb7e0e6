"""What the health page says of the spool."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connections

from stores import get_history, registry
from stores.checks.history_spool import look
from stores.health import look_at_store, store_health
from tests.history.test_service import until

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@pytest.fixture
def away(store_db, settings, tmp_path, monkeypatch):
    """PostgreSQL does not answer, and a spool of the least size."""
    settings.STORE_DIR = tmp_path
    settings.HISTORY_SPOOL_MB = 1
    monkeypatch.setitem(connections["store"].settings_dict, "HOST", "/nowhere")
    connections["store"].close()
    registry.close_all()
    yield
    registry.close_all()


def result_of(report):
    return next(result for result in report.checks if result.check == "store.history_spool")


def test_a_full_spool_is_critical(away):
    history = get_history()
    while history.record({"last_action": "x" * 200}):
        pass
    until(lambda: not history.enabled)
    found = result_of(store_health())
    assert found.status == "critical"
    assert "new readings are refused" in found.findings[0].message
    assert "readings were refused by this process" in found.findings[1].message
    assert "1.0 of 1 MiB used" in found.examined


def test_an_empty_one_is_fine(store_db, settings, tmp_path):
    settings.STORE_DIR = tmp_path
    registry.close_all()
    assert result_of(store_health()).status == "ok"


@pytest.mark.parametrize(
    ("held", "severity", "words"),
    [
        ({"spooled_bytes": 900, "spool_limit": 1000, "refused": 0}, "critical", "refused"),
        ({"spooled_bytes": 8 * 2**20, "spool_limit": 10 * 2**20}, "warning", "8.0 of 10 MiB"),
        ({"refused": 3, "refused_at": "2026-01-01T00:00:00+00:00"}, "warning", "3 readings were refused"),
        ({"refused_bytes": 1500, "spool": "/var/spool"}, "warning", "1,500 bytes are set aside"),
        ({"damaged_files": 1}, "warning", "damaged lines"),
        ({"spool_error": "The spool cannot be used."}, "warning", "cannot be used"),
        ({"oldest_at": "2026-01-01T00:00:00+00:00", "enabled": True}, "warning", "PostgreSQL answers, but"),
        ({"oldest_at": "2026-01-01T00:00:00+00:00", "enabled": False}, None, ""),
    ],
)
def test_each_trouble_is_named(store_db, held, severity, words):
    findings = look(replace(look_at_store(), history=held)).findings
    assert [finding.severity for finding in findings] == ([severity] if severity else [])
    assert all(words in finding.message for finding in findings)
