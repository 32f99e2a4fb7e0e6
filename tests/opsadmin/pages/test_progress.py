"""The page "Runs": what it lists, what it tells of one run, the schedule, and who may do what."""

from __future__ import annotations

import re
import sqlite3
import time
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connections
from django.utils import timezone

from opsadmin.jobs import runner, tasks
from opsadmin.jobs.retention import clean_up
from opsadmin.jobs.schedule import register_task
from opsadmin.models import FollowedIndex, OperationRun, Retention, ScheduledTask
from tests.opsadmin.faces.people import person

pytestmark = pytest.mark.django_db(databases=["default", "store"])
PAGE = "/admin/ops/progress/"


def run(operation="drop_index", *, ago=timedelta(0), **more):
    given = {"effect": "destroys", "caller": "anna", "door": "command", "outcome": "done", **more}
    found = OperationRun.objects.create(operation=operation, **given)
    OperationRun.objects.filter(pk=found.pk).update(started_at=timezone.now() - ago)
    return found


def text_of(answer) -> str:
    assert answer.status_code == 200
    main = answer.text.split('id="content-start"')[1]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def shown(client, **query) -> list[int]:
    """The numbers of the runs in the list."""
    return [int(number) for number in re.findall(r'id="r(\d+)"', client.get(PAGE, query).text)]


# --- the list --------------------------------------------------------------------------------------------------------
def test_nothing_yet(reader):
    assert "Nothing was changed yet." in text_of(reader.get(PAGE))
    assert "No run fits." in text_of(reader.get(PAGE, {"who": "nobody"}))
    assert "There are not that many runs." in text_of(reader.get(PAGE, {"page": 9}))


def test_every_run_is_listed_and_found_again(reader):
    done = run(ago=timedelta(hours=3), parameters={"index": 'public."odd · name"', "database": ""})
    failed = run("create_index", outcome="failed", door="mcp", caller="zoë (<b>bot</b>)", error="No <table>.")
    gone = run("gone_operation", door="page", ago=timedelta(days=8), parameters={"password": "hunter2"})
    dead = run(outcome="running", heartbeat_at=timezone.now() - timedelta(hours=1), ago=timedelta(hours=2))
    alive = run(
        outcome="running",
        heartbeat_at=timezone.now(),
        ago=timedelta(minutes=90),
        progress={"done": 1, "total": 4, "message": "a quarter", "detail": {}},
    )
    page = reader.get(PAGE)
    text = text_of(page)
    for words in (
        'public."odd · name"',
        "zoë (<b>bot</b>) assistant (MCP)",
        "No <table>.",
        "a quarter",
        "25 %",
        "1–5 of 5",
    ):
        assert words in text, words
    assert "<b>bot" not in page.text
    assert "hunter2" not in page.text
    assert shown(reader) == [failed.pk, alive.pk, dead.pk, done.pk, gone.pk]
    assert shown(reader, operation="drop_index") == [alive.pk, dead.pk, done.pk]
    assert shown(reader, outcome="running") == [alive.pk]
    assert shown(reader, outcome="interrupted") == [dead.pk]
    assert shown(reader, outcome="failed", door="mcp", who="ZOË (") == [failed.pk] or shown(reader, who="bot") == [
        failed.pk
    ]
    assert shown(reader, since="hour") == [failed.pk]
    assert shown(reader, since="week", who="anna") == [alive.pk, dead.pk, done.pk]
    assert len(shown(reader, outcome="nonsense", page="x", since="never")) == 5
    assert OperationRun.objects.get(pk=dead.pk).outcome == "running", "a look writes nothing"


def test_many_runs_come_in_pages_and_few_statements(reader, django_assert_max_num_queries):
    OperationRun.objects.bulk_create(
        [
            OperationRun(
                operation="cancel_query",
                effect="writes",
                caller=f"person {n}",
                door="page",
                outcome="done",
                parameters={"pid": n, "note": "x" * 900},
                result={"rows": [{"a": "x" * 500}] * 40},
            )
            for n in range(60)
        ]
    )
    with django_assert_max_num_queries(12):
        page = reader.get(PAGE)
    assert len(page.content) < 100_000
    assert "1–25 of 60" in text_of(page)
    third = reader.get(PAGE, {"page": 3, "who": "person"})
    assert "51–60 of 60" in text_of(third)
    assert "?who=person&amp;page=2" in third.text
    part = reader.get(PAGE, {"part": "now"})
    assert part.text.lstrip().startswith('<div id="runs"')
    assert "<html" not in part.text


