"""resync_store: preview first, three ways to be told to stop, conflicts listed and settled from the command line."""

import json

import pytest

from stores import get_store, registry, switching
from stores.models import StoreConflict
from tests.failover.site import SECRET, WEBHOOKS, cut_off, journal_writes, look_at, on_disk, stop_probes
from tests.sync.conftest import run

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


def change(kind, **values):
    with get_store(kind).transaction() as document:
        document.write({**document.read(), **values})


def there(dashboard, **values):
    """As the dashboard changes the settings in PostgreSQL."""
    dashboard.execute("UPDATE json_store SET data = data || %s::jsonb WHERE kind = 'settings'", [json.dumps(values)])


def in_postgres(dashboard, kind="settings"):
    return dashboard.execute("SELECT data FROM json_store WHERE kind = %s", [kind]).fetchone()[0]


@pytest.fixture
def fallen(filled, monkeypatch):
    """The host fell over by itself; PostgreSQL answers again, but nobody has looked yet."""
    stop_probes(monkeypatch)
    cut_off(filled)
    change("settings", mode="summer")
    filled.accept()
    assert switching.mode().automatic
    return filled


def test_on_postgres_there_is_nothing_to_do(filled):
    for arguments in ([], ["--apply"]):
        ended = run("resync_store", *arguments)
        assert (ended.code, "Nothing to do: this host is on PostgreSQL." in ended.out) == (0, True), ended


def test_without_apply_it_is_a_dry_run_and_says_so(fallen, dashboard, settings):
    there(dashboard, hysteresis_celsius=1)
    before, row = look_at(settings.STORE_DIR), in_postgres(dashboard)
    for arguments in ([], ["--dry-run"]):
        ended = run("resync_store", *arguments)
        assert ended.code == 0, ended.out + ended.err
        assert "dry run, nothing is written" in ended.out
        assert "Changed on the copy" in ended.out
        assert "Changed in PostgreSQL" in ended.out
        assert "1 write on the copy waits since revision 2. PostgreSQL is at revision 3." in ended.out
        assert "--apply" in ended.out
    assert look_at(settings.STORE_DIR) == before
    assert in_postgres(dashboard) == row


def test_apply_merges_and_returns_where_the_host_fell_over_by_itself(fallen, dashboard, settings):
    there(dashboard, hysteresis_celsius=1)
    ended = run("resync_store", "--apply", "--reason", "the line is back", "--json")
    assert ended.code == 0, ended.out
    report = ended.report
    assert (report["verdict"], report["after"]["backend"]) == ("resynced", "postgres")
    assert report["report"]["documents"]["settings"]["verdict"] == "merged"
    merged = in_postgres(dashboard)
    assert (merged["mode"], merged["hysteresis_celsius"]) == ("summer", 1)
    assert merged["ifttt_webhooks"] == WEBHOOKS
    again = run("resync_store", "--apply", "--json")
    assert (again.code, again.report["verdict"]) == (0, "same")
    assert in_postgres(dashboard) == merged
    reasons = dashboard.execute("SELECT reason FROM json_store_revision WHERE kind = 'settings' ORDER BY revision DESC")
    assert [row[0] for row in reasons.fetchmany(2)] == ["the line is back", "The copy, before the merge"]
    assert on_disk("settings", settings) == merged


def test_a_host_switched_by_hand_stays_on_its_copies(filled, dashboard):
    switching.switch("filesystem", "maintenance", "test")
    change("settings", mode="summer")
    ended = run("resync_store", "--apply")
    assert ended.code == 0, ended.out
    assert "This host stays on its JSON copies" in ended.out
    mode = switching.mode()
    assert (mode.backend, mode.automatic) == ("filesystem", False)
    assert in_postgres(dashboard)["mode"] == "summer"
    assert journal_writes("settings") == 0
    change("settings", mode="off")
    assert in_postgres(dashboard)["mode"] == "summer"
    assert switching.switch("postgres", "done", "test").after.backend == "postgres"
    assert in_postgres(dashboard)["mode"] == "off"


def test_the_preview_decides_as_the_run_does(fallen, dashboard):
    """The dashboard's row may say an older time than its revision does: which side is kept must not hang on who asks."""
    dashboard.execute(
        "UPDATE json_store SET data = data || '{\"mode\": \"off\"}', updated_at = now() - interval '1 day' "
        "WHERE kind = 'settings'"
    )
    preview = switching.preview_resync()
    report = switching.resync(who="test")
    previewed, done = (
        next(document for document in one.documents if document.kind == "settings") for one in (preview, report)
    )
    assert [conflict.kept for conflict in previewed.conflicts] == ["theirs"]
    assert previewed.conflicts == done.conflicts
    assert in_postgres(dashboard)["mode"] == "off"


def test_secrets_are_masked_everywhere(fallen, dashboard):
    change("settings", ifttt_webhooks={"winter_on": f"https://maker.ifttt.com/with/key/{SECRET}2"})
    there(dashboard, ifttt_webhooks={"winter_on": f"https://maker.ifttt.com/with/key/{SECRET}3"})
    shown = [
        run("resync_store"),
        run("resync_store", "--json"),
        run("switch_store", "postgres", "--dry-run"),
        run("switch_store", "postgres", "--dry-run", "--json"),
        run("resync_store", "--apply", "--json"),
        run("resync_store", "--conflicts"),
        run("resync_store", "--conflicts", "--json"),
    ]
    assert [ended.code for ended in shown] == [3] * 7
    for ended in shown:
        assert "winter_on" in ended.out
        assert SECRET not in ended.out + ended.err
    assert "https://maker.ifttt.com/…" in shown[0].out
    settled = run("resync_store", "--settle", StoreConflict.objects.get().id[:8], "--take", "theirs")
    assert settled.code == 0
    assert SECRET not in settled.out
    assert in_postgres(dashboard)["ifttt_webhooks"]["winter_on"].endswith("3")


