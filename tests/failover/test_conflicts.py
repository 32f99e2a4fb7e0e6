"""Conflicts: from a resync's files into the site database, each once, and settled where the document lives now."""

import json
import os
import threading
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection, connections

from stores import conflicts, get_store, registry, switching
from stores.errors import StoreError, StoreUnavailable
from stores.models import StoreConflict
from stores.sync.conflict_id import conflict_id
from stores.sync.merge import ABSENT, Conflict
from stores.writer import current_writer
from tests.failover.site import SECRET, cut_off, stop_probes

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


def conflict(path="mode", base="winter", ours="summer", theirs="off", *, settled=False, kept="ours"):
    keys = tuple(path.split("."))
    return Conflict(path, keys, base, ours, theirs, kept, "a rule's sentence", settled)


def leave(*found, token=None, kind="settings", revision=7):
    """What a resync writes."""
    token = token or str(uuid4())
    content = {
        "resync": token,
        "kind": kind,
        "epoch": 3,
        "revision": revision,
        "at": datetime.now(UTC).isoformat(),
        "conflicts": [one.as_dict() for one in found],
    }
    path = os.path.join(registry.host().conflicts, f"{token}-{kind}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file)
    return token, path


def in_postgres(dashboard):
    return dashboard.execute("SELECT data FROM json_store WHERE kind = 'settings'").fetchone()[0]


# --- taking over ----------------------------------------------------------------------------------------------------
def test_files_become_rows_once_and_go(filled):
    token, path = leave(conflict(), conflict("winter.min_temp", 18, 19, None), conflict("x", ABSENT, None, ABSENT))
    with open(path, "rb") as file:
        content = file.read()
    assert conflicts.collect() == 3
    assert not os.path.exists(path)
    rows = {row.path: row for row in StoreConflict.objects.all()}
    assert rows["mode"].id == conflict_id(token, "settings", "mode")
    assert (rows["mode"].base, rows["mode"].revision, rows["mode"].settled_at) == ("winter", 7, None)
    assert (rows["winter.min_temp"].theirs, rows["winter.min_temp"].has_theirs) == (None, True)
    assert (rows["x"].has_base, rows["x"].has_ours, rows["x"].has_theirs) == (False, True, False)
    found = conflicts.values(rows["x"])
    assert (found.base, found.ours, found.theirs) == (ABSENT, None, ABSENT)
    conflicts.settle(rows["mode"], "ours", who="test")
    # The resync was killed after its commit, and run again.
    with open(path, "wb") as file:
        file.write(content)
    conflicts.collect()
    assert StoreConflict.objects.count() == 3
    assert StoreConflict.objects.get(path="mode").settled_by == "test"


def test_what_a_rule_settled_is_kept_as_settled(filled):
    leave(conflict(settled=True, kept="theirs"))
    conflicts.collect()
    row = StoreConflict.objects.get()
    assert (row.settled_by, row.decision, row.decided, row.settled_at) == ("rule", "theirs", "off", row.at)
    assert conflicts.open_conflicts() == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"resync": "x"}', b"\xff", b'{"conflicts": [1]}'])
def test_a_damaged_file_is_kept_under_another_name(filled, content):
    _, good = leave(conflict())
    path = os.path.join(os.path.dirname(good), "0-settings.json")
    for _ in range(2):
        with open(path, "wb") as file:
            file.write(content)
        conflicts.collect()
        assert not os.path.exists(path)
    kept = [name for name in os.listdir(os.path.dirname(path)) if "damaged" in name]
    assert len(kept) == 2
    for name in kept:
        with open(os.path.join(os.path.dirname(path), name), "rb") as file:
            assert file.read() == content
    assert StoreConflict.objects.count() == 1  # the good one is taken over all the same


def test_a_value_of_a_token_that_is_none_is_damage_too(filled):
    _, path = leave(conflict(), token="not-a-uuid")
    conflicts.collect()
    assert not os.path.exists(path)
    assert os.path.exists(path + ".damaged")


def test_without_the_site_database_the_file_waits(filled):
    _, path = leave(conflict())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE stores_storeconflict RENAME TO away")
    try:
        assert conflicts.collect() == 0
        assert os.path.exists(path)
        with pytest.raises(StoreUnavailable, match="site database"):
            conflicts.open_conflicts()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO stores_storeconflict")
    assert conflicts.collect() == 1


# --- settling -------------------------------------------------------------------------------------------------------
@pytest.fixture
def waits(filled):
    """Both sides changed the mode; the document keeps the copy's."""
    get_store("settings").write({**get_store("settings").read(), "mode": "summer"})
    leave(conflict())
    return conflicts.open_conflicts()[0]


@pytest.mark.parametrize(("decision", "mode"), [("theirs", "off"), ("base", "winter")])
def test_a_decision_is_written_as_a_revision(waits, dashboard, decision, mode):
    revision = conflicts.settle(waits, decision, who="admin:lead")
    assert in_postgres(dashboard)["mode"] == mode
    row = dashboard.execute(
        "SELECT writer, reason FROM json_store_revision WHERE kind = 'settings' AND revision = %s", [revision]
    ).fetchone()
    assert row == ("admin:lead", "Settle conflict: mode")
    assert (waits.settled_by, waits.decision, waits.decided) == ("admin:lead", decision, mode)
    assert waits.revision == revision
    assert current_writer() == ""


