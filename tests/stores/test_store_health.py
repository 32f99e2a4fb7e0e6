"""store_health: what it says, as command, page and exit code."""

import json
import time
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from psycopg.conninfo import make_conninfo

from stores import get_store, registry, switching
from stores.checks import conflicts_open, journal_waiting, store_mode
from stores.checks.copy_age import judged
from stores.fallback.journals import Waiting
from stores.health import CopyLook, look_at_store, store_health
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


def as_another_program(path, text):
    """Whole at once: a copy that is found half written counts as torn."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def status_of(report, check):
    return next(result for result in report.checks if result.check == check)


def test_all_is_well(sample):
    report = store_health()
    assert report.overall_status == "ok", report.findings
    assert report.server.startswith("test_store")
    assert {document["status"]["backend"] for document in report.detail["documents"]} == {"postgres"}
    assert {table["name"] for table in report.detail["tables"]} == {table.name for table in TABLES}


def test_empty_documents_are_warnings_and_their_copies_are_kept(store_db, files):
    report = store_health()
    assert report.overall_status == "warning"
    assert [finding.object for finding in status_of(report, "store.document_valid").findings] == ["settings", "state"]
    until = time.monotonic() + 20
    while status_of(report, "store.copy_age").status != "ok" and time.monotonic() < until:
        report = store_health()  # the copies follow in a thread
    assert status_of(report, "store.copy_age").status == "ok"
    assert json.loads(files["settings"].read_text()) == {}


def test_the_copy_follows_a_write_and_a_torn_one_is_critical(sample, files):
    get_store("settings").write({"mode": "winter"})
    until = time.monotonic() + 20
    while status_of(store_health(), "store.copy_age").status != "ok":
        assert time.monotonic() < until
    assert json.loads(files["settings"].read_text()) == {"mode": "winter"}
    as_another_program(files["settings"], '{"mode": ')
    result = status_of(store_health(), "store.copy_age")
    assert result.status == "critical"
    assert "line 1" in result.findings[0].message


def test_a_copy_that_another_program_changed_is_a_warning(sample, files):
    store_health()
    as_another_program(files["settings"], '{"mode": "foreign"}')
    [finding] = status_of(store_health(), "store.copy_age").findings
    assert "changed by another program" in finding.message
    assert finding.fix_command == "python manage.py export_store --force"
    call_command("export_store", "--force")
    assert status_of(store_health(), "store.copy_age").status == "ok"


@pytest.mark.parametrize(
    ("copy", "severity"),
    [
        ({"same_as_store": True, "age_seconds": 60.0}, None),
        ({"same_as_store": True, "age_seconds": 40 * 86_400.0}, "warning"),
        ({"same_as_store": False, "age_seconds": 1.0}, "warning"),
        ({"same_as_store": None}, None),
        ({"exists": False}, "warning"),
        ({"error": "torn"}, "critical"),
    ],
)
def test_how_a_copy_is_judged(copy, severity):
    verdict = judged("settings", CopyLook(**{"path": "p", "exists": True, **copy}))
    assert (verdict and verdict[0]) == severity


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


# --- the failover ---------------------------------------------------------------------------------------------------
@pytest.fixture
def fallen(sample, stopped):
    """PostgreSQL went away after this host has seen it; nobody has asked since."""


def test_in_an_outage_the_look_itself_changes_over_and_says_so(fallen, files):
    report = store_health()
    assert report.detail["backend"] == "filesystem"
    [finding] = status_of(report, "store.store_mode").findings
    assert finding.severity == "warning"
    assert "by itself 0 minutes ago" in finding.message
    assert status_of(report, "store.backend_answers").status == "ok"
    assert status_of(report, "store.document_valid").status == "ok"
    assert status_of(report, "store.copy_age").examined == "the JSON files are the store"
    assert status_of(report, "store.tables_present").unavailable is not None


def findings_of(check, look):
    return [(finding.severity, finding.message) for finding in check.look(look).findings]


def test_an_outage_that_lasts_is_critical(fallen):
    look = look_at_store()
    assert [severity for severity, _ in findings_of(store_mode, look)] == ["warning"]
    later = replace(look, taken_at=look.taken_at + timedelta(hours=1, minutes=5))
    assert [severity for severity, _ in findings_of(store_mode, later)] == ["critical"]


def test_a_decision_that_waits_is_critical_at_once(fallen):
    look = look_at_store()
    stopped = replace(look, mode=replace(look.mode, stop="PostgreSQL's settings is empty."))
    assert findings_of(store_mode, stopped) == [("critical", "PostgreSQL's settings is empty.")]


def test_an_operators_switch_is_a_warning_with_its_reason(sample):
    switching.switch("filesystem", "maintenance", "admin:lead")
    with get_store("state").transaction() as state:
        state.write({**state.read(), "last_tick": "2026-01-01T00:00:00+00:00"})
    report = store_health()
    [finding] = status_of(report, "store.store_mode").findings
    assert finding.severity == "warning"
    assert finding.message == "admin:lead switched the host to its JSON copies 0 minutes ago: maintenance"
    assert "1 writes wait" in finding.hint
    assert status_of(report, "store.journal_waiting").examined.startswith("1 writes wait")
    assert report.detail["documents"][1]["waiting"]["writes"] == 1


def test_files_that_store_backend_chose_are_fine(store_db, files, settings):
    registry.close_all()
    settings.STORE_BACKEND = "filesystem"
    result = status_of(store_health(), "store.store_mode")
    assert result.status == "ok"
    assert result.examined.endswith("as STORE_BACKEND says")


def test_a_damaged_or_large_journal_is_a_warning(sample):
    look = look_at_store()
    assert findings_of(journal_waiting, look) == []
    for waiting, severity, words in (
        (Waiting(damaged=2), "warning", "2 places"),
        (Waiting(writes=5, size=30 * 2**20), "warning", "30 MiB"),
        (Waiting(error="no right to read it"), "critical", "no right"),
    ):
        document = replace(look.documents[0], waiting=waiting)
        [(found, message)] = findings_of(journal_waiting, replace(look, documents=(document,)))
        assert (found, words in message) == (severity, True)


def test_open_conflicts_are_a_warning(sample):
    look = look_at_store()
    assert look.open_conflicts == 0
    assert findings_of(conflicts_open, look) == []
    for count, words in ((1, "One value was"), (3, "3 values were")):
        [(severity, message)] = findings_of(conflicts_open, replace(look, open_conflicts=count))
        assert (severity, words in message) == ("warning", True)


def test_the_stores_directory_unusable_is_said(store_db, settings, tmp_path, capsys):
    registry.close_all()
    (tmp_path / "file").write_text("")
    settings.STORE_DIR = tmp_path / "file" / "store"
    report = store_health()
    assert report.overall_status == "critical"
    assert status_of(report, "store.store_mode").unavailable is not None
    with pytest.raises(SystemExit):
        call_command("store_health")
    assert "file/store" in "".join(capsys.readouterr().out.split())


def test_the_command_exits_for_cron(sample, files, capsys):
    call_command("store_health")
    assert "Now on PostgreSQL, since" in capsys.readouterr().out
    as_another_program(files["state"], '{"changed": "by another program"}')
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
