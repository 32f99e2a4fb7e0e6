"""switch_store: what it says beforehand, what it does, and what it leaves when it cannot."""

import json

import pytest

from stores import get_store, registry, switching, timeline
from stores.errors import StoreError, StoreMisconfigured, StoreUnavailable
from stores.models import StoreSwitch
from tests.failover.site import SECRET, cut_off, journal_writes, look_at, on_disk, stop_probes
from tests.sync.conftest import run

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


def change(kind, **values):
    with get_store(kind).transaction() as document:
        document.write({**document.read(), **values})


# --- to the copies --------------------------------------------------------------------------------------------------
def test_dry_run_shows_what_would_happen_and_changes_nothing(filled, dashboard, settings):
    dashboard.execute("UPDATE json_store SET data = data || '{\"mode\": \"summer\"}' WHERE kind = 'settings'")
    settings.STORE_PATHS["settings"].write_text(json.dumps({"mode": "winter"}))
    before = look_at(settings.STORE_DIR)
    ended = run("switch_store", "filesystem", "--dry-run")
    assert ended.code == 0, ended.err
    assert "dry run" in ended.out
    assert '"winter" → "summer"' in ended.out
    assert "Now on PostgreSQL, since" in ended.out
    assert "was changed by another program" in " ".join(ended.out.split())
    assert SECRET not in ended.out
    assert switching.mode().backend == "postgres"
    assert look_at(settings.STORE_DIR) == before
    report = run("switch_store", "filesystem", "--dry-run", "--json").report
    assert (report["verdict"], report["blockers"], report["documents"]["settings"]["same"]) == ("switched", [], False)
    assert SECRET not in json.dumps(report)


def test_the_copies_are_files_that_the_dashboard_can_read_at_once(filled, dashboard, settings):
    # Written by the dashboard, unseen by this host.
    dashboard.execute("UPDATE json_store SET data = data || '{\"mode\": \"summer\"}' WHERE kind = 'settings'")
    ended = run("switch_store", "filesystem", "--reason", "maintenance of the server")
    assert ended.code == 0, ended.out + ended.err
    assert "Done: this host is on the JSON copies" in ended.out
    assert on_disk("settings", settings)["mode"] == "summer"
    mode = switching.mode()
    assert (mode.backend, mode.automatic, mode.reason) == ("filesystem", False, "maintenance of the server")
    assert mode.who.startswith("command:switch_store (")
    assert get_store("settings").read()["mode"] == "summer"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_reason_is_needed_and_short(filled, reason):
    ended = run("switch_store", "filesystem", "--reason", reason)
    assert ended.code == 2
    assert "reason" in ended.err
    assert switching.mode().backend == "postgres"


def test_wrong_words_are_refused(filled):
    for arguments in (["redis"], ["postgres", "--strategy", "mine"], []):
        ended = run("switch_store", *arguments, "--reason", "x")
        assert ended.code in (1, 2), ended  # argparse says 2; through call_command Django makes it an error
        assert switching.mode().epoch == 1
    with pytest.raises(StoreMisconfigured, match="postgres, filesystem"):
        switching.switch("redis", "x", "test")


def test_there_already_is_nothing_to_do(filled):
    ended = run("switch_store", "postgres", "--reason", "x")
    assert (ended.code, "on PostgreSQL already" in ended.out) == (0, True)
    assert run("switch_store", "filesystem", "--reason", "first").code == 0
    mode = switching.mode()
    ended = run("switch_store", "filesystem", "--reason", "second", "--json")
    assert (ended.code, ended.report["verdict"]) == (0, "same")
    assert switching.mode() == mode


def test_without_postgres_the_copies_start_from_what_was_seen_last(filled, settings):
    cut_off(filled)
    ended = run("switch_store", "filesystem", "--reason", "it is down")
    assert ended.code == 0, ended.out + ended.err
    assert on_disk("settings", settings)["mode"] == "winter"
    change("settings", mode="summer")
    assert on_disk("settings", settings)["mode"] == "summer"


def test_a_black_hole_does_not_hold_the_switch_up(filled, settings):
    filled.frozen.set()
    report = switching.switch("filesystem", "black hole", "test")
    assert report.changed
    assert report.elapsed_ms < 5000
    assert on_disk("settings", settings)["mode"] == "winter"


def test_with_neither_postgres_nor_a_copy_nothing_is_switched(line):
    cut_off(line)
    preview = switching.preview_switch("filesystem")
    assert len(preview.blockers) == 2
    with pytest.raises(StoreUnavailable, match="no copy of settings"):
        switching.switch("filesystem", "x", "test")
    assert (switching.mode().backend, switching.mode().phase) == ("postgres", "")
    for arguments in (["--dry-run"], ["--reason", "x"]):
        assert run("switch_store", "filesystem", *arguments).code == 1


def test_a_host_that_fell_over_by_itself_becomes_the_operators(filled, monkeypatch):
    stop_probes(monkeypatch)
    cut_off(filled)
    change("settings", mode="summer")
    assert switching.mode().automatic
    preview = switching.preview_switch("filesystem")
    assert preview.changes
    assert any("no longer look" in sentence for sentence in preview.sentences)
    ended = run("switch_store", "filesystem", "--reason", "stay there")
    assert ended.code == 0, ended.out
    mode = switching.mode()
    assert (mode.backend, mode.automatic, mode.reason) == ("filesystem", False, "stay there")
    assert journal_writes("settings") == 1
    filled.accept()
    assert run("switch_store", "postgres", "--reason", "well again").code == 0
    assert get_store("settings").read()["mode"] == "summer"


