"""The process's stores, the pool's validation and its command."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from stores import get_history, get_store, registry
from stores.backends.failover import FailoverStore
from stores.backends.line import Line
from stores.errors import StoreMisconfigured, StoreUnavailable
from stores.pool import request_rebuild, validate_pool
from stores.writer import writing_as

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@pytest.fixture(autouse=True)
def _own_directory(store_db: str, tmp_path: Path, settings: object) -> None:
    settings.STORE_DIR = tmp_path  # type: ignore[attr-defined]
    settings.STORE_PATHS = {kind: tmp_path / f"{kind}.json" for kind in ("settings", "state")}  # type: ignore[attr-defined]


def test_stores_are_made_once_and_share_a_line(store_db: str) -> None:
    settings_store = get_store("settings")
    assert isinstance(settings_store, FailoverStore)
    assert get_store("settings") is settings_store
    assert get_store("state") is not settings_store
    assert get_history() is get_history()
    get_store("state").write({"a": 1})
    assert get_store("state").read() == {"a": 1}
    assert settings_store.read() == {}
    assert registry.line().stats()["connects"] == 1


def test_store_backend_counts_at_the_start_and_when_it_changes(settings: object, store_db: str) -> None:
    get_store("state").write({"where": "postgres"})
    settings.STORE_BACKEND = "filesystem"  # type: ignore[attr-defined]
    get_store("state").write({"where": "file"})
    with psycopg.connect(store_db) as connection:
        assert connection.execute("SELECT data FROM json_store WHERE kind = 'state'").fetchone() == (
            {"where": "postgres"},
        )
    settings.STORE_BACKEND = "postgres"  # type: ignore[attr-defined]
    get_store("state").resync()  # as the prober does by itself
    assert get_store("state").status().backend == "postgres"
    assert get_store("state").read() == {"where": "file"}
    settings.STORE_BACKEND = "redis"  # type: ignore[attr-defined]
    with pytest.raises(StoreMisconfigured, match="postgres or filesystem"):
        get_store("state")


def test_an_unknown_kind_names_the_known_ones() -> None:
    with pytest.raises(StoreMisconfigured, match="settings, state"):
        get_store("sttings")


def test_who_writes_reaches_the_revision() -> None:
    with writing_as("admin:lead", "because"):
        get_store("settings").write({"mode": "winter"})
    assert get_store("settings").status().writer == "admin:lead"


def test_after_close_all_new_stores_are_made() -> None:
    before = get_store("state")
    before.read()
    old = registry.line()
    registry.close_all()
    assert get_store("state") is not before
    assert get_store("state").read() == {}
    with pytest.raises(StoreUnavailable), old.connection():
        pass


def test_the_dsn_carries_no_server_options() -> None:
    assert "options" not in conninfo_to_dict(registry.store_dsn())


def test_validating_checks_and_fills_the_pool() -> None:
    report = validate_pool()
    assert report.ok
    assert report.connections == report.size == report.stats["available"]
    assert not report.recreated
    again = validate_pool(recreate=True)
    assert (again.ok, again.recreated, again.checked, again.dead) == (True, True, report.size, 0)
    assert again.stats["rebuilt"] == 1
    json.dumps(again.as_dict())


@pytest.fixture
def _nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    dsn = make_conninfo(registry.store_dsn(), host="/nowhere", password="hunter2")
    monkeypatch.setattr(registry, "store_dsn", lambda: dsn)


@pytest.mark.usefixtures("_nobody_there")
def test_a_failed_validation_is_a_sentence() -> None:
    report = validate_pool(timeout=1)
    assert not report.ok
    assert "not running" in str(report.error)
    for chosen in ([], ["--check"], ["--wait"], ["--recreate"], ["--json"]):
        with pytest.raises(CommandError, match="not running") as caught:
            call_command("store_pool", "--timeout=1", *chosen, stdout=io.StringIO())
        assert caught.value.returncode == 1
        assert "hunter2" not in str(caught.value)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("store_pool", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_shows_what_it_did() -> None:
    shown = run()
    assert "4 of 4" in shown
    assert "fine" in shown
    assert "Open" not in run("--check")
    assert "checked" not in run("--wait")
    assert "Rebuilt" in run("--recreate")
    report = json.loads(run("--json", "--recreate"))
    assert report["ok"] is report["recreated"] is True
    assert report["requested"] is False


def test_all_processes_rebuild_their_pools(tmp_path: Path) -> None:
    with Line(registry.store_dsn(), requests_dir=tmp_path) as worker:
        with worker.connection() as connection:
            before = connection.info.backend_pid
        assert "rebuilds its pool" in run("--check", "--all-processes")
        with worker.connection() as connection:
            assert connection.info.backend_pid != before
        run("--check", "--all-processes")  # again: the file is there already
        with worker.connection():
            pass
        assert worker.stats()["rebuilt"] == 2
    assert os.stat(request_rebuild()).st_mode & 0o777 == 0o600
