"""What comes round by itself: when it is due, who does it, and what becomes of what fails, hangs or is killed."""

from __future__ import annotations

import hashlib
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from opsadmin.api import NotPermitted, OperationError, OperationFailed, call, list_tasks, run_task, set_task
from opsadmin.core.operation import Caller, Effect
from opsadmin.jobs import one_task, runner, tasks
from opsadmin.jobs.planned import note_dead
from opsadmin.jobs.schedule import register_task, tick
from opsadmin.jobs.scheduler import Scheduler, start_scheduler
from opsadmin.jobs.times import is_due, next_time, retry_time
from opsadmin.jobs.turn import PERIOD, Turn
from opsadmin.models import OperationRun, ScheduledTask, ScheduleLease
from opsadmin.perform import perform, preview

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch):
    tasks.load()
    monkeypatch.setattr(tasks, "_tasks", {})
    monkeypatch.setattr(one_task, "_left_alone", {})


@pytest.fixture
def clock(monkeypatch):
    """Time that a test sets; it stands still."""

    class Clock:
        now = NOON

    monkeypatch.setattr(timezone, "now", lambda: Clock.now)
    return Clock


def task(name="sweep", *, every=HOUR, run=lambda: "Swept.", **more):
    return register_task(name, title=name.capitalize(), every=every, run=run, **more)


def failing():
    raise OperationFailed("The broom is broken.", hint="Mend it.")


def row(name="sweep"):
    return ScheduledTask.objects.get(name=name)


def outcomes():
    return [(one.task, one.outcome) for one in tick()]


# --- when ------------------------------------------------------------------------------------------------------------
def test_when_something_is_due():
    assert is_due(None, HOUR, NOON)
    assert is_due(NOON, HOUR, NOON)
    assert not is_due(NOON + timedelta(seconds=1), HOUR, NOON)
    assert is_due(NOON + 2 * HOUR, HOUR, NOON), "a clock that was an hour ahead wrote it"
    assert next_time(NOON - timedelta(minutes=2), DAY, NOON) == NOON + DAY - timedelta(minutes=2), "in step"
    assert next_time(NOON - 30 * DAY, DAY, NOON) == NOON + DAY, "what was missed is done once"
    assert next_time(None, DAY, NOON) == next_time(NOON + HOUR, DAY, NOON) == NOON + DAY
    minutes = [(retry_time(failures, DAY, NOON) - NOON).total_seconds() / 60 for failures in (0, 1, 2, 5, 99)]
    assert minutes == [1, 1, 2, 16, 24 * 60]
    assert retry_time(1, timedelta(seconds=20), NOON) == NOON + timedelta(seconds=20)


def test_it_is_done_when_due_and_once_for_what_was_missed(clock):
    task()
    assert outcomes() == [("sweep", "done")]
    assert (row().message, row().next_at, row().holder, row().failures) == ("Swept.", NOON + HOUR, "", 0)
    assert outcomes() == []
    clock.now += HOUR - timedelta(seconds=1)
    assert outcomes() == []
    clock.now += timedelta(days=9)
    assert outcomes() == [("sweep", "done")]
    assert outcomes() == []
    clock.now -= timedelta(days=5)
    assert outcomes() == [("sweep", "done")], "the clock was set back"
    assert row().next_at == clock.now + HOUR
    assert not ScheduleLease.objects.exists()


def test_what_is_off_is_not_done_and_what_is_long_awaited_comes_first(clock):
    task("off", enabled=False)
    task("young")
    task("old")
    assert outcomes() == [("young", "done"), ("old", "done")]
    ScheduledTask.objects.filter(name="old").update(next_at=NOON - HOUR)
    ScheduledTask.objects.filter(name="young").update(next_at=NOON)
    assert outcomes() == [("old", "done"), ("young", "done")]


