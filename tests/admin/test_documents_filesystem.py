"""Settings and state in the admin while they live in the JSON files."""

import json

import pytest
from django.db import connections

from stores import registry
from tests.admin.test_documents import FORM, LIST, RAW, SAMPLE_HOME, SETTINGS, fields

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@pytest.fixture
def files(settings, tmp_path, store_db):
    settings.STORE_BACKEND = "filesystem"
    settings.STORE_PATHS = {kind: tmp_path / f"{kind}.json" for kind in ("settings", "state")}
    for kind, path in settings.STORE_PATHS.items():
        path.write_text((SAMPLE_HOME / f"{kind}.json").read_text())
    registry.close_all()
    yield settings.STORE_PATHS
    registry.close_all()


@pytest.fixture
def down(files, monkeypatch):
    monkeypatch.setitem(connections["store"].settings_dict, "HOST", "/nowhere")
    connections["store"].close()


def test_the_list_says_where_they_are_kept(admin_client, files):
    assert "JSON file" in admin_client.get(LIST).text


@pytest.mark.parametrize("server", ["up", "down"])
def test_a_setting_is_saved_in_the_file(admin_client, files, server, request):
    if server == "down":
        request.getfixturevalue("down")
    page = admin_client.get(FORM)
    assert page.status_code == 200
    answer = admin_client.post(FORM, {**fields(page), "poll_interval_seconds": "90"})
    assert answer.status_code == 302, answer.text
    saved = json.loads(files["settings"].read_text())
    assert saved == {**json.loads((SAMPLE_HOME / "settings.json").read_text()), "poll_interval_seconds": 90}


def test_the_json_page_works_while_postgresql_is_down(admin_client, down):
    page = admin_client.get(RAW)
    assert page.status_code == 200
    assert "hysteresis_celsius" in page.text


def test_no_revision_of_postgresql_is_the_current_one(admin_client, files):
    registry.store_for("settings").write({"mode": "summer"})
    page = admin_client.get(f"{SETTINGS}revisions/")
    assert "not among them" in page.text
    assert "Current" not in page.text


def test_revisions_say_that_postgresql_is_down(admin_client, down):
    page = admin_client.get(f"{SETTINGS}revisions/")
    assert page.status_code == 200
    assert "PostgreSQL does not answer" in page.text


def test_a_damaged_file_is_shown_with_its_place(admin_client, files):
    files["settings"].write_text('{"mode": ')
    page = admin_client.get(FORM)
    assert page.status_code == 200
    assert "line 1" in page.text
    assert files["settings"].read_text() == '{"mode": '
