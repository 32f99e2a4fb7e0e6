"""export_store: the dashboard's format, no file overwritten by mistake, and the way back."""

import json
import stat

import pytest

from tests.sync.conftest import SAMPLE_HOME, run

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@pytest.fixture
def filled(tables):
    for kind in ("settings", "state"):
        tables.put(kind, (SAMPLE_HOME / f"{kind}.json").read_text())
    return tables


@pytest.fixture
def paths(tmp_path):
    return ["--settings-path", tmp_path / "settings.json", "--state-path", tmp_path / "state.json"]


def test_files_are_the_dashboards_byte_for_byte(filled, tmp_path, paths):
    ended = run("export_store", *paths)
    assert ended.code == 0, ended.out
    for kind in ("settings", "state"):
        path = tmp_path / f"{kind}.json"
        assert path.read_bytes() == (SAMPLE_HOME / f"{kind}.json").read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run("migrate_to_postgres", *paths, "--json").report["verdict"] == "same"
    again = run("export_store", *paths, "--json")
    assert (again.code, again.report["verdict"]) == (0, "same")


def test_configured_places_are_made(filled, settings, tmp_path):
    settings.STORE_PATHS = {kind: tmp_path / "var" / "store" / f"{kind}.json" for kind in ("settings", "state")}
    assert run("export_store").code == 0
    assert (tmp_path / "var" / "store" / "state.json").exists()
    elsewhere = run("export_store", "--settings-path", tmp_path / "typo" / "settings.json", "--json")
    assert (elsewhere.code, elsewhere.report["documents"]["settings"]["reasons"][0]["code"]) == (2, "no_directory")
    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize("present", ['{"mode": "winter"}', "{ broken", "", "{}"])
def test_different_file_needs_force_and_is_kept(filled, tmp_path, paths, present):
    (tmp_path / "settings.json").write_text(present)
    refused = run("export_store", *paths, "--json")
    assert refused.code == 2
    assert refused.report["documents"]["settings"]["reasons"][0]["code"] == "differs"
    assert (tmp_path / "settings.json").read_text() == present
    assert not (tmp_path / "state.json").exists()
    forced = run("export_store", *paths, "--force", "--json")
    assert forced.code == 0
    (copy,) = tmp_path.glob("settings.json.bak-*")
    assert forced.report["documents"]["settings"]["copy"] == str(copy)
    assert copy.read_text() == present
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert json.loads((tmp_path / "settings.json").read_text())["mode"] == "summer"


def test_same_values_in_another_layout_are_left_alone(filled, tmp_path, paths):
    text = json.dumps(json.loads((SAMPLE_HOME / "settings.json").read_text()), sort_keys=True)
    (tmp_path / "settings.json").write_text(text)
    assert run("export_store", *paths).code == 0
    assert (tmp_path / "settings.json").read_text() == text


def test_link_stays_a_link(filled, tmp_path):
    (tmp_path / "real.json").write_text("{}")
    (tmp_path / "link.json").symlink_to("real.json")
    assert run("export_store", "--settings-path", tmp_path / "link.json", "--force").code == 0
    assert (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["mode"] == "summer"


def test_stdout(filled):
    text = (SAMPLE_HOME / "settings.json").read_text()
    assert run("export_store", "--stdout", "settings").out == text
    both = run("export_store", "--stdout")
    assert json.loads(both.out)["settings"] == json.loads(text)
    assert list(json.loads(both.out)) == ["settings", "state"]
    assert run("export_store", "--stdout", "--force").code == 2


def test_what_is_no_document_is_not_exported(filled, paths, tmp_path):
    filled.put("state", "[1]")
    ended = run("export_store", *paths, "--json", "--force")
    assert (ended.code, ended.report["documents"]["state"]["reasons"][0]["code"]) == (2, "damaged")
    assert list(tmp_path.iterdir()) == []
    assert run("export_store", "--stdout", "state").code == 1


def test_file_that_cannot_be_written_is_a_sentence(filled, tmp_path):
    (tmp_path / "dir.json").mkdir()
    ended = run("export_store", "--settings-path", tmp_path / "dir.json", "--json")
    assert (ended.code, ended.report["documents"]["settings"]["reasons"][0]["code"]) == (2, "unreadable")
    ended = run("export_store", "--settings-path", "/proc/settings.json", "--json")
    assert (ended.code, ended.report["verdict"]) == (1, "failed")
    assert "Files written before it: none." in ended.report["error"]