# --- what goes wrong -------------------------------------------------------------------------------------------------
def test_one_that_fails_stops_no_other_and_is_tried_again_ever_later(clock, caplog):
    def broken():
        raise ZeroDivisionError("secret")

    task("bad", every=DAY, run=failing)
    task("broken", every=DAY, run=broken)
    task()
    assert outcomes() == [("bad", "failed"), ("broken", "failed"), ("sweep", "done")]
    assert row("bad").message == "The broom is broken. Mend it."
    assert row("broken").message == "It failed in a way nobody foresaw (ZeroDivisionError). The site's log says where."
    waits = []
    for _ in range(3):
        assert tick() == []
        waits.append((row("bad").next_at - clock.now).total_seconds())
        clock.now = row("bad").next_at
        assert ("bad", "failed") in outcomes()
    assert waits == [60, 120, 240]
    task("bad", every=DAY, run=failing)
    tasks._tasks["bad"] = tasks.Task("bad", "Bad", DAY, lambda: "Well.")
    clock.now += HOUR
    assert ("bad", "done") in outcomes()
    assert row("bad").failures == 0


def test_one_that_hangs_is_left_alone_and_not_begun_twice(clock, monkeypatch):
    monkeypatch.setattr(one_task, "STEP_SECONDS", 0.01)
    go_on, begun = threading.Event(), []

    def hang():
        begun.append(1)
        go_on.wait(30)
        return "late"

    task("hang", run=hang, longest=timedelta(seconds=0.05))
    task()
    assert outcomes() == [("hang", "failed"), ("sweep", "done")]
    assert row("hang").message == "It did not end within 50 ms, so it is no longer waited for."
    clock.now += HOUR
    assert ("hang", "failed") in outcomes()
    assert "still hangs in this process" in row("hang").message
    assert begun == [1]
    go_on.set()
    one_task._left_alone["hang"].join(5)
    clock.now += HOUR
    assert ("hang", "done") in outcomes()


def test_a_process_that_died_is_noted_and_its_turn_taken_over(clock):
    task(every=DAY)
    turn = Turn("tick", "the dead one")
    assert turn.take()
    assert not Turn("tick", "another one").take()
    run = OperationRun.objects.create(operation="run_task", effect="writes", caller="schedule", door="schedule")
    ScheduledTask.objects.create(
        name="sweep",
        holder="the dead one",
        started_at=NOON,
        alive_until=NOON + PERIOD,
        next_at=NOON + DAY,
        outcome="running",
        run=run.pk,
    )
    clock.now += PERIOD - timedelta(seconds=1)
    assert turn.renew()
    clock.now += timedelta(seconds=2)
    assert tick() == [], "the lease was renewed"
    assert row().outcome == "running"
    clock.now += PERIOD
    assert tick() == []
    assert (row().outcome, row().holder, row().failures) == ("interrupted", "", 1)
    run.refresh_from_db()
    assert (run.outcome, run.error) == ("interrupted", "The process that did it ended before it was done.")
    clock.now += timedelta(minutes=1)
    assert outcomes() == [("sweep", "done")], "not only a day later"
    assert not turn.renew()


def test_a_lease_of_a_clock_that_was_ahead_is_none(clock):
    clock.now += DAY
    assert Turn("tick", "one").take()
    clock.now -= DAY
    assert Turn("tick", "another").take()


def test_whoever_asks_it_to_stop_leaves_it_due(clock, monkeypatch):
    monkeypatch.setattr(one_task, "STEP_SECONDS", 0.01)
    go_on, begun = threading.Event(), threading.Event()

    def hang():
        begun.set()
        go_on.wait(30)
        return ""

    task("hang", run=hang)
    assert [one.outcome for one in tick(is_stopped=begun.is_set)] == ["interrupted"]
    assert (row("hang").next_at, row("hang").failures, row("hang").holder) == (NOON, 0, "")
    assert not ScheduleLease.objects.exists()
    go_on.set()


