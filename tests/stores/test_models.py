"""The models, the migrations and the expected schema say the same."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import call_command

from stores.models import JsonDocument, LastKnownPage, Revision, StoreConflict, StoreSwitch
from stores.sync.conflict_id import conflict_id

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
RESYNC = UUID("c0000000-0000-4000-8000-00000000000c")

pytestmark = pytest.mark.django_db(databases=["default", "store"])


def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run")


def test_each_write_is_a_revision():
    document = JsonDocument.objects.get(kind="settings")
    document.data = {"mode": "summer"}
    document.save()
    document.data = {"mode": "winter"}
    document.save()
    document.refresh_from_db()
    kept = Revision.objects.filter(kind="settings").order_by("-revision")
    assert [revision.data for revision in kept[:2]] == [{"mode": "winter"}, {"mode": "summer"}]
    assert kept[0].revision == document.revision


# --- in the site database -------------------------------------------------------------------------------------------
def conflict(path: str = "mode", **values: object) -> StoreConflict:
    given = {
        "keys": [path], "has_base": True, "base": "winter", "has_ours": True, "ours": "summer", "has_theirs": True,
        "theirs": "off", "kept": "ours", "rule": "changed later", "epoch": 3, "at": NOW,
    } | values  # fmt: skip
    return StoreConflict(id=conflict_id(RESYNC, "settings", path), resync=RESYNC, kind="settings", path=path, **given)


def test_a_conflicts_id_is_of_its_place_in_its_resync():
    assert conflict_id(RESYNC, "settings", "mode") == conflict_id(str(RESYNC).upper(), "settings", "mode")
    others = {conflict_id(UUID(int=1), "settings", "mode"), conflict_id(RESYNC, "state", "mode"),
              conflict_id(RESYNC, "settings", "winter")}  # fmt: skip
    assert len(others | {conflict_id(RESYNC, "settings", "mode")}) == 4
    assert {len(name) for name in others} == {64}


@pytest.mark.parametrize(
    "value",
    [None, True, 0, 1.5, 2**70, "", "null", "\u20ac\n", [], [None], {}, {"a": {"b": None}}, ["a"] * 500],
    ids=repr,
)
def test_a_conflict_keeps_each_side_as_it_was(value):
    conflict(base=value, ours=value, theirs=value).save()
    found = StoreConflict.objects.get()
    for side in (found.base, found.ours, found.theirs):
        assert (side, type(side)) == (value, type(value))


def test_absent_is_not_null():
    conflict("a", has_base=False, base=None, has_ours=True, ours=None, has_theirs=False, theirs=None).save()
    found = StoreConflict.objects.get()
    assert (found.has_base, found.has_ours, found.has_theirs) == (False, True, False)
    assert (found.base, found.ours, found.theirs) == (None, None, None)
    assert (found.settled_at, found.decision, found.decided) == (None, "", None)


def test_a_conflict_reported_twice_is_one_row():
    conflict().save()
    conflict(rule="again").save()
    assert [found.rule for found in StoreConflict.objects.all()] == ["again"]


def test_switches_come_newest_first_whatever_the_clock_did():
    for number, epoch in enumerate((1, 3, 2)):
        StoreSwitch(
            id=UUID(int=number), epoch=epoch, from_backend="postgres", to_backend="filesystem", automatic=True, at=NOW
        ).save()
    assert [switch.epoch for switch in StoreSwitch.objects.all()] == [3, 2, 1]
    assert (StoreSwitch.objects.first().lasted, StoreSwitch.objects.first().detail) == (None, {})


def test_a_page_keeps_cells_of_every_type():
    LastKnownPage(
        path="/admin/stores/statehistory/", title="History", headers=["time", "temperature"],
        rows=[[NOW, Decimal("21.5"), None, UUID(int=1)]], taken_at=NOW,
    ).save()  # fmt: skip
    found = LastKnownPage.objects.get()
    assert found.rows == [["2026-01-02T03:04:05.678Z", "21.5", None, str(UUID(int=1))]]


def test_they_are_written_and_read_while_postgresql_is_down(tmp_path):
    """A new site: its database migrated, a conflict saved and read, and nothing listens where PostgreSQL should."""
    script = """
import json, sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from tests.stores.test_models import conflict
from stores.models import StoreConflict
call_command("migrate", interactive=False, verbosity=0)
conflict().save()
tables = [name for name in connection.introspection.table_names() if name.startswith(("stores_", "json_", "history_"))]
json.dump({"vendor": connection.vendor, "tables": tables, "kept": StoreConflict.objects.get().kept}, sys.stdout)
"""
    found = subprocess.run(
        [sys.executable, "-c", script],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "switchbot_site.settings",
            "POSTGRES_URL": "postgresql://role@127.0.0.1:1/home",
            "VAR_DIR": str(tmp_path),
        },
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == {
        "vendor": "sqlite",
        "tables": ["stores_lastknownpage", "stores_storeconflict", "stores_storeswitch"],
        "kept": "ours",
    }