def test_strategies_decide_what_the_rules_leave_open(fallen, dashboard):
    there(dashboard, mode="off")
    assert run("resync_store", "--apply", "--strategy", "theirs").code == 0
    assert in_postgres(dashboard)["mode"] == "off"
    assert run("resync_store", "--conflicts").code == 0
    assert StoreConflict.objects.get().settled_by == "rule"


@pytest.mark.parametrize(("strategy", "mode"), [("ours", "summer"), ("theirs", "off")])
def test_a_restored_postgres_stops_it_until_a_side_is_chosen(fallen, dashboard, strategy, mode):
    dashboard.execute("DELETE FROM json_store_revision WHERE kind = 'settings'")
    dashboard.execute("DELETE FROM json_store WHERE kind = 'settings'")
    dashboard.execute("INSERT INTO json_store (kind, data) VALUES ('settings', '{\"mode\": \"off\"}')")
    for arguments in ([], ["--apply"]):
        ended = run("resync_store", *arguments)
        assert ended.code == 3, ended.out
        assert "restored to an older point" in " ".join(ended.out.split())
        assert "From PostgreSQL to the copy" in ended.out
    assert switching.mode().stop
    assert get_store("settings").read()["mode"] == "summer"
    assert run("resync_store", "--apply", "--strategy", strategy).code == 0
    assert in_postgres(dashboard)["mode"] == mode
    assert (switching.mode().backend, switching.mode().stop) == ("postgres", "")


def test_with_postgres_down_it_fails_in_a_sentence(fallen):
    cut_off(fallen)
    for arguments in ([], ["--apply"], ["--json"]):
        ended = run("resync_store", *arguments)
        assert ended.code == 1, ended.out
        assert "Traceback" not in ended.out + ended.err
    assert json.loads(ended.out)["error"]
    assert journal_writes("settings") == 1


def test_conflicts_are_listed_and_settled(fallen, dashboard):
    there(dashboard, mode="off")
    ended = run("resync_store", "--apply")
    assert ended.code == 3
    assert "1 conflict waits for a decision" in ended.out
    assert run("resync_store").code == 3  # it still waits
    listed = run("resync_store", "--conflicts")
    assert listed.code == 3
    [conflict] = run("resync_store", "--conflicts", "--json").report["conflicts"]
    assert (conflict["base"], conflict["ours"], conflict["theirs"]) == ("winter", "summer", "off")
    start = conflict["id"][:8]
    for word in (start, '"winter"', '"summer"', '"off"', "mode", "kept"):
        assert word in listed.out
    settled = run("resync_store", "--settle", start, "--take", "base")
    assert settled.code == 0, settled.err
    assert "Settled: mode of settings. It is revision " in settled.out
    assert in_postgres(dashboard)["mode"] == "winter"
    again = run("resync_store", "--settle", start, "--take", "ours")
    assert again.code == 1
    assert "settled already: by command:resync_store (" in again.err
    assert run("resync_store", "--conflicts").code == 0


def test_another_value_can_be_given(fallen, dashboard):
    there(dashboard, mode="off")
    run("resync_store", "--apply")
    start = StoreConflict.objects.get().id
    assert run("resync_store", "--settle", start, "--value", "auto").code == 2
    ended = run("resync_store", "--settle", start, "--value", '"auto"', "--json")
    assert (ended.code, ended.report["open_conflicts"]) == (0, 0)
    assert in_postgres(dashboard)["mode"] == "auto"


def test_a_value_changed_since_needs_force(fallen, dashboard):
    there(dashboard, mode="off")
    run("resync_store", "--apply")
    there(dashboard, mode="spring")
    start = StoreConflict.objects.get().id
    ended = run("resync_store", "--settle", start, "--take", "ours")
    assert ended.code == 3
    assert 'is now "spring"' in ended.err
    assert "--force" in ended.err
    assert in_postgres(dashboard)["mode"] == "spring"
    assert run("resync_store", "--settle", start, "--take", "ours", "--force").code == 0
    assert in_postgres(dashboard)["mode"] == "summer"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--take", "ours"],
        ["--value", "1"],
        ["--force"],
        ["--settle", "ab"],
        ["--settle", "ab", "--take", "ours", "--value", "1"],
        ["--conflicts", "--take", "ours"],
    ],
)
def test_wrong_usage_exits_2(filled, arguments):
    assert run("resync_store", *arguments).code == 2


@pytest.mark.parametrize("start", ["", "zz", "%", "f" * 64])
def test_an_unknown_conflict_is_a_sentence(filled, start):
    ended = run("resync_store", "--settle", start, "--take", "ours")
    assert ended.code == 1
    assert "There is no conflict" in ended.err


def test_the_stores_files_unusable_is_a_sentence(settings, tmp_path):
    registry.close_all()
    (tmp_path / "file").write_text("")
    settings.STORE_DIR = tmp_path / "file" / "store"
    for command in (["resync_store"], ["switch_store", "filesystem", "--reason", "x"]):
        ended = run(*command)
        assert ended.code == 1, ended
        assert str(tmp_path) in ended.out + ended.err
