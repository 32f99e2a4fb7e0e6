"""Incidents that open, join, close and open again by themselves."""

from __future__ import annotations

import pytest

from opsadmin.core.errors import OperationError
from opsadmin.core.finding import Status
from opsadmin.logbook import incidents
from opsadmin.logbook.happened import happened, note_report
from opsadmin.models import Condition, Incident, IncidentEvent, OperationRun, Retention
from tests.opsadmin.logbook.reports import at, critical, finding, fine, report, result, warning

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_sources")]


def note(minutes, *results):
    note_report("store", report(minutes, *results))


def kinds(incident):
    return [event.kind for event in incident.events.all()]


def test_a_critical_check_opens_one_that_closes_when_it_has_been_fine_for_a_while():
    note(0, critical("index.invalid", hint="Build it again.", fix_sql="REINDEX INDEX a;"), fine("vacuum.wraparound"))
    one = Incident.objects.get()
    assert (one.title, one.severity, one.opened_at, one.is_open) == ("Index invalid", "critical", at(0), True)
    assert one.events.last().data["fix_sql"] == "REINDEX INDEX a;"
    note(1, critical("index.invalid"))
    note(2, fine("index.invalid"))
    one.refresh_from_db()
    assert one.is_open
    assert one.fine_since == at(2)
    note(6.9, fine("index.invalid"))
    assert Incident.objects.get().is_open
    note(7, fine("index.invalid"))
    one.refresh_from_db()
    assert one.closed_at == at(7)
    assert one.closed_by == ""
    assert kinds(one) == ["opened", "worse", "fine", "closed"]


def test_a_warning_opens_none_but_one_that_gets_critical_does():
    note(0, warning("index.unused"))
    assert not Incident.objects.exists()
    note(1, critical("index.unused"))
    note(2, warning("index.unused"))
    note(8, warning("index.unused"))
    one = Incident.objects.get()
    assert kinds(one) == ["opened", "worse", "better", "closed"]
    assert one.events.last().text == "1 warning remains."


def test_a_check_that_flaps_stays_one_incident():
    for minute in range(0, 60, 2):
        note(minute, critical("buffer.cache") if minute % 4 == 0 else fine("buffer.cache"))
    one = Incident.objects.get()
    assert one.is_open
    assert kinds(one).count("opened") == 1
    assert "closed" not in kinds(one)


def test_it_opens_again_where_the_same_comes_back_soon_and_a_new_one_where_it_comes_back_late():
    note(0, critical("buffer.cache"))
    note(1, fine("buffer.cache"))
    note(7, fine("buffer.cache"))
    note(36, critical("buffer.cache"))
    one = Incident.objects.get()
    assert one.is_open
    assert one.fine_since is None
    assert kinds(one)[-2:] == ["reopened", "worse"]
    note(37, fine("buffer.cache"))
    note(43, fine("buffer.cache"))
    note(74, critical("buffer.cache"))
    assert Incident.objects.count() == 2


def test_everything_that_fails_with_postgresql_is_one_incident():
    note(0, critical("store.tables"), result("index.invalid", blind=True), critical("connection.answers"))
    one = Incident.objects.get()
    assert (one.title, one.cause) == ("PostgreSQL does not answer", "outage")
    note(1, critical("store.copy_age"), critical("connection.answers"))
    assert Condition.objects.filter(incident=one).count() == 3
    note(2, fine("connection.answers"), fine("store.tables"), fine("store.copy_age"), critical("index.invalid"))
    assert sorted(Incident.objects.values_list("cause", flat=True)) == ["index.invalid", "outage"]
    note(8, fine("connection.answers"), critical("index.invalid"))
    assert list(Incident.objects.filter(closed_at=None).values_list("cause", flat=True)) == ["index.invalid"]


def test_a_check_that_could_not_look_says_nothing_of_its_incident():
    note(0, critical("index.invalid"))
    note(1, result("index.invalid", blind=True))
    note(20, result("index.invalid", blind=True))
    one = Incident.objects.get()
    assert one.is_open
    assert one.fine_since is None


def test_a_look_that_ended_late_changes_nothing():
    note(0, critical("index.invalid"))
    note(2, fine("index.invalid"))
    note(1, critical("index.invalid"))
    assert Condition.objects.get().severity == "ok"


def test_each_database_has_its_own():
    note(0, critical("connection.answers"))
    note_report("replica", report(1, critical("connection.answers")))
    assert Incident.objects.filter(closed_at=None).count() == 2


