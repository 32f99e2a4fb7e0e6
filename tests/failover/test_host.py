"""One host: its ways from one mode to another, also where two processes want them at once or die on the way."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from stores.backends.failover import Host, host_at
from stores.backends.failover.journal import Record
from stores.backends.failover.mode import Mode
from stores.errors import StoreBusy, StoreError
from tests.failover.conftest import end, run_python

_SWITCH = """
import sys
from stores.backends.failover.host import Host
host = Host(sys.argv[1])
host.start("postgres")
seen = host.mode()
print("ready", flush=True)
sys.stdin.readline()
try:
    {act}
except Exception as error:
    print(type(error).__name__, flush=True)
else:
    print(host.mode().epoch, host.mode().backend, flush=True)
"""
FAIL_OVER = _SWITCH.format(act='host.fail_over(seen, "gone", "")')
BY_HAND = _SWITCH.format(act='host.to_filesystem("planned", "lead", lambda mode: None, 20)')


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(str(tmp_path))
    made.start("postgres")
    return made


def other(host: Host, start: str = "postgres") -> Host:
    """Another process of the same host."""
    made = Host(host.directory)
    made.start(start)  # type: ignore[arg-type]
    return made


def shape(mode: Mode) -> tuple[str, bool, int, str]:
    return mode.backend, mode.automatic, mode.epoch, mode.phase


# --- the directory ------------------------------------------------------------------------------------------------------


def test_a_host_keeps_its_name(host: Host, tmp_path: Path) -> None:
    assert other(host).id == host.id
    assert {name: os.stat(tmp_path / name).st_mode & 0o777 for name in ("known", "journal", "conflicts")} == {
        "known": 0o700,
        "journal": 0o700,
        "conflicts": 0o700,
    }
    (tmp_path / "host").write_text("torn")
    renamed = other(host).id
    assert len(renamed) == 36
    assert other(host).id == renamed != host.id


def test_a_place_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Host(str(tmp_path / "file"))


def test_a_process_has_one_host_of_a_directory(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    one = host_at(tmp_path / "real")
    try:
        assert host_at(tmp_path / "link") is one
    finally:
        one.close()
    assert host_at(tmp_path / "real") is not one
    host_at(tmp_path / "real").close()


def test_eight_processes_begin_at_once_and_are_one_host(tmp_path: Path) -> None:
    source = (
        "import sys; from stores.backends.failover.host import Host; print('ready', flush=True); sys.stdin.readline()\n"
        "host = Host(sys.argv[1]); host.start('postgres'); host.register(sys.argv[2], '/' + sys.argv[2])\n"
        "print(host.id, host.mode().epoch)"
    )
    begun = [run_python(source, str(tmp_path / "new"), f"kind{number}") for number in range(8)]
    try:
        for process in begun:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in begun:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        said = {process.communicate(timeout=60)[0] for process in begun}
    finally:
        for process in begun:
            end(process)
    [line] = said
    host = Host(str(tmp_path / "new"))
    assert line == f"{host.id} 1\n"
    assert host.documents() == {f"kind{number}": f"/kind{number}" for number in range(8)}
    assert len(host.log.latest()) == 1


# --- switching ----------------------------------------------------------------------------------------------------------


def test_a_switch_is_seen_by_all_and_recorded(host: Host) -> None:
    two = other(host)
    host.fail_over(host.mode(), "PostgreSQL is away.", "admin:lead", stop="")
    assert shape(two.mode()) == ("filesystem", True, 2, "")
    two.to_filesystem("I know", "lead", lambda mode: None, 1)
    assert shape(host.mode()) == ("filesystem", False, 2, "")
    records = host.log.latest()
    assert [(found.from_backend, found.to_backend, found.automatic, found.who) for found in records] == [
        ("filesystem", "filesystem", False, "lead"),
        ("postgres", "filesystem", True, "admin:lead"),
        ("", "postgres", False, "start"),
    ]
    assert (records[0].lasted or 0) >= 0


def test_who_saw_an_older_mode_switches_nothing(host: Host) -> None:
    seen = host.mode()
    first = host.fail_over(seen, "first", "")
    assert other(host).fail_over(seen, "second", "") == first
    assert len(host.log.latest()) == 2


def test_a_switch_waits_for_writes_and_gives_up_in_time(host: Host) -> None:
    two = other(host)
    with two.lock.shared(time.monotonic() + 5):
        with pytest.raises(StoreBusy, match="was not switched"):
            host.to_filesystem("planned", "lead", lambda mode: None, 0.05)
        assert shape(two.mode()) == ("postgres", False, 1, "")
    host.to_filesystem("planned", "lead", lambda mode: None, 5)
    assert shape(two.mode()) == ("filesystem", False, 2, "")


@pytest.mark.parametrize("source", [FAIL_OVER, BY_HAND])
def test_two_processes_switch_at_once_and_it_happens_once(host: Host, source: str) -> None:
    switching = [run_python(source, host.directory) for _ in range(3)]
    try:
        for process in switching:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in switching:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        assert [process.communicate(timeout=60)[0] for process in switching] == ["2 filesystem\n"] * 3
    finally:
        for process in switching:
            end(process)
    assert shape(host.mode()) == ("filesystem", source == FAIL_OVER, 2, "")


@pytest.mark.parametrize("source", [FAIL_OVER, BY_HAND])
@pytest.mark.parametrize("step", ["switch.announced", "switch.alone", "switch.done"])
def test_a_process_killed_in_a_switch_holds_nobody_up(host: Host, step: str, source: str) -> None:
    """The others find the phase of a dead process, and end it: the mode of before holds, or the new one."""
    process = run_python(source, host.directory, STORE_KILL_AT=step)
    try:
        process.communicate("\n", timeout=60)
        assert process.returncode == -signal.SIGKILL
    finally:
        end(process)
    if step == "switch.done":
        assert host.mode().backend == "filesystem"
    else:
        assert host.mode().phase in ("switching", "draining")
    mode = host.wait_for_mode(time.monotonic() + 20)
    assert shape(mode) == ("filesystem" if step == "switch.done" else "postgres", mode.automatic, mode.epoch, "")
    assert other(host).wait_for_mode(time.monotonic()) == mode
    if mode.backend == "postgres":
        assert host.fail_over(mode, "again", "").epoch == 2


def test_a_phase_of_a_living_process_is_waited_for(host: Host) -> None:
    two = other(host)
    inside, leave = threading.Event(), threading.Event()

    def prepare(mode: Mode) -> None:
        inside.set()
        leave.wait(20)

    thread = threading.Thread(target=lambda: host.to_filesystem("planned", "lead", prepare, 20))
    thread.start()
    inside.wait(20)
    assert two.mode().phase == "draining"
    with pytest.raises(StoreBusy, match="draining"):
        two.wait_for_mode(time.monotonic() + 0.1)
    assert two.mode().phase == "draining"
    threading.Timer(0.05, leave.set).start()
    assert shape(two.wait_for_mode(time.monotonic() + 20)) == ("filesystem", False, 2, "")
    thread.join()


def test_an_error_while_catching_up_ends_the_phase(host: Host) -> None:
    host.fail_over(host.mode(), "gone", "")
    with pytest.raises(ValueError, match="out"):
        with host.catching_up(time.monotonic() + 5) as mode:
            assert (mode.phase, other(host).mode().phase) == ("", "catching up")
            raise ValueError("out")
    assert shape(other(host).mode()) == ("filesystem", True, 2, "")
    with host.catching_up(time.monotonic() + 5):
        pass
    assert shape(other(host).mode()) == ("filesystem", True, 2, "")


def test_why_it_stopped_is_kept_until_it_is_not(host: Host) -> None:
    mode = host.fail_over(host.mode(), "gone", "", stop="It was emptied.")
    assert other(host).mode().stop == "It was emptied."
    host.stop(mode, "")
    assert other(host).mode() == replace(mode, stop="")


# --- STORE_BACKEND ------------------------------------------------------------------------------------------------------


def test_the_start_value_counts_at_the_first_start_and_when_it_changes(host: Host) -> None:
    assert shape(host.mode()) == ("postgres", False, 1, "")
    host.fail_over(host.mode(), "gone", "")
    # A restart with the same value is no reason to leave the copies.
    assert shape(other(host).mode()) == ("filesystem", True, 2, "")
    assert shape(other(host, "filesystem").mode()) == ("filesystem", True, 2, "")
    assert host.mode().start_value == "filesystem"
    # Back to postgres: what is on the copies comes first, so the prober has to do it.
    two = other(host, "postgres")
    assert shape(two.mode()) == ("filesystem", True, 2, "")
    assert two.mode().start_value == "postgres"


def test_the_start_value_may_be_the_filesystem(tmp_path: Path) -> None:
    host = Host(str(tmp_path))
    host.start("filesystem")
    assert shape(host.mode()) == ("filesystem", False, 1, "")
    two = other(host, "postgres")
    assert shape(two.mode()) == ("filesystem", True, 1, "")
    three = Host(str(tmp_path / "b"))
    three.start("postgres")
    four = other(three, "filesystem")
    assert shape(four.mode()) == ("filesystem", False, 2, "")
    assert "STORE_BACKEND" in four.mode().reason


# --- its small files ----------------------------------------------------------------------------------------------------


def test_documents_are_remembered(host: Host, tmp_path: Path) -> None:
    host.register("state", "/a/state.json")
    other(host).register("settings", "/a/settings.json")
    host.register("state", "/b/state.json")
    assert other(host).documents() == {"state": "/b/state.json", "settings": "/a/settings.json"}
    (tmp_path / "documents").write_text("{torn")
    assert host.documents() == {}


def test_the_log_of_switches_leaves_out_what_it_cannot_read(host: Host, tmp_path: Path) -> None:
    host.fail_over(host.mode(), "gone\nfor good", "")
    with (tmp_path / "switches.jsonl").open("a") as file:
        file.write("{torn\n[]\n{}\n")
    host.to_filesystem("by hand", "lead", lambda mode: None, 1)
    found = host.log.latest()
    assert [record.reason for record in found[:2]] == ["by hand", "gone\nfor good"]
    assert len(host.log.latest(1)) == 1
    lines = (tmp_path / "switches.jsonl").read_text().splitlines()
    assert json.loads(lines[1])["epoch"] == 2


def test_a_child_of_fork_switches_for_itself(tmp_path: Path) -> None:
    host = host_at(tmp_path)
    try:
        host.known("state").offer(1, "{}")
        with host._mutex, host._switching:
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    host.journal("state", 1).append(Record(0, "base", host.mode().since, "{}"))
                    host.known("state").offer(2, "{}")
                    code = 0 if host.fail_over(host.mode(), "child", "").epoch == 2 else 1
                finally:
                    os._exit(code)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert (host.mode().reason, host.known("state").revision(2)) == ("child", 2)
    finally:
        host.close()
