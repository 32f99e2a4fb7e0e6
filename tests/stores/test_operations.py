"""The store's operations, called as an assistant or a script calls them."""

import json

import psycopg
import pytest

from opsadmin.api import NotConfirmed, NotPermitted, OperationError, OperationFailed, analyze_db_health, call
from opsadmin.core.blocks import blocks_of
from opsadmin.core.operation import Caller
from opsadmin.models import OperationRun
from opsadmin.perform import operations, perform, preview
from stores import get_store, registry

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

NAMES = {
    "store_health",
    "get_document",
    "migrate_to_postgres",
    "export_store",
    "switch_store",
    "resync_store",
    "list_conflicts",
    "settle_conflict",
    "adopt_database",
    "prune_history",
}
ASSISTANT = Caller("ada", "mcp")


@pytest.fixture
def files(settings, tmp_path):
    settings.STORE_PATHS = {kind: tmp_path / f"{kind}.json" for kind in ("settings", "state")}
    for kind, path in settings.STORE_PATHS.items():
        path.write_text((settings.BASE_DIR / "switchbot_site" / "local" / "sample_home" / f"{kind}.json").read_text())
    return settings.STORE_PATHS


def test_the_commands_are_operations_of_the_same_name():
    assert {one.name for one in operations() if one.group == "store"} == NAMES


def test_what_changes_something_needs_a_right_of_its_own():
    for one in operations():
        if one.effect != "reads":
            assert one.permission not in ("opsadmin.view_database", "stores.view_jsondocument"), one.name
            with pytest.raises(NotPermitted, match=one.permission):
                perform(one.name, {}, Caller("eve", "http", may=lambda permission: False))


def test_a_migration_is_a_dry_run_until_it_is_applied(store_db, files):
    dry = call("migrate_to_postgres")
    assert dry.verdict == "write"
    assert get_store("settings").read() == {}
    shown = preview("migrate_to_postgres", {"apply": True}, ASSISTANT)
    assert preview("migrate_to_postgres", {}, ASSISTANT) is None
    assert "2 documents would be written." in shown.sentences
    done = perform("migrate_to_postgres", {"apply": True}, ASSISTANT)
    assert done.as_dict()["written"] is True
    assert get_store("settings").read() == json.loads(files["settings"].read_text())
    run = OperationRun.objects.first()
    assert (run.operation, run.caller, run.door, run.outcome) == ("migrate_to_postgres", "ada", "mcp", "done")
    with psycopg.connect(store_db) as connection:
        writers = connection.execute("SELECT DISTINCT writer FROM json_store_revision WHERE data <> '{}'").fetchall()
    assert writers == [("mcp:ada",)]


def test_a_refused_migration_says_why(store_db, files):
    get_store("settings").write({"mode": "summer"})
    with pytest.raises(OperationError) as caught:
        call("migrate_to_postgres", apply=True)
    assert caught.value.exit_code == 2
    assert "Refused" in caught.value.message
    assert "--force" in caught.value.hint


def test_a_document_shows_no_secret(store_db):
    get_store("settings").write({"mode": "winter", "ifttt_webhooks": {"on": "https://maker.ifttt.com/with/key/abc"}})
    found = call("get_document", kind="settings")
    assert found.revision
    assert "abc" not in json.dumps(found.as_dict())
    assert any("winter" in getattr(block, "text", "") for block in blocks_of(found))


def test_a_switch_and_back(store_db, files):
    get_store("settings").write({"mode": "winter"})
    with pytest.raises(OperationError, match="reason"):
        call("switch_store", to="filesystem")
    assert "would be switched" in preview("switch_store", {"to": "filesystem", "reason": "x"}, ASSISTANT).sentences[0]
    there = call("switch_store", to="filesystem", reason="a test")
    assert there.verdict == "switched"
    get_store("settings").write({"mode": "summer"})
    assert call("resync_store").verdict == "resynced"
    back = call("switch_store", to="postgres", reason="the test is over")
    assert back.verdict == "switched"
    with psycopg.connect(store_db) as connection:
        assert connection.execute("SELECT data FROM json_store WHERE kind = 'settings'").fetchone() == (
            {"mode": "summer"},
        )
    assert call("list_conflicts") == []
    with pytest.raises(OperationFailed, match="no conflict"):
        call("settle_conflict", id="abc", take="ours")


def test_pruning_destroys_and_asks_first(store_db):
    with psycopg.connect(store_db, autocommit=True) as connection:
        connection.execute("INSERT INTO state_history (timestamp) VALUES (now() - interval '400 days'), (now())")
    with pytest.raises(NotConfirmed):
        call("prune_history")
    assert "1 readings" in preview("prune_history", {}, ASSISTANT).sentences[0]
    assert call("prune_history", confirmed=True).deleted == 1
    with pytest.raises(OperationError) as caught:
        call("prune_history", confirmed=True, hours=0)
    assert caught.value.parameter == "hours"


def test_adoption_is_a_look_until_it_is_applied(store_db):
    found = call("adopt_database")
    assert found.as_dict()["done"] is False
    assert blocks_of(found)


def test_the_store_is_a_family_of_the_health_report(store_db, files):
    report = analyze_db_health(checks="store")
    assert {one.area for one in report.checks} == {"store"}
    assert "store.copy_age" in {one.check for one in report.checks}


def test_advice_that_the_dashboard_would_undo_is_not_given(store_db):
    (finding,) = [
        one
        for one in analyze_db_health(checks="index.duplicate").findings
        if one.object == "public.idx_json_store_kind"
    ]
    assert "at each of its starts" in finding.hint
    assert (finding.fix_sql, finding.lock) == ("", "")


def test_a_finding_of_the_store_can_be_ignored(store_db, settings, tmp_path):
    found = {one.check for one in analyze_db_health(checks="store").findings}
    assert "store.document_valid" in found or "store.copy_age" in found, found
    settings.OPSADMIN = {"IGNORE": ["store.*"]}
    again = analyze_db_health(checks="store")
    assert (again.findings, again.overall_status.value) == ((), "ok")
    assert again.detail["ignored"] >= 1


def test_health_and_documents_answer_while_postgresql_is_down(store_db, monkeypatch):
    get_store("settings").write({"mode": "winter"})
    call("store_health")
    registry.close_all()
    monkeypatch.setattr(registry, "store_dsn", lambda: "host=/nonexistent dbname=store")
    assert call("get_document", kind="settings").document == {"mode": "winter"}
    assert call("store_health").detail["mode"]["backend"] == "filesystem"
    with pytest.raises(OperationFailed):
        call("migrate_to_postgres", apply=True)