# --- the log ---------------------------------------------------------------------------------------------------------
def test_the_log_has_what_is_rare_and_of_what_is_frequent_the_first_failure(clock):
    task("rare")
    task("frequent", every=timedelta(minutes=5))
    task("by itself", is_logged=False)
    task("frequent and bad", every=timedelta(minutes=5), run=failing)
    for _ in range(3):
        tick()
        clock.now += timedelta(minutes=5)
    found = [(run.parameters["task"], run.outcome, run.error or run.result["message"]) for run in runs()]
    assert found == [("rare", "done", "Swept."), ("frequent and bad", "failed", "The broom is broken. Mend it.")]
    assert {(run.operation, run.door, run.caller) for run in runs()} == {("run_task", "schedule", "schedule")}
    assert row("rare").run == runs()[0].pk


def runs():
    return OperationRun.objects.order_by("pk")


# --- what a person does ----------------------------------------------------------------------------------------------
def test_a_person_runs_one_now_also_one_that_is_off(clock):
    task("off", enabled=False)
    task("bad", run=failing)
    assert run_task(task="off").message == "Swept."
    assert row("off").next_at == NOON + HOUR
    with pytest.raises(OperationFailed, match="The broom is broken"):
        run_task(task="bad")
    assert [(run.operation, run.outcome) for run in runs()] == [("run_task", "done"), ("run_task", "failed")]
    with pytest.raises(OperationError, match="There is no task 'none'. There are: off, bad."):
        run_task(task="none")
    ScheduledTask.objects.filter(name="off").update(holder="another", alive_until=NOON + PERIOD)
    with pytest.raises(OperationFailed, match="Off is under way already"):
        run_task(task="off")


def test_a_person_stops_one_and_it_is_not_begun_again_at_once():
    go_on, begun = threading.Event(), threading.Event()

    def hang():
        begun.set()
        go_on.wait(30)
        return ""

    task("hang", run=hang)
    found = perform("run_task", {"task": "hang"}, Caller("anna", "page"))
    assert begun.wait(5)
    assert call("cancel_run", run=found.run).outcome == "cancelled"
    assert row("hang").next_at > timezone.now()
    go_on.set()
    assert runner.join()
    assert OperationRun.objects.get(pk=found.run).log[0][1] == "Hang"


def test_a_person_changes_when_it_runs(clock):
    task(summary="Sweeps the floor.")
    tick()
    with pytest.raises(OperationError, match="nothing to change"):
        set_task(task="sweep")
    with pytest.raises(OperationError, match="1 minute or more"):
        set_task(task="sweep", every_minutes=0.2)
    assert set_task(task="sweep", every_minutes=5).every_seconds == 300
    assert row().next_at == NOON + timedelta(minutes=5)
    clock.now += timedelta(minutes=30)
    off = set_task(task="sweep", enabled=False)
    assert (off.enabled, off.next_at) == (False, None)
    assert tick() == []
    back = set_task(task="sweep", enabled=True, every_minutes=0)
    assert (back.enabled, back.every_seconds, back.next_at) == (True, 3600, NOON + HOUR)
    shown = list_tasks()
    assert [(one.task, one.outcome, one.last_message) for one in shown.tasks] == [("sweep", "done", "Swept.")]
    assert shown.blocks()[0].rows[0][:3] == ("Sweep", "sweep", "1 h")


def test_the_operation_says_what_was_done_and_is_not_in_the_log(clock):
    assert call("tick").blocks()[0].text == "Nothing is due. The next time: never."
    task(every=timedelta(minutes=5))
    assert [one.task for one in call("tick").done] == ["sweep"]
    assert call("tick").blocks()[0].text == "Nothing is due. The next time: 2026-11-23 12:05:00 UTC."
    clock.now += HOUR
    Turn("tick", "host, process 7").take()
    assert "Another process is at it (host, process 7)" in call("tick").blocks()[0].text
    assert not OperationRun.objects.exists()


