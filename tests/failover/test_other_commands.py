"""What the commands that go to PostgreSQL on their own do while the host is on its copies."""

import json

import pytest

from stores import get_store, switching
from tests.failover.site import cut_off, journal_writes, look_at, on_disk
from tests.sync.conftest import run

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


def change(kind, **values):
    with get_store(kind).transaction() as document:
        document.write({**document.read(), **values})


@pytest.fixture
def on_copies(filled):
    switching.switch("filesystem", "test", "test")
    change("settings", mode="summer")
    return filled


def in_postgres(dashboard):
    return dashboard.execute("SELECT data->>'mode' FROM json_store WHERE kind = 'settings'").fetchone()[0]


def test_migrate_is_refused_while_writes_wait(on_copies, dashboard, tmp_path):
    other = tmp_path / "other.json"
    other.write_text('{"mode": "auto"}')
    for paths in ([], ["--settings-path", other]):
        for mode in ([], ["--apply"]):
            ended = run("migrate_to_postgres", "--force", *paths, *mode)
            assert ended.code == 2, ended.out
            assert "1 write there waits to be brought back" in " ".join(ended.out.split())
            assert "resync_store --apply" in ended.out
    report = run("migrate_to_postgres", "--force", "--apply", "--json").report
    assert (report["verdict"], report["written"]) == ("refuse", False)
    assert in_postgres(dashboard) == "winter"
    assert run("resync_store", "--apply").code == 0
    assert in_postgres(dashboard) == "summer"
    assert run("migrate_to_postgres").code == 0  # the same on both sides
    assert run("migrate_to_postgres", "--settings-path", other, "--force", "--apply").code == 0
    assert in_postgres(dashboard) == "auto"
    # Known to nobody on the copies, so the way back brings it there.
    assert switching.switch("postgres", "back", "test").resync.documents[0].verdict == "theirs"
    assert get_store("settings").read()["mode"] == "auto"


def test_migrate_of_a_host_that_starts_on_its_files(line, dashboard, settings):
    """A dashboard without PostgreSQL gets one: nothing was written through the site yet."""
    settings.STORE_BACKEND = "filesystem"
    settings.STORE_PATHS["settings"].write_text('{"mode": "winter"}')
    assert get_store("settings").read() == {"mode": "winter"}
    assert run("migrate_to_postgres", "--apply").code == 0
    assert in_postgres(dashboard) == "winter"
    assert run("switch_store", "postgres", "--reason", "moved").code == 0
    assert get_store("settings").read() == {"mode": "winter"}


def test_export_spares_the_files_that_are_the_store(on_copies, dashboard, settings, tmp_path):
    before = look_at(settings.STORE_DIR)
    for force in ([], ["--force"]):
        ended = run("export_store", *force, "--json")
        assert ended.code == 2
        assert ended.report["documents"]["settings"]["reasons"][0]["code"] == "in_use"
        assert ended.report["documents"]["state"]["verdict"] == "same"
    link = tmp_path / "link.json"
    link.symlink_to(settings.STORE_PATHS["settings"])
    assert run("export_store", "--settings-path", link, "--force").code == 2
    assert look_at(settings.STORE_DIR) == before
    elsewhere = tmp_path / "elsewhere.json"
    assert run("export_store", "--settings-path", elsewhere).code == 0
    assert json.loads(elsewhere.read_text())["mode"] == "winter"
    assert on_disk("settings", settings)["mode"] == "summer"
    switching.switch("postgres", "back", "test")
    assert run("export_store", "--force").code == 0
    assert on_disk("settings", settings)["mode"] == "summer"


def test_adopting_leaves_mode_and_journal_alone(on_copies, dashboard):
    mode = switching.mode()
    dashboard.execute("DROP TABLE json_store_host")
    assert run("adopt_database", "--check").code == 3
    assert run("adopt_database", "--apply", "--yes").code == 0
    assert (switching.mode(), journal_writes("settings")) == (mode, 1)
    assert get_store("settings").read()["mode"] == "summer"
    assert switching.switch("postgres", "back", "test").after.backend == "postgres"
    assert in_postgres(dashboard) == "summer"


def test_in_an_outage_each_fails_in_a_sentence(on_copies, settings):
    cut_off(on_copies)
    before = look_at(settings.STORE_DIR)
    for command in (["migrate_to_postgres", "--apply"], ["export_store", "--force"]):
        ended = run(*command)
        assert ended.code == 1, ended
        assert "Traceback" not in ended.out + ended.err
    assert look_at(settings.STORE_DIR) == before


def test_looking_makes_no_host(store_db, settings, tmp_path):
    settings.STORE_DIR = tmp_path / "none"
    assert run("migrate_to_postgres", "--dry-run").code in (0, 2)
    assert not settings.STORE_DIR.exists()
