"""What the thread of a process does beside its calls: the copies follow, and the host comes back by itself."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stores.backends.failover import background, probe_plan
from stores.errors import StoreError
from tests.failover.conftest import Begin, Process
from tests.fixtures.proxy import Proxy

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other quickly."""
    monkeypatch.setattr(probe_plan, "FIRST_SECONDS", 0.05)
    monkeypatch.setattr(probe_plan, "LONGEST_SECONDS", 0.2)
    monkeypatch.setattr(background, "IDLE", 0.3)


def until(holds: Callable[[], Any], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def copy_of(process: Process) -> Any:
    try:
        return json.loads(Path(process.store.fallback.path).read_text())
    except (FileNotFoundError, ValueError):
        return None


def cut(proxy: Proxy) -> None:
    proxy.refuse()
    proxy.cut()


def test_the_copy_follows_each_write_and_each_read(begin: Begin, dashboard: psycopg.Connection) -> None:
    """Promise 4: the fallback starts from a fresh copy."""
    one = begin()
    for number in range(30):
        one.store.write({"n": number})
    until(lambda: copy_of(one) == {"n": 29})
    dashboard.execute("UPDATE json_store SET data = '{\"n\": \"dashboard\"}' WHERE kind = 'state'")
    one.store.read()
    until(lambda: copy_of(one) == {"n": "dashboard"})


def test_closing_brings_the_copy_up_to_date(begin: Begin) -> None:
    one = begin()
    one.store.write({"n": 1})
    one.store.close()
    assert copy_of(one) == {"n": 1}


def test_the_host_comes_back_by_itself_with_all_its_processes(
    begin: Begin, proxy: Proxy, dashboard: psycopg.Connection
) -> None:
    one, two = begin(probe=True), begin(probe=True)
    one.store.write({"n": 1})
    cut(proxy)
    two.store.write({"n": 2})
    until(lambda: probe_plan.read_plan(one.host.probe_path, one.host.mode().epoch).attempts > 1)
    assert one.host.mode().backend == "filesystem"
    proxy.accept()
    until(lambda: two.host.mode().backend == "postgres")
    assert dashboard.execute("SELECT data FROM json_store WHERE kind = 'state'").fetchone() == ({"n": 2},)
    assert one.store.read() == two.store.read() == {"n": 2}
    mode = one.host.mode()
    assert (mode.automatic, mode.epoch, mode.stop) == (True, 3, "")
    two.store.write({"n": 3})
    until(lambda: copy_of(one) == {"n": 3})


def test_an_operators_switch_is_left_alone(begin: Begin) -> None:
    one = begin(probe=True)
    one.store.write({"n": 1})
    one.host.to_filesystem("planned", "lead", lambda mode: None, 5)
    one.store.write({"n": 2})
    assert not one.store._background._probe(one.host.mode().epoch)
    assert one.host.mode().backend == "filesystem"


def test_what_stops_it_is_told_and_tried_again(begin: Begin, proxy: Proxy, dashboard: psycopg.Connection) -> None:
    one = begin(probe=True)
    one.store.write({"n": 1})
    cut(proxy)
    one.store.write({"n": 2})
    dashboard.execute("UPDATE json_store SET data = '{}' WHERE kind = 'state'")
    proxy.accept()
    until(lambda: one.host.mode().stop)
    plan = probe_plan.read_plan(one.host.probe_path, one.host.mode().epoch)
    until(lambda: probe_plan.read_plan(one.host.probe_path, one.host.mode().epoch).answers)
    assert one.store.read() == {"n": 2}
    # The right database is back: nobody has to decide any more.
    dashboard.execute("UPDATE json_store SET data = '{\"n\": 1}' WHERE kind = 'state'")
    until(lambda: one.host.mode().backend == "postgres")
    assert (one.host.mode().stop, one.store.read(), plan.epoch) == ("", {"n": 2}, 2)


def test_a_process_without_probes_leaves_it_to_others(begin: Begin, proxy: Proxy) -> None:
    one = begin(probe=False)
    one.store.write({"n": 1})
    cut(proxy)
    one.store.write({"n": 2})
    proxy.accept()
    assert not os.path.exists(one.host.probe_path)
    two = begin(probe=True)
    two.store.read()
    until(lambda: one.host.mode().backend == "postgres")


def test_one_probe_at_a_time_for_all_processes(begin: Begin, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background.Background, "_start", lambda self: None)
    one, two = begin(probe=True), begin(probe=True)
    one.store.write({"n": 1})
    cut(proxy)
    one.store.write({"n": 2})
    epoch = one.host.mode().epoch
    until(lambda: probe_plan.read_plan(one.host.probe_path, epoch).seconds_left() == 0)
    before = proxy.connections
    assert not one.store._background._probe(epoch)
    failed = probe_plan.read_plan(one.host.probe_path, epoch)
    assert (failed.attempts, proxy.connections) == (1, before)
    assert not two.store._background._probe(epoch), "it is not due for anybody"
    assert probe_plan.read_plan(one.host.probe_path, epoch) == failed
    proxy.accept()
    until(lambda: failed.seconds_left() == 0)
    assert two.store._background._probe(epoch)
    assert not one.store._background._probe(epoch), "the host is in another epoch"


def test_a_copy_that_cannot_be_written_is_said_once_and_made_up_for(
    begin: Begin, home: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background.Background, "_start", lambda self: None)
    one = begin()

    def full(*_: object, **__: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr("stores.backends.json_file.HeldFile.replace", full)
        for number in range(3):
            one.store.write({"n": number})
            one.store._background._refresh_all()
    assert [entry.message for entry in caplog.records if "cannot be kept" in entry.message] == [
        "[store] The copy of state cannot be kept: The disk is full."
    ]
    one.store._background._refresh_all()
    assert copy_of(one) == {"n": 2}


def test_a_child_of_fork_has_a_thread_of_its_own(begin: Begin, dashboard: psycopg.Connection) -> None:
    from stores.backends.failover.host import _hosts

    one = begin()
    _hosts[one.host.directory] = one.host
    one.store.write({"n": 1})
    until(lambda: copy_of(one) == {"n": 1})
    child = os.fork()
    if child == 0:
        code = 1
        try:
            one.store.write({"n": 2})
            until(lambda: copy_of(one) == {"n": 2})
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    one.store.write({"n": 3})
    until(lambda: copy_of(one) == {"n": 3})


def test_a_file_in_the_middle_of_being_written_is_left_alone(
    begin: Begin, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Other programs truncate and write: between the two it is no document, but soon their own."""
    monkeypatch.setattr(background, "BEING_WRITTEN", 60.0)
    one = begin()
    one.store.write({"n": 1})
    until(lambda: copy_of(one) == {"n": 1})
    path = Path(one.store.fallback.path)
    path.write_text("")
    one.store.write({"n": 2})
    time.sleep(3 * background.GATHER)
    assert path.read_text() == ""
    path.write_text('{"n": "other"}')
    until(lambda: "changed by another program" in caplog.text)
    assert copy_of(one) == {"n": "other"}
    path.write_text("torn")
    monkeypatch.setattr(background, "BEING_WRITTEN", 0.0)
    until(lambda: copy_of(one) == {"n": 2})
    assert list(path.parent.glob("state.json.damaged-*"))
