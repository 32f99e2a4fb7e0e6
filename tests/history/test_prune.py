"""Pruning by retention: in batches, from Python and from the command line."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from stores.backends.history import HistoryService
from tests.history.conftest import every

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
def history(store_db):
    service = HistoryService(store_db, retention_hours=24)
    yield service
    service.close()


@pytest.fixture
def old_and_new(readings):
    """30 readings older than a day (many of one time), 5 newer, one without a time."""
    now = datetime.now(UTC)
    readings(
        every(HOUR, now - 60 * HOUR, 20) + every(timedelta(0), now - 25 * HOUR, 10) + every(HOUR, now - 5 * HOUR, 5)
    )
    readings([{"timestamp": None}])


def left(dsn):
    with psycopg.connect(dsn) as connection:
        return connection.execute("SELECT count(*) FROM state_history").fetchone()[0]


@pytest.mark.parametrize("batch", [1, 7, 30, 5000])
def test_it_deletes_what_is_older_than_the_retention(history, old_and_new, store_db, batch):
    seen = []
    report = history.prune(batch=batch, progress=lambda report: seen.append(report.deleted))
    assert (report.deleted, report.more_remain, report.error) == (30, False, None)
    assert left(store_db) == 6
    assert seen == sorted(seen)
    assert seen[-1] == 30
    assert report.batches == len(seen) == -(-30 // batch)


def test_it_stops_at_its_deadline_and_says_that_more_remain(history, old_and_new, store_db):
    report = history.prune(batch=10, deadline=0)
    assert (report.deleted, report.more_remain) == (10, True)
    assert left(store_db) == 26


def test_readings_that_somebody_holds_are_left_without_waiting(history, old_and_new, store_db):
    with psycopg.connect(store_db) as other:
        other.execute("SELECT FROM state_history WHERE id <= 3 FOR UPDATE")
        report = history.prune(batch=10)
    assert (report.deleted, report.more_remain) == (27, True)
    assert history.prune().deleted == 3


def test_a_failure_in_the_middle_is_in_the_report(history, old_and_new, store_db):
    def break_the_table(report):
        with psycopg.connect(store_db) as connection:
            connection.execute("ALTER TABLE state_history RENAME TO elsewhere")

    try:
        report = history.prune(batch=10, progress=break_the_table)
    finally:
        with psycopg.connect(store_db) as connection:
            connection.execute("ALTER TABLE IF EXISTS elsewhere RENAME TO state_history")
    assert (report.deleted, report.more_remain) == (10, True)
    assert "migrate" in report.error


def run(*arguments):
    out = io.StringIO()
    call_command("prune_history", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_the_command_prunes_and_says_how_many(old_and_new, store_db):
    assert "30 readings" in run("--dry-run")
    assert left(store_db) == 36
    assert "30 readings" in run()
    assert left(store_db) == 6
    assert "0 readings" in run()


def test_the_command_as_json(old_and_new, store_db):
    assert json.loads(run("--dry-run", "--json", "--hours", "50"))["would_delete"] == 11
    found = json.loads(run("--json", "--hours", "2.5"))
    assert (found["deleted"], found["more_remain"], found["error"]) == (33, False, None)


def test_the_command_asks_before_deleting_a_lot(old_and_new, store_db, monkeypatch):
    monkeypatch.setattr("stores.management.commands.prune_history.WORTH_ASKING", 29)
    with pytest.raises(CommandError, match="30 readings are a lot") as caught:
        run()
    assert caught.value.returncode == 2
    assert left(store_db) == 36
    run("--yes")
    assert left(store_db) == 6


def test_the_command_refuses_hours_that_make_no_sense(old_and_new, store_db):
    for hours in ("0", "-3", "nan", "1e30"):
        with pytest.raises(CommandError, match="hours must be") as caught:
            run(f"--hours={hours}")
        assert caught.value.returncode == 2
    assert left(store_db) == 36


def test_the_command_says_a_sentence_when_postgresql_is_away(store_db, tmp_path, capsys):
    connection = connections["store"]
    kept = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(HOST=str(tmp_path))
    try:
        with pytest.raises(CommandError, match="PostgreSQL") as caught:
            call_command("prune_history", "--json")
    finally:
        connection.settings_dict.clear()
        connection.settings_dict.update(kept)
    assert caught.value.returncode == 1
    assert str(tmp_path) not in str(caught.value)
    report = json.loads(capsys.readouterr().out)
    assert (report["deleted"], report["error"]) == (0, str(caught.value))
