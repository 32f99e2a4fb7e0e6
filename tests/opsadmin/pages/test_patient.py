"""Questions that go on by themselves, and what was seen last."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language, override

from opsadmin.core.errors import OperationFailed
from opsadmin.last_seen import recall, remember
from opsadmin.models import SeenAnswer
from opsadmin.pages import patient, reading
from opsadmin.pages.patient import ask


@pytest.fixture
def gate():
    """Questions wait at it."""
    found = threading.Event()
    yield found
    found.set()


def waiting_at(gate, answers=("late",)):
    left = list(answers)

    def read():
        assert gate.wait(30)
        return left.pop(0)

    return read


def test_an_answer_in_time():
    kept = []
    answer = ask("one", "store", lambda: 42, after=kept.append)
    assert (answer.value, answer.running, answer.error) == (42, False, None)
    assert timezone.now() - answer.taken_at < timedelta(minutes=1)
    assert patient.join()
    assert kept == [42]


def test_who_comes_back_gets_the_late_answer(gate):
    read = waiting_at(gate, ["first", "second"])
    assert ask("one", "store", read, patience=0).running
    assert ask("one", "store", read, patience=0).running, "which is the same question"
    gate.set()
    assert patient.join()
    assert ask("one", "store", read).value == "first"
    assert ask("one", "store", read).value == "second"


def test_a_late_answer_is_not_kept_for_long(gate, monkeypatch):
    monkeypatch.setattr(patient, "KEPT_SECONDS", -1)
    read = waiting_at(gate, ["first", "second"])
    assert ask("one", "store", read, patience=0).running
    gate.set()
    assert patient.join()
    assert ask("one", "store", read).value == "second"


def test_what_fails(caplog):
    def refuse():
        raise OperationFailed("PostgreSQL does not answer.")

    def break_down():
        raise KeyError("hunter2")

    kept = []
    assert ask("one", "store", refuse, after=kept.append).error.message == "PostgreSQL does not answer."
    broken = ask("two", "store", break_down, after=kept.append)
    assert broken.error.message.startswith("The look itself failed (KeyError).")
    assert "failed" in caplog.text
    assert patient.join()
    assert not kept


def test_a_database_that_hangs_is_asked_a_few_questions_only(gate):
    for number in range(patient.MOST):
        assert ask(number, "store", waiting_at(gate), patience=0).running
    asked = []
    assert ask("more", "store", lambda: asked.append("store")).running
    assert not asked
    assert ask("more", "other", lambda: "another database").value == "another database"


def test_the_reader_s_language():
    with override("fr"):
        assert ask("one", "store", get_language).value == "fr"
    with override("en"):
        assert ask("one", "store", get_language).value == "en"


@pytest.mark.django_db
def test_the_newest_answer_is_remembered():
    assert recall("store", "a") is None
    remember("store", "a", {"found": 1})
    remember("store", "b", {"found": 2})
    remember("other", "a", {"found": 3})
    remember("store", "a", {"found": 4}, taken_at=timezone.now())
    assert SeenAnswer.objects.count() == 3
    assert recall("store", "c", "b", "a").data == {"found": 2}
    assert recall("store", "a").data == {"found": 4}


@pytest.mark.django_db
def test_a_site_database_that_refuses_costs_nothing_else(monkeypatch, caplog):
    def refuse(*args, **more):
        raise OperationalError("disk full")

    monkeypatch.setattr(type(SeenAnswer.objects), "update_or_create", refuse)
    monkeypatch.setattr(QuerySet, "_fetch_all", refuse)
    remember("store", "a", {"found": 1})
    assert recall("store", "a") is None
    assert caplog.text.count("OperationalError") == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_slow_shows_what_was_kept_meanwhile(gate, rf, admin_user, monkeypatch):
    remember("store", "list_sequences", ["kept"])
    monkeypatch.setattr(reading, "perform", lambda *_: waiting_at(gate, [["new"]])())
    request = rf.get("/")
    request.user = admin_user

    def read():
        return reading.read(request, "list_sequences", {"database": "store"}, keep="list_sequences", is_slow=True)

    shown = read()
    assert (shown.found, shown.seen, shown.running) == (["kept"], True, True)
    gate.set()
    assert patient.join()
    shown = read()
    assert (shown.found, shown.seen) == (["new"], False)
