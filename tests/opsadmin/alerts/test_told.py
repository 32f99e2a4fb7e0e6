"""What is told, how often, and when it is over."""

from __future__ import annotations

import pytest

from opsadmin.core.finding import Status
from opsadmin.logbook.happened import happened, settle
from opsadmin.models import AlertDelivery, ToldCondition
from tests.opsadmin.logbook.reports import at, critical, fine, result, warning
from tests.opsadmin.logbook.test_incidents import note

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("by_hand")]


@pytest.fixture(autouse=True)
def _somewhere(alerts):
    alerts("https://example.com/x")


def told():
    """What was told, oldest first: the statuses, and the checks of each."""
    rows = AlertDelivery.objects.order_by("pk")
    return [(row.message["status"], [one["check"] for one in row.message["changes"]]) for row in rows]


def test_what_turns_critical_is_told_once_and_so_is_its_end():
    note(0, critical("index.invalid", hint="Build it again."), warning("index.unused"))
    for minute in (1, 2, 3):
        note(minute, critical("index.invalid"), warning("index.unused"))
    assert told() == [("critical", ["index.invalid"])]
    note(20, fine("index.invalid"))
    assert len(told()) == 1
    note(23, fine("index.invalid"))
    assert told()[1:] == [("resolved", ["index.invalid"])]
    note(40, fine("index.invalid"))
    assert len(told()) == 2
    texts = [row.message["text"] for row in AlertDelivery.objects.order_by("pk")]
    assert texts[0].startswith(
        "[test] Critical: Index invalid (store). public.orders is in a bad way.\nBuild it again."
    )
    assert texts[1] == "[test] Resolved: Index invalid (store), after 20 min."


def test_the_changes_of_one_look_are_one_message():
    note(0, critical("index.invalid"), critical("vacuum.wraparound"), critical("sequence.used"))
    assert told() == [("critical", ["index.invalid", "sequence.used", "vacuum.wraparound"])] or len(told()) == 1
    row = AlertDelivery.objects.get()
    assert row.subject == "[test] 3 changes in store"
    assert row.message["text"].count("\n- Critical:") == 3


def test_a_check_that_flaps_is_told_once_and_not_again_within_the_cool_down():
    for minute in range(12):
        note(minute, critical("buffer.cache") if minute % 2 == 0 else fine("buffer.cache"))
    assert told() == [("critical", ["buffer.cache"])]
    note(13, fine("buffer.cache"))
    note(14, fine("buffer.cache"))  # fine since 11
    assert [status for status, _checks in told()] == ["critical", "resolved"]
    note(14.5, critical("buffer.cache"))
    assert len(told()) == 2
    note(16, critical("buffer.cache"))  # 15 minutes after it was told
    assert [status for status, _checks in told()] == ["critical", "resolved", "critical"]


def test_what_gets_worse_is_told_at_once(alerts):
    alerts("https://example.com/x", LEAST="warning")
    note(0, warning("buffer.cache"))
    note(1, critical("buffer.cache"))
    note(2, warning("buffer.cache"))
    note(5, warning("buffer.cache"))
    assert [status for status, _checks in told()] == ["warning", "critical", "warning"]
    note(8, fine("buffer.cache"))
    note(12, fine("buffer.cache"))
    assert told()[-1] == ("resolved", ["buffer.cache"])


def test_what_is_not_known_is_not_over():
    note(0, critical("index.invalid"))
    note(10, result("index.invalid", blind=True))
    note(20, result("index.invalid", blind=True))
    assert len(told()) == 1


def test_the_store_s_mode_is_told_whatever_its_severity_and_its_return_without_a_look():
    switch = {"database": "store", "title": "Store on its JSON copies"}
    happened("switch", "By anna: an upgrade.", severity=Status.WARNING, at=at(0), ref="1", **switch)
    assert told() == [("warning", ["switch"])]
    happened("switch", "Back.", severity=Status.OK, at=at(30), ref="2", **switch)
    settle(at(31))
    assert len(told()) == 1
    settle(at(34))
    settle(at(40))
    assert told()[1:] == [("resolved", ["switch"])]


def test_nothing_is_kept_where_nobody_wants_to_be_told(alerts):
    alerts()
    note(0, critical("index.invalid"))
    assert not AlertDelivery.objects.exists()
    assert not ToldCondition.objects.exists()
    # What goes on when somebody does is told then.
    alerts("https://example.com/x")
    note(1, critical("index.invalid"))
    assert told() == [("critical", ["index.invalid"])]


def test_an_outage_is_one_message_and_what_outlasts_it_another():
    note(0, critical("store.tables"), critical("connection.answers"))
    happened("switch", "To the copies.", severity=Status.CRITICAL, at=at(0.5), ref="1", database="store", title="Store")
    note(1, critical("store.tables"), critical("connection.answers"), critical("store.copy_age"))
    assert told() == [("critical", ["connection.answers"])]
    happened("switch", "Back.", severity=Status.OK, at=at(2), ref="2", database="store", title="Store")
    note(3, critical("store.tables"), fine("connection.answers"), fine("store.copy_age"))
    note(7, critical("store.tables"), fine("connection.answers"), fine("store.copy_age"))
    assert told()[1:] in (
        [("critical", ["store.tables"]), ("resolved", ["connection.answers"])],
        [("critical", ["store.tables", "connection.answers"])],
    )
