"""The places at which fault tests end a process are all on the way of a write, a switch and a return."""

from __future__ import annotations

import os
import signal

import pytest

from stores.backends.failover import copy_side, host, journal, postgres_side, resync, steps
from stores.backends.failover.steps import STEPS
from tests.failover.conftest import Begin, end, run_python
from tests.fixtures.proxy import Proxy


@pytest.mark.django_db(databases=["default", "store"], transaction=True)
@pytest.mark.usefixtures("calm")
def test_each_step_is_passed(begin: Begin, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    passed: list[str] = []
    for module in (host, journal, copy_side, postgres_side, resync):
        monkeypatch.setattr(module, "reached", passed.append)
    one = begin()
    one.store.write({"n": 1})
    proxy.refuse()
    proxy.cut()
    one.store.write({"n": 2})
    proxy.accept()
    one.store.resync()
    assert sorted(set(passed)) == sorted(STEPS)
    order = [step for step in dict.fromkeys(passed) if step.startswith("resync.")]
    assert order == [step for step in STEPS if step.startswith("resync.")]


def test_a_process_dies_where_it_was_told_to() -> None:
    source = "from stores.backends.failover.steps import reached; reached('switch.alone'); print('on'); reached('switch.done')"
    process = run_python(source, STORE_KILL_AT="switch.done")
    try:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
    finally:
        end(process)
    assert said in ("", "on\n")
    assert "STORE_KILL_AT" not in os.environ
    assert steps._KILLED_AT == ""