def test_a_switch_opens_one_and_the_way_back_lets_it_close():
    switch = {"database": "store", "title": "Store switched"}
    happened("switch", "To the copies.", severity=Status.WARNING, ref="1", at=at(0), **switch)
    happened("switch", "To the copies.", severity=Status.WARNING, ref="1", at=at(0), **switch)
    one = Incident.objects.get()
    assert (one.severity, kinds(one)) == ("warning", ["opened", "worse"])
    note(1, critical("index.invalid"))  # PostgreSQL is there: that has a cause of its own
    note(1, critical("connection.answers"))
    one.refresh_from_db()
    assert one.severity == "critical"
    assert Incident.objects.count() == 2
    happened("deploy", "Version 2.", database="store", at=at(2), ref="d")
    happened("deploy", "Version 2.", database="store", at=at(2), ref="d")
    assert kinds(one).count("happened") == 1
    note(3, fine("connection.answers"))
    note(9, fine("connection.answers"))
    assert Incident.objects.get(pk=one.pk).is_open
    happened("switch", "Back.", severity="ok", ref="2", at=at(10), **switch)
    note(16, fine("connection.answers"))
    assert not Incident.objects.get(pk=one.pk).is_open


def test_what_a_person_closed_stays_closed_until_it_comes_back():
    note(0, critical("index.invalid"))
    one = Incident.objects.get()
    incidents.close(one, "anna", "Known.")
    note(1, critical("index.invalid"))
    one.refresh_from_db()
    assert (one.is_open, one.closed_by) == (False, "anna")
    with pytest.raises(OperationError, match="closed already"):
        incidents.close(one, "anna")
    incidents.reopen(one, "anna", "Not so.")
    one.refresh_from_db()
    assert one.is_open
    note(2, fine("index.invalid"))
    note(8, fine("index.invalid"))
    one.refresh_from_db()
    assert not one.is_open


def test_one_that_no_check_sees_stays_until_a_person_closes_it():
    one = incidents.open_by_hand("store", " The  disk\nsmells ", "warning", "Of smoke.", "anna")
    two = incidents.open_by_hand("store", "Another", "critical", "", "anna")
    assert one.title == "The disk smells"
    note(0, fine("index.invalid"))
    note(60 * 24 * 400, fine("index.invalid"))
    assert Incident.objects.filter(closed_at=None).count() == 2
    incidents.close(one, "bert")
    incidents.reopen(Incident.objects.get(pk=one.pk), "bert")
    assert Incident.objects.filter(closed_at=None).count() == 2
    incidents.note(two, "A note.\0"[:-1], "bert")
    for empty in ("", " \n"):
        with pytest.raises(OperationError, match="empty"):
            incidents.note(two, empty, "bert")
    with pytest.raises(OperationError, match="title"):
        incidents.open_by_hand("store", " ", "warning", "", "anna")


def test_another_of_the_same_cause_keeps_it_closed():
    note(0, critical("index.invalid"))
    note(1, fine("index.invalid"))
    note(7, fine("index.invalid"))
    note(60, critical("index.invalid"))
    with pytest.raises(OperationError, match="of the same cause is open"):
        incidents.reopen(Incident.objects.exclude(closed_at=None).get(), "anna")


def test_the_operations_of_its_time_stay_with_it(settings):
    one = incidents.open_by_hand("store", "Slow", "warning", "", "anna")
    for database, operation in (("store", "drop_index"), ("other", "drop_index"), ("", "note_incident")):
        OperationRun.objects.create(operation=operation, effect="writes", database=database, caller="anna", door="page")
    incidents.close(one, "anna")
    OperationRun.objects.all().delete()
    runs = one.events.filter(kind=IncidentEvent.Kind.RUN)
    assert [(run.subject, run.who) for run in runs] == [("drop_index", "anna")]


def test_the_store_of_entries_is_bounded(monkeypatch):
    monkeypatch.setattr("opsadmin.logbook.events.MOST", 6)
    Retention.objects.create(name="incidents", value=2)
    for minute in range(0, 60, 2):
        note(minute, critical("buffer.cache") if minute % 4 == 0 else fine("buffer.cache"))
    assert IncidentEvent.objects.count() == 6
    for number in range(5):
        incidents.close(incidents.open_by_hand("store", f"{number}", "warning", "", "anna"), "anna")
    assert Incident.objects.filter(closed_at__isnull=False).count() == 3  # the last one is forgotten with the next
    assert Incident.objects.filter(cause="buffer.cache").count() == 1


def test_many_findings_of_a_check_are_one():
    found = [finding("index.invalid", object=f"public.i{number}") for number in range(3)]
    note(0, result("index.invalid", finding("index.invalid", Status.WARNING), *found))
    event = Incident.objects.get().events.last()
    assert (event.data["object"], event.data["more"]) == ("public.i0", 2)