def test_a_site_database_that_is_locked_is_a_sentence(monkeypatch):
    def locked():
        raise OperationalError("database is locked")

    monkeypatch.setattr("opsadmin.jobs.tick.planned", locked)
    with pytest.raises(OperationFailed, match="The site's own database is busy"):
        call("tick")


def test_two_that_find_the_same_task_due_do_it_once():
    done, together = [], threading.Barrier(4)
    task(run=lambda: done.append(time.monotonic()) or "Swept.")

    def one():
        from django.db import connection

        together.wait()
        tick()
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    note_dead()
    assert row().outcome == "done"


def test_what_asks_for_more_is_not_done_by_the_way():
    task("prune", enabled=False, operation="drop_index", run=lambda: pytest.fail("It ran."))
    with pytest.raises(NotPermitted, match="A person does “Prune” by the operation drop_index"):
        run_task(task="prune")
    assert preview("run_task", {"task": "prune"}, Caller("anna", "http")).refusal
    wish = {"task": "prune", "enabled": True}
    for less in (
        Caller("anna", "page", may=lambda permission: permission == "opsadmin.manage_schedule"),
        Caller("cron", "http", reach=Effect.WRITES),
    ):
        with pytest.raises(NotPermitted, match="may not switch on “Prune”, because they may not do drop_index"):
            perform("set_task", wish, less)
    assert not ScheduledTask.objects.exists()
    assert perform("set_task", wish, Caller("lead", "page")).enabled
    assert not perform("set_task", {**wish, "enabled": False}, Caller("cron", "http", reach=Effect.WRITES)).enabled


# --- from outside, and by itself --------------------------------------------------------------------------------------
def test_a_cron_ticks_over_http(client, settings, clock):
    task(every=timedelta(minutes=5))
    digest = {reach: hashlib.sha256(reach.encode()).hexdigest() for reach in ("reads", "writes")}
    entries = [{"name": reach, "sha256": digest[reach], "reach": reach} for reach in digest]
    settings.OPSADMIN = {**settings.OPSADMIN, "API_TOKEN_SHA256": entries}
    tick_with = {
        reach: {"content_type": "application/json", "headers": {"Authorization": f"Bearer {reach}"}} for reach in digest
    }
    assert client.post("/ops-api/tick/").status_code == 401
    assert client.post("/ops-api/tick/", **tick_with["reads"]).status_code == 403
    assert client.get("/ops-api/tick/", **tick_with["writes"]).status_code == 405
    assert not ScheduledTask.objects.exists()
    first, second = (client.post("/ops-api/tick/", **tick_with["writes"]).json()["result"] for _ in range(2))
    assert [(one["task"], one["outcome"], one["message"]) for one in first["done"]] == [("sweep", "done", "Swept.")]
    assert (second["done"], second["busy"], second["next_at"]) == ([], "", "2026-11-23T12:05:00+00:00")


def test_the_sites_own_clock_begins_in_no_test_and_ends_at_once(settings):
    settings.OPSADMIN = {**settings.OPSADMIN, "SCHEDULER": True}
    assert not start_scheduler()
    done = threading.Event()
    task(run=lambda: done.set() or "Swept.")
    scheduler = Scheduler()
    scheduler.start()
    assert done.wait(10)
    assert scheduler.stop(10)
    assert row().outcome == "done"


def test_a_site_database_that_fails_does_not_end_it_and_is_told_once(monkeypatch, caplog):
    looked = threading.Semaphore(0)

    def fail(**more):
        looked.release()
        raise OperationalError("no such table")

    monkeypatch.setattr("opsadmin.jobs.scheduler.tick", fail)
    monkeypatch.setattr("opsadmin.jobs.scheduler.POLL_SECONDS", 0.01)
    scheduler = Scheduler()
    scheduler.start()
    assert all(looked.acquire(timeout=10) for _ in range(4))
    assert scheduler.stop(10)
    assert caplog.text.count("the site database does not answer (OperationalError)") == 1