def test_one_sees_ones_own_and_with_the_permission_everybodys(client):
    own = run(door="page")
    other = run(door="page", caller="bob")
    token = run(door="http")
    client.force_login(person("anna", "opsadmin.view_database"))
    assert shown(client) == [own.pk]
    assert "You see the runs that you began yourself." in text_of(client.get(PAGE))
    assert [client.get(PAGE, {"run": one.pk}).status_code for one in (own, other, token)] == [200, 403, 403]
    client.force_login(person("otto", "opsadmin.view_database", "opsadmin.view_operationrun"))
    assert shown(client) == [token.pk, other.pk, own.pk]
    assert client.get(PAGE, {"run": other.pk}).status_code == 200
    assert client.post(PAGE, {"run": other.pk}).status_code == 403
    client.force_login(person("nobody"))
    assert client.get(PAGE).status_code == 403


# --- one of them -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("number", ["999999", "no", "-1", "9" * 30, "٣", "1;"])
def test_there_is_no_such_run(reader, number):
    assert reader.get(PAGE, {"run": number}).status_code == 404


def test_a_run_tells_all_that_is_known(reader):
    found = run(
        "create_index",
        parameters={
            "ddl": "CREATE INDEX ON orders (placed)",
            "table": "",
            "wait": True,
            "dsn": "host=x password=hunter2",
        },
        result={
            "message": "public.i is there.",
            "undo": "DROP INDEX public.i;",
            "size_bytes": 81920,
            "made_at": "2026-11-23T09:00:00+00:00",
            "notes": [{"name": "a", "calls": 3}, {"name": "<b>", "calls": 4}],
            "deep": {"deeper": {"deepest": {"bottom": [1, {"x": None}]}}},
            "text": "line one\nline two",
            "error": "connection to postgres://me:hunter2@host failed",
        },
        log=[["2026-11-23T09:00:00+00:00", "Writing the index"]],
        elapsed_ms=1234.0,
        address="2001:db8::7",
        stop_asked_by="eve",
    )
    page = reader.get(PAGE, {"run": found.pk})
    text = text_of(page)
    for words in (
        "by anna",
        "command · 2001:db8::7",
        "public.i is there.",
        "1.23 s",
        "80 kB",
        "10:00:00",  # in Paris
        "Writing the index",
        "DROP INDEX public.i;",
        "The result as JSON",
        "line one line two",
        "Asked to stop by eve",
    ):
        assert words in text, words
    assert "<b>" not in page.text.split("content-start")[1]
    assert "hunter2" not in page.text
    assert '<th scope="col" class="ops-number">Calls</th>' in page.text
    # A parameter that is no more: there is nothing to run again.
    assert "Run again" not in text
    OperationRun.objects.filter(pk=found.pk).update(parameters={"ddl": "CREATE INDEX ON orders (placed)", "wait": True})
    page = reader.get(PAGE, {"run": found.pk}).text
    assert 'href="/admin/ops/run/create_index/?ddl=CREATE+INDEX+ON+orders+%28placed%29"' in page


@pytest.mark.parametrize("kept", [None, "text", [], [1, "a", None], {"a": []}, 3.5, [{"a": 1}, {"b": [2]}], True])
def test_whatever_is_kept_can_be_shown(reader, kept):
    found = run("gone_operation", parameters=kept if kept is not None else {}, result=kept, progress={})
    text_of(reader.get(PAGE, {"run": found.pk}))
    text_of(reader.get(PAGE))


# --- the schedule ----------------------------------------------------------------------------------------------------
@pytest.fixture
def sweep(monkeypatch):
    tasks.load()
    monkeypatch.setattr(tasks, "_tasks", {})
    return register_task("sweep", title="Sweep <up>", every=timedelta(hours=1), run=lambda: "Swept.")


def schedule(client) -> str:
    return text_of(client.get(PAGE, {"show": "schedule"}))


def test_the_schedule_says_when_and_how_it_went(reader, sweep, settings):
    text = schedule(reader)
    assert "Sweep <up> not yet at once ▶"[:-2] in text
    settings.OPSADMIN = {**settings.OPSADMIN, "SCHEDULER": False}
    assert "Nothing was done by itself yet." in schedule(reader)
    ago = timezone.now() - timedelta(hours=2)
    ScheduledTask.objects.create(
        name="sweep", started_at=ago, next_at=ago + timedelta(hours=1), outcome="failed", message="Broken.", failures=2
    )
    text = schedule(reader)
    assert "Failed" in text
    assert "2 times in a row Broken." in text
    assert "waits since" in text
    assert "python manage.py ops tick" in text
    assert "A scheduled task fails: Sweep <up>." in text_of(reader.get(PAGE))


