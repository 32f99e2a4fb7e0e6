"""store_health: what it says, as command, page and exit code."""

import json
import os
import time

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from psycopg.conninfo import make_conninfo

from stores import get_store, registry
from stores.health import store_health
from stores.schema.expected import TABLES

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@pytest.fixture
def files(settings, tmp_path):
    settings.STORE_PATHS = {"settings": tmp_path / "settings.json", "state": tmp_path / "state.json"}
    return settings.STORE_PATHS


@pytest.fixture
def sample(store_db, files, settings):
    """Valid documents in PostgreSQL with fresh copies."""
    directory = settings.BASE_DIR / "switchbot_site" / "local" / "sample_home"
    for kind in files:
        get_store(kind).write(json.loads((directory / f"{kind}.json").read_text()))
    call_command("export_store", "--settings-path", str(files["settings"]), "--state-path", str(files["state"]))
    return store_db


def status_of(report, check):
    return next(result for result in report.checks if result.check == check)


def test_all_is_well(sample):
    report = store_health()
    assert report.overall_status == "ok", report.findings
    assert report.server.startswith("test_store")
    assert {document["status"]["backend"] for document in report.detail["documents"]} == {"postgres"}
    assert {table["name"] for table in report.detail["tables"]} == {table.name for table in TABLES}


def test_empty_documents_and_missing_copies_are_warnings(store_db, files):
    report = store_health()
    assert report.overall_status == "warning"
    assert [finding.object for finding in status_of(report, "store.document_valid").findings] == ["settings", "state"]
    assert "no JSON copy" in status_of(report, "store.copy_age").findings[0].message


def test_a_copy_that_differs_is_a_warning_and_a_torn_one_is_critical(sample, files):
    get_store("settings").write({"mode": "winter"})
    assert "differs" in status_of(store_health(), "store.copy_age").findings[0].message
    files["settings"].write_text('{"mode": ')
    result = status_of(store_health(), "store.copy_age")
    assert result.status == "critical"
    assert "line 1" in result.findings[0].message


def test_an_old_copy_with_the_same_content_is_fine(sample, files):
    long_ago = time.time() - 40 * 86_400
    os.utime(files["settings"], (long_ago, long_ago))
    assert status_of(store_health(), "store.copy_age").status == "ok"


def test_values_outside_the_rules_are_named(sample):
    document = get_store("settings").read()
    document["hysteresis_celsius"] = 50
    get_store("settings").write(document)
    [finding] = status_of(store_health(), "store.document_valid").findings
    assert "hysteresis_celsius" in finding.message


def test_an_automation_lock_older_than_five_minutes_is_a_warning(sample):
    state = get_store("state").read()
    state |= {"automation_in_progress": True, "automation_locked_at": "2026-01-01T00:00:00+00:00"}
    get_store("state").write(state)
    [finding] = status_of(store_health(), "store.automation_lock").findings
    assert "it expires after 5" in finding.message


def test_a_missing_table_is_critical(store_db, files):
    with psycopg.connect(store_db, autocommit=True) as connection:
        connection.execute("ALTER TABLE history_entries RENAME TO away")
        try:
            result = status_of(store_health(), "store.tables_present")
        finally:
            connection.execute("ALTER TABLE away RENAME TO history_entries")
    assert [finding.object for finding in result.findings] == ["history_entries"]


@pytest.fixture
def stopped(store_db, monkeypatch):
    """PostgreSQL does not answer, for this process."""
    monkeypatch.setitem(connections["store"].settings_dict, "HOST", "/nowhere")
    connections["store"].close()
    registry.close_all()
    yield
    registry.close_all()


def test_with_postgresql_down_it_answers_quickly_and_says_so(stopped, files):
    started = time.monotonic()
    report = store_health()
    assert time.monotonic() - started < 10
    assert report.overall_status == "critical"
    assert status_of(report, "store.backend_answers").status == "critical"
    for check in ("store.tables_present", "store.document_valid", "store.automation_lock", "store.history_enabled"):
        assert status_of(report, check).unavailable is not None, check


def test_the_command_exits_for_cron(sample, files, capsys):
    call_command("store_health")
    assert "PostgreSQL" in capsys.readouterr().out
    files["state"].unlink()
    call_command("store_health")
    with pytest.raises(SystemExit) as caught:
        call_command("store_health", "--fail-on", "warning")
    assert caught.value.code == 3


def test_the_command_prints_json(sample, capsys):
    call_command("store_health", "--json")
    shown = json.loads(capsys.readouterr().out)
    assert shown["overall_status"] == "ok"
    assert {"findings", "checks", "documents", "tables", "pool", "server", "taken_at"} <= shown.keys()


def test_the_command_survives_an_outage(stopped, files, capsys):
    with pytest.raises(SystemExit) as caught:
        call_command("store_health")
    assert caught.value.code == 3
    assert "/nowhere" not in capsys.readouterr().out


def test_the_page_needs_its_permission(client, django_user_model, store_db):
    assert client.get("/admin/ops/store-health/").status_code == 302
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))
    assert client.get("/admin/ops/store-health/").status_code == 403


def test_the_page_shows_the_documents(admin_client, sample):
    page = admin_client.get("/admin/ops/store-health/")
    assert page.status_code == 200
    assert "json_store" in page.text
    assert "Fine" in page.text


def test_the_page_works_while_postgresql_is_down(admin_client, stopped, files):
    page = admin_client.get("/admin/ops/store-health/")
    assert page.status_code == 200
    assert "PostgreSQL does not answer." in page.text


@pytest.mark.parametrize("path", ["jsondocument", "statehistory", "automationstate", "historyentry"])
def test_lists_of_the_store_answer_200_while_postgresql_is_down(admin_client, stopped, path):
    page = admin_client.get(f"/admin/stores/{path}/")
    assert page.status_code == 200
    assert "PostgreSQL does not answer" in page.text
    assert "/nowhere" not in page.text
    assert admin_client.get("/admin/").status_code == 200


def test_a_form_sent_while_postgresql_is_down_says_that_nothing_was_saved(admin_client, stopped):
    page = admin_client.post("/admin/stores/automationstate/add/", {"device_id": "a", "key": "k", "value": "{}"})
    assert page.status_code == 200
    assert "was not saved" in page.text


def test_a_server_that_takes_no_writes_is_critical(sample, monkeypatch):
    read_only = make_conninfo(sample, options="-c default_transaction_read_only=on")
    registry.close_all()
    monkeypatch.setattr(registry, "store_dsn", lambda alias="store": read_only)
    result = status_of(store_health(), "store.backend_answers")
    assert result.status == "critical"
    assert "settings and state can be read but not written" in result.findings[0].message
