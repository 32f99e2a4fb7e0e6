"""Work that takes long: who waits for it, who can stop it, and what is seen of it meanwhile and when its process dies."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from opsadmin.api import OperationError, OperationFailed, cancel_run, get_run
from opsadmin.core.blocks import blocks_of
from opsadmin.core.operation import Caller
from opsadmin.jobs import runner
from opsadmin.jobs.lease import Busy, holder_of
from opsadmin.jobs.state import SILENCE, RunState
from opsadmin.models import OperationRun
from opsadmin.perform import perform, preview

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


def begin(door="page", **given):
    found = perform("go_on_for_long", given, Caller("anna", door))
    assert isinstance(found, RunState)
    return found


def until(run, **wanted):
    """The row, once it is as wanted."""
    for _ in range(500):
        row = OperationRun.objects.filter(pk=run, **wanted).first()
        if row is not None:
            return row
        time.sleep(0.02)
    raise AssertionError(OperationRun.objects.values().get(pk=run))


def test_a_page_does_not_wait_and_its_end_is_kept(long):
    found = begin()
    assert (found.outcome, found.is_over) == ("running", False)
    assert long.begun.wait(5)
    row = until(found.run, progress__message="a quarter")
    assert row.heartbeat_at is not None
    state = get_run(run=found.run)
    assert (state.percent, state.message, state.detail) == (25.0, "a quarter", {"index": "x"})
    assert ("Progress", "25 %") in blocks_of(state)[0].pairs
    long.go_on.set()
    until(found.run, outcome="done", lease=None)
    state = get_run(run=found.run)
    assert (state.result, state.is_over) == ({"message": "It ended well."}, True)
    assert any(getattr(block, "text", "") == "It ended well." for block in blocks_of(state))


def test_python_waits_for_the_result_and_hears_of_the_progress(long):
    long.go_on.set()
    seen = []
    caller = Caller("anna", "python")
    assert perform("go_on_for_long", {}, caller, report=seen.append) == {"message": "It ended well."}
    assert [one.message for one in seen] == ["a quarter"]
    with pytest.raises(OperationFailed, match="It ended badly"):
        perform("go_on_for_long", {"how": "badly"}, caller)
    assert OperationRun.objects.first().error == "It ended badly. Mend it."


@pytest.mark.parametrize("door", ["http", "mcp"])
def test_an_answer_over_a_line_waits_as_long_as_the_line_may(long, monkeypatch, door):
    monkeypatch.setattr(runner, "ANSWER_SECONDS", 0.3)
    late = begin(door)
    assert late.outcome == "running"
    long.go_on.set()
    until(late.run, outcome="done")
    seen = []
    assert perform("go_on_for_long", {}, Caller("anna", door), report=seen.append) == {"message": "It ended well."}
    with pytest.raises(OperationFailed, match="It ended badly"):
        perform("go_on_for_long", {"how": "badly"}, Caller("anna", door))
    assert begin(door, wait=False).run


def test_a_fault_of_ours_is_kept_with_a_trace_and_a_wrong_call_without(long, monkeypatch):
    told = []
    monkeypatch.setattr(runner.logger, "exception", lambda words, run: told.append(run))
    long.go_on.set()
    with pytest.raises(OperationError, match="nothing of that name"):
        perform("go_on_for_long", {"how": "wrong"}, Caller("anna", "http"))
    assert OperationRun.objects.latest("pk").error == "There is nothing of that name."
    assert not told
    with pytest.raises(ZeroDivisionError):
        perform("go_on_for_long", {"how": "broken"}, Caller("anna", "http"))
    assert told == [OperationRun.objects.latest("pk").pk]
    assert until(begin(how="broken").run, outcome="failed").error == "ZeroDivisionError"


def test_it_is_stopped_from_another_thread(long):
    found = begin()
    assert long.begun.wait(5)
    assert "is go_on_for_long by anna" in preview("cancel_run", {"run": found.run}, Caller("eve", "http")).sentences[0]
    ended = cancel_run(run=found.run)
    assert (ended.outcome, ended.message) == ("cancelled", "It was stopped.")
    assert OperationRun.objects.get(pk=found.run).stop_asked_by
    with pytest.raises(OperationError, match="has ended already: cancelled"):
        cancel_run(run=found.run)
    with pytest.raises(OperationError, match="There is no run 999999"):
        get_run(run=999_999)


def test_it_is_stopped_by_a_word_in_the_log_from_another_process(long):
    found = begin()
    assert long.begun.wait(5)
    OperationRun.objects.filter(pk=found.run).update(stop_asked_by="eve")
    until(found.run, outcome="cancelled")


def test_only_one_has_the_lease(long):
    first = begin()
    assert long.begun.wait(5)
    with pytest.raises(Busy, match=rf"Run {first.run} \(go_on_for_long by anna\) is at it"):
        perform("go_on_for_long", {}, Caller("bob", "python"))
    assert holder_of("the only one").pk == first.run
    long.go_on.set()
    until(first.run, outcome="done")
    assert perform("go_on_for_long", {}, Caller("bob", "python")) == {"message": "It ended well."}


def test_a_run_without_a_sign_of_life_is_interrupted_and_its_lease_free(long):
    last = timezone.now() - SILENCE - timedelta(seconds=1)
    dead = OperationRun.objects.create(
        operation="go_on_for_long", effect="writes", caller="anna", door="page", heartbeat_at=last, lease="the only one"
    )
    plain = OperationRun.objects.create(operation="cancel_query", effect="writes", caller="anna", door="page")
    state = get_run(run=dead.pk)
    assert (state.outcome, state.is_over) == ("interrupted", True)
    assert "ended before it was done" in state.message
    assert OperationRun.objects.get(pk=dead.pk).finished_at == last
    long.go_on.set()
    assert perform("go_on_for_long", {}, Caller("bob", "python"))
    assert get_run(run=plain.pk).outcome == "running", "what is short gives no sign of life"
    with pytest.raises(OperationError, match="none that takes long"):
        cancel_run(run=plain.pk)