@pytest.mark.django_db(databases=["default", "store"], transaction=True)
def test_a_person_runs_and_changes_a_task(reader, sweep):
    answer = reader.post(PAGE, {"task": "sweep", "action": "run"})
    assert runner.join()
    assert "Swept." in text_of(reader.get(answer.url))
    reader.post(PAGE, {"task": "sweep", "action": "every", "minutes": "2,5"})
    row = ScheduledTask.objects.get(name="sweep")
    assert row.every_seconds == 150
    assert LogEntry.objects.get().change_message == "Sweep <up> runs every 2 min 30 s."
    answer = reader.post(PAGE, {"task": "sweep", "action": "every", "minutes": "often"}, follow=True)
    assert "“often” is no number of minutes." in text_of(answer)
    answer = reader.post(PAGE, {"task": "none", "action": "off"}, follow=True)
    assert "There is no task 'none'." in text_of(answer)
    reader.post(PAGE, {"task": "sweep", "action": "off"})
    assert "no longer runs by itself" in LogEntry.objects.first().change_message
    assert ScheduledTask.objects.get(name="sweep").enabled is False
    assert {one.operation for one in OperationRun.objects.all()} == {"run_task", "set_task"}


def test_who_may_not_changes_nothing(client, sweep):
    client.force_login(person("anna", "opsadmin.view_database"))
    page = client.get(PAGE, {"show": "schedule"}).text
    assert "Run now" not in page
    assert "Switch off" not in page
    for action in ("run", "off", "every"):
        assert client.post(PAGE, {"task": "sweep", "action": action, "minutes": "5"}).status_code == 403
    assert not ScheduledTask.objects.exists()
    client.force_login(person("otto", "opsadmin.view_database", "opsadmin.run_tasks"))
    assert "Run now" in client.get(PAGE, {"show": "schedule"}).text
    assert client.post(PAGE, {"task": "sweep", "action": "off"}).status_code == 403


def test_from_an_index_that_was_made_on_advice_to_whether_it_keeps_its_promise(reader):
    made = run("create_index", effect="writes", database="store", result={"index": "public.sale_idx"})
    assert "Did it keep its promise?" not in reader.get(PAGE, {"run": made.pk}).text
    FollowedIndex.objects.create(database="store", schema="public", name="sale_idx")
    page = reader.get(PAGE, {"run": made.pk}).text
    assert "/admin/ops/ideas/?database=store#kept-head" in page
    assert "Did it keep its promise?" in page


def test_a_verification_that_was_stopped_left_nothing(reader):
    stopped = run("verify_indexes", effect="writes", database="store", outcome="cancelled", error="It was stopped.")
    assert "nothing is left of it" in reader.get(PAGE, {"run": stopped.pk}).text


# --- the site database -----------------------------------------------------------------------------------------------
@pytest.mark.django_db(databases=["default", "store"], transaction=True)
def test_it_answers_while_another_process_writes(reader, sweep):
    run(outcome="running", heartbeat_at=timezone.now() - timedelta(hours=1))
    parts = connections["default"].settings_dict
    if "sqlite" not in parts["ENGINE"]:
        pytest.skip("SQLite has one writer at a time.")
    writer = sqlite3.connect(parts["NAME"], isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    assert "Interrupted" in text_of(reader.get(PAGE))
    schedule(reader)
    assert time.monotonic() - begun < 3  # 0.1 s on an idle machine
    writer.execute("ROLLBACK")
    writer.close()


def test_old_runs_are_forgotten_and_what_goes_on_is_not(db):
    Retention.objects.create(name="runs", value=3)
    run(ago=timedelta(days=91))
    going_on = run(outcome="running", ago=timedelta(days=92), heartbeat_at=timezone.now())
    lost = run(outcome="running", ago=timedelta(days=2))
    kept = [run(ago=timedelta(hours=n)).pk for n in range(4)]
    assert clean_up() == "3 runs are forgotten. The sessions that were over are."
    assert set(OperationRun.objects.values_list("pk", flat=True)) == {going_on.pk, *kept[:3]}
    assert lost.pk not in kept
    assert clean_up() == "No run is old enough to be forgotten. The sessions that were over are."