# --- and back -------------------------------------------------------------------------------------------------------
@pytest.fixture
def on_copies(filled):
    switching.switch("filesystem", "test", "test")
    return filled


def test_the_copies_changes_go_to_postgres(on_copies, dashboard):
    change("settings", mode="summer")
    preview = run("switch_store", "postgres", "--dry-run")
    assert preview.code == 0, preview.out + preview.err
    assert "the copy goes to PostgreSQL" in preview.out
    assert '"winter" → "summer"' in preview.out
    assert switching.mode().backend == "filesystem"
    ended = run("switch_store", "postgres", "--reason", "done with it", "--json")
    assert (ended.code, ended.report["verdict"], ended.report["after"]["backend"]) == (0, "switched", "postgres")
    row = dashboard.execute(
        "SELECT data->>'mode', writer, reason FROM json_store_revision WHERE kind = 'settings' "
        "ORDER BY revision DESC LIMIT 1"
    ).fetchone()
    assert (row[0], row[2]) == ("summer", "done with it")
    assert row[1].startswith("command:switch_store (")


def test_what_both_sides_changed_waits_for_a_person(on_copies, dashboard):
    change("settings", mode="summer")
    dashboard.execute("UPDATE json_store SET data = data || '{\"mode\": \"off\"}' WHERE kind = 'settings'")
    dry = run("switch_store", "postgres", "--dry-run")
    assert dry.code == 3, dry.out
    assert "Changed on both sides" in dry.out
    ended = run("switch_store", "postgres", "--reason", "back")
    assert ended.code == 3, ended.out
    assert "1 conflict waits for a decision: resync_store --conflicts" in ended.out
    assert switching.mode().backend == "postgres"


def test_an_emptied_postgres_stops_it_until_a_side_is_chosen(on_copies, dashboard):
    change("settings", mode="summer")
    dashboard.execute("UPDATE json_store SET data = '{}' WHERE kind = 'settings'")
    for arguments in (["--dry-run"], ["--reason", "back"]):
        ended = run("switch_store", "postgres", *arguments)
        assert ended.code == 3, ended.out
        assert "--strategy ours" in ended.out
        assert "emptied" in ended.out
        assert switching.mode().backend == "filesystem"
    assert run("switch_store", "postgres", "--reason", "back", "--strategy", "ours").code == 0
    assert dashboard.execute("SELECT data->>'mode' FROM json_store WHERE kind = 'settings'").fetchone() == ("summer",)


def test_with_postgres_down_there_is_no_way_back(on_copies):
    change("settings", mode="summer")
    cut_off(on_copies)
    for arguments in (["--dry-run"], ["--reason", "back"]):
        ended = run("switch_store", "postgres", *arguments)
        assert ended.code == 1, ended.out
        assert "Traceback" not in ended.out + ended.err
        assert "password" not in ended.out
    assert switching.mode().backend == "filesystem"
    assert get_store("settings").read()["mode"] == "summer"


# --- the timeline ---------------------------------------------------------------------------------------------------
def test_every_switch_is_a_record_once(on_copies):
    switching.switch("postgres", "back", "admin:lead")
    timeline.collect_switches()
    assert timeline.collect_switches() == 0
    found = timeline.switches()
    assert [(record.from_backend, record.to_backend) for record in found] == [
        ("filesystem", "postgres"),
        ("postgres", "filesystem"),
        ("", "postgres"),
    ]
    assert (found[0].who, found[0].reason, found[0].automatic) == ("admin:lead", "back", False)
    assert found[0].detail["documents"]["settings"]["verdict"] == "same"
    assert found[0].lasted is not None
    assert timeline.count_switches() == StoreSwitch.objects.count() == 3
    assert timeline.switches(1, 1) == found[1:2]


def test_records_outlive_the_log_and_the_log_a_lost_site_database(on_copies, settings):
    timeline.collect_switches()
    log = settings.STORE_DIR / "switches.jsonl"
    lines = log.read_text()
    log.unlink()
    assert len(timeline.switches()) == 2
    log.write_text(lines)
    StoreSwitch.objects.all().delete()
    assert len(timeline.switches()) == 2


def test_an_unusable_site_database_leaves_the_file_to_show(on_copies, monkeypatch):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE stores_storeswitch RENAME TO away")
    try:
        assert [record.to_backend for record in timeline.switches()] == ["filesystem", "postgres"]
        assert timeline.count_switches() == 2
        assert switching.switch("postgres", "back", "test").changed
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO stores_storeswitch")
    assert len(timeline.switches()) == 3


def test_other_processes_follow_at_once(on_copies, dashboard):
    """Another process of the host, as the dashboard with the same classes."""
    from tests.failover.conftest import start_process

    host = registry.host().directory
    other = start_process(registry.store_dsn(), registry.settings.STORE_DIR, kind="state")
    try:
        assert other.host.directory == host
        other.store.write({"from": "the other"})
        assert dashboard.execute("SELECT data ? 'from' FROM json_store WHERE kind = 'state'").fetchone() == (False,)
        switching.switch("postgres", "back", "test")
        assert other.store.read() == {"from": "the other"}
        assert other.host.mode().backend == "postgres"
        with pytest.raises(StoreError):
            switching.switch("postgres", "", "test")
    finally:
        other.close()