def test_what_is_there_already_needs_no_write(waits, dashboard):
    before = dashboard.execute("SELECT max(revision) FROM json_store").fetchone()
    assert conflicts.settle(waits, "ours", who="test") is None
    assert dashboard.execute("SELECT max(revision) FROM json_store").fetchone() == before
    assert (waits.decision, waits.revision) == ("ours", 7)


def test_another_value_and_no_value(filled, dashboard):
    leave(conflict("mode", "winter", "winter", "off"), conflict("extra", ABSENT, 1, 2))
    found = {row.path: row for row in conflicts.open_conflicts()}
    conflicts.settle(found["mode"], "other", {"made": ["up"]}, who="test")
    assert in_postgres(dashboard)["mode"] == {"made": ["up"]}
    conflicts.settle(found["extra"], "ours", who="test")
    assert in_postgres(dashboard)["extra"] == 1
    leave(conflict("extra", ABSENT, 1, 2))
    [again] = conflicts.open_conflicts()
    conflicts.settle(again, "base", who="test")
    assert "extra" not in in_postgres(dashboard)
    assert again.decided is None


def test_a_value_changed_since_is_shown_and_kept(waits, dashboard):
    dashboard.execute("UPDATE json_store SET data = data || '{\"mode\": \"spring\"}' WHERE kind = 'settings'")
    with pytest.raises(conflicts.ValueChanged, match='is now "spring"') as caught:
        conflicts.settle(waits, "theirs", who="test")
    assert caught.value.present == "spring"
    assert in_postgres(dashboard)["mode"] == "spring"
    assert len(conflicts.open_conflicts()) == 1
    dashboard.execute("UPDATE json_store SET data = data - 'mode' WHERE kind = 'settings'")
    with pytest.raises(conflicts.ValueChanged, match="not there any more"):
        conflicts.settle(waits, "theirs", who="test")
    conflicts.settle(waits, "theirs", who="test", force=True)
    assert in_postgres(dashboard)["mode"] == "off"


def test_a_changed_secret_is_not_told(filled, dashboard):
    leave(conflict("ifttt_webhooks.winter_on", "https://maker.ifttt.com/a", "https://maker.ifttt.com/b", ABSENT))
    [found] = conflicts.open_conflicts()
    with pytest.raises(conflicts.ValueChanged) as caught:
        conflicts.settle(found, "ours", who="test")
    assert SECRET not in str(caught.value) + str(caught.value.present)
    shown = conflicts.values(found).masked(found)
    assert shown.theirs is ABSENT
    assert SECRET not in str(shown)
    assert "maker.ifttt.com/a" not in str(shown)


def test_a_parent_that_is_gone_is_a_sentence(filled, dashboard):
    leave(conflict("winter.min_temp", 18, 19, ABSENT))
    [found] = conflicts.open_conflicts()
    dashboard.execute("UPDATE json_store SET data = data || '{\"winter\": 5}' WHERE kind = 'settings'")
    with pytest.raises(StoreError, match="is not an object"):
        conflicts.settle(found, "ours", who="test", force=True)
    assert len(conflicts.open_conflicts()) == 1


def test_settled_once(waits):
    conflicts.settle(waits, "theirs", who="first")
    with pytest.raises(conflicts.ConflictSettled, match="by first at"):
        conflicts.settle(waits, "base", who="second")
    with pytest.raises(StoreError, match="not a decision"):
        conflicts.settle(waits, "mine", who="second")
    waits.delete()
    gone = StoreConflict(id=conflict_id(uuid4(), "settings", "mode"))
    with pytest.raises(StoreError, match="not there any more"):
        conflicts.settle(gone, "ours", who="second")


def test_two_people_at_once_decide_once(waits, dashboard):
    """Whoever is second sees the first one's decision, and the document holds that."""
    ended = {}
    together = threading.Barrier(2)

    def decide(decision):
        row = StoreConflict.objects.get(pk=waits.pk)
        together.wait(10)
        try:
            conflicts.settle(row, decision, who=decision)
            ended[decision] = "done"
        except StoreError as error:
            ended[decision] = type(error).__name__
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=[decision]) for decision in ("theirs", "base")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(ended.values()) in (["ConflictSettled", "done"], ["StoreUnavailable", "done"]), ended
    row = StoreConflict.objects.get()
    assert in_postgres(dashboard)["mode"] == {"theirs": "off", "base": "winter"}[row.settled_by]


def test_on_the_copies_it_is_settled_there_and_comes_back(waits, filled, dashboard, monkeypatch):
    stop_probes(monkeypatch)
    cut_off(filled)
    assert conflicts.settle(waits, "theirs", who="admin:lead") is None
    assert switching.mode().automatic
    assert get_store("settings").read()["mode"] == "off"
    assert in_postgres(dashboard)["mode"] == "summer"
    filled.accept()
    switching.resync(who="test")
    assert in_postgres(dashboard)["mode"] == "off"


def test_with_no_store_at_all_the_conflict_stays_open(line, dashboard):
    leave(conflict())
    [found] = conflicts.open_conflicts()
    cut_off(line)
    with pytest.raises(StoreUnavailable):
        conflicts.settle(found, "theirs", who="test")
    assert len(conflicts.open_conflicts()) == 1
