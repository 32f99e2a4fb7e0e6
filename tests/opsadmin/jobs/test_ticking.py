"""The schedule between real processes: two that tick at once, one that is killed, and the sites of a real gunicorn."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

from opsadmin.jobs import one_task, tasks
from opsadmin.jobs.schedule import register_task, tick
from opsadmin.models import OperationRun, ScheduledTask, ScheduleLease

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[3]


@pytest.fixture
def site(tmp_path):
    """Begins processes of the program `ticking`, which have this site database; ends what is left of them."""
    begun = []

    def begin(*words, **more):
        database = connections["default"].settings_dict
        if "sqlite" not in database["ENGINE"]:
            pytest.skip("The program has SQLite.")
        environment = {
            **os.environ,
            "TICKING_DIRECTORY": str(tmp_path),
            "TICKING_DATABASE": str(database["NAME"]),
            "PYTHONPATH": str(ROOT),
            **more,
        }
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        begun.append(process)
        return process

    yield begin
    (tmp_path / "go on").touch()
    for process in begun:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def noted(directory, word, number=1, seconds=20):
    """The notes that begin with the word, once there are so many."""
    until = time.monotonic() + seconds
    found: list[str] = []
    while time.monotonic() < until:
        if (directory / "notes").exists():
            found = [line for line in (directory / "notes").read_text().splitlines() if line.startswith(word)]
        if len(found) >= number:
            return found
        time.sleep(0.01)
    raise AssertionError(found)


def test_two_processes_that_tick_at_once_do_each_task_once(site, tmp_path):
    both = [site("-m", "tests.opsadmin.jobs.ticking") for _ in range(2)]
    noted(tmp_path, "ready", 2)
    (tmp_path / "go").touch()
    told = [process.communicate(timeout=30) for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    done = Counter(name for out, _error in told for name in json.loads(out))
    assert done == {f"quick-{n}": 1 for n in range(8)}
    assert len(noted(tmp_path, "quick")) == 8
    assert ScheduledTask.objects.filter(outcome="done", holder="").count() == 8
    assert not ScheduleLease.objects.exists()


def test_a_killed_process_is_taken_over(site, tmp_path, monkeypatch):
    process = site("-m", "tests.opsadmin.jobs.ticking", TICKING_HANGS="yes")
    (tmp_path / "go").touch()
    noted(tmp_path, "hang")
    process.kill()
    process.wait(10)
    tasks.load()
    monkeypatch.setattr(tasks, "_tasks", {})
    monkeypatch.setattr(one_task, "_left_alone", {})
    register_task("hang", title="Hang", every=timedelta(hours=2), run=lambda: "Taken over.")
    assert tick() == [], "it may live"
    assert ScheduledTask.objects.get().outcome == "running"
    later = timezone.now() + timedelta(seconds=32)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert tick() == []
    assert (ScheduledTask.objects.get().outcome, OperationRun.objects.get().outcome) == ("interrupted", "interrupted")
    later += timedelta(minutes=1)
    assert [one.message for one in tick()] == ["Taken over."]


def test_gunicorn_has_one_that_works_and_ends_at_once(site, tmp_path):
    server = site(
        *("-m", "gunicorn", "tests.opsadmin.jobs.ticking:application", "--no-control-socket"),
        *("-b", "127.0.0.1:0", "-k", "gthread", "-w", "2", "--threads", "2", "--graceful-timeout", "20"),
        TICKING_HANGS="yes",
        GUNICORN_CMD_ARGS="",
    )
    noted(tmp_path, "hang")
    begun = time.monotonic()
    server.terminate()
    server.wait(15)
    assert time.monotonic() - begun < 6  # 1.3 s on an idle machine, most of it gunicorn's own
    assert len(noted(tmp_path, "hang")) == 1, "of two processes one"
    row = ScheduledTask.objects.get()
    assert (row.outcome, row.holder, row.failures) == ("interrupted", "", 0)
    assert row.next_at <= timezone.now(), "the next process does it at once"
    assert not ScheduleLease.objects.exists()
