"""Asking for index advice in the background: one at a time, seen from every process, never for ever."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from opsadmin.core.errors import OperationFailed
from opsadmin.core.operation import Caller, Progress
from opsadmin.models import SeenAnswer
from opsadmin.pages import ideas_ask
from opsadmin.pages.ideas_ask import SILENCE, Standing, Wish, join, standing, start
from tests.opsadmin.pages.ideas_advice import advice

pytestmark = pytest.mark.django_db(transaction=True)
ANNA = Caller("anna", "page", may=lambda permission: False)


@pytest.fixture
def held(monkeypatch):
    """The advisor waits until it is let go; what it is to do then is in `answer`."""

    class Held:
        def __init__(self) -> None:
            self.gate, self.asked = threading.Event(), threading.Event()
            self.answer = advice()
            self.calls: list[tuple[str, dict[str, object]]] = []
            self.told = Progress(0.6, 1.0, "searching")

        def perform(self, operation, given, caller, *, report):
            assert caller.may("opsadmin.view_database")
            self.calls.append((operation, dict(given)))
            report(self.told)
            self.asked.set()
            assert self.gate.wait(30)
            if isinstance(self.answer, BaseException):
                raise self.answer
            return self.answer

    held = Held()
    monkeypatch.setattr(ideas_ask, "perform", held.perform)
    monkeypatch.setattr(ideas_ask, "BEAT_SECONDS", 0.05)
    yield held
    held.gate.set()
    assert join()


def wish(key="k"):
    return Wish("analyze_workload_indexes", {"database": "store"}, "the workload", key)


def test_one_at_a_time(held):
    found = []
    assert start("store", wish(), ANNA, found.append)
    assert held.asked.wait(10)
    assert not start("store", wish("other"), ANNA, found.append)
    running = standing("store").running
    assert running is not None
    assert (running.by, running.says) == ("anna", "the workload")
    assert standing("other") == Standing()
    held.gate.set()
    assert join()
    assert found == [held.answer]
    assert standing("store") == Standing()
    assert held.calls == [("analyze_workload_indexes", {"database": "store"})]
    assert start("store", wish("next"), ANNA, found.append)


def test_progress_is_seen_by_every_process(held):
    begun = threading.Event()
    assert start("store", wish(), ANNA, lambda found: None)
    assert held.asked.wait(10)
    for _ in range(200):
        row = SeenAnswer.objects.get(name=ideas_ask.NAME)
        if row.data["step"]:
            break
        begun.wait(0.05)
    running = standing("store").running
    assert running is not None
    assert (running.share, running.step) == (0.6, "searching")


@pytest.mark.parametrize(
    ("error", "said", "hint"),
    [
        (OperationFailed("It is down.", hint="Wait."), "It is down.", "Wait."),
        (ZeroDivisionError("a secret"), "The advisor itself failed (ZeroDivisionError).", ""),
    ],
)
def test_a_failure_is_told(held, error, said, hint):
    held.answer = error
    held.gate.set()
    assert start("store", wish(), ANNA, lambda found: None)
    assert join()
    failed = standing("store").failed
    assert failed is not None
    assert failed.error.startswith(said)
    assert "secret" not in failed.error
    assert failed.hint == hint
    held.answer = advice()
    assert start("store", wish("next"), ANNA, lambda found: None)
    assert join()
    assert standing("store") == Standing()


def test_an_advice_that_cannot_be_kept_is_a_failure(held):
    held.gate.set()

    def keep(found):
        raise ValueError

    assert start("store", wish(), ANNA, keep)
    assert join()
    assert standing("store").failed is not None


def test_a_process_that_died(held):
    data = {"key": "dead", "by": "bruno", "says": "the workload", "begun_at": timezone.now().isoformat()}
    data |= {"share": 0.4, "step": "", "error": "", "hint": "", "ended": False}
    moment = timezone.now() - SILENCE + timedelta(seconds=5)
    SeenAnswer.objects.create(database="store", name=ideas_ask.NAME, data=data, taken_at=moment)
    assert standing("store").running is not None
    assert not start("store", wish(), ANNA, lambda found: None)
    SeenAnswer.objects.update(taken_at=timezone.now() - SILENCE - timedelta(seconds=1))
    failed = standing("store").failed
    assert failed is not None
    assert "has ended" in failed.error
    held.gate.set()
    assert start("store", wish(), ANNA, lambda found: None)
    assert join()
    assert standing("store") == Standing()
    assert SeenAnswer.objects.get(name=ideas_ask.NAME).data["key"] == "k"


def test_two_that_begin_together(held):
    begun: list[bool] = []
    barrier = threading.Barrier(4)

    def begin(number: int) -> None:
        from django.db import connections

        barrier.wait(10)
        try:
            for _ in range(1000):
                try:
                    begun.append(start("store", wish(str(number)), ANNA, lambda found: None))
                    return
                except OperationFailed:
                    pass  # a SQLite in memory does not wait for others, as one on disk does
        finally:
            connections.close_all()

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(begun) == [False, False, False, True]
