"""Incidents of a real PostgreSQL that is stopped and started, and of a store that leaves it by itself."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connections
from django.utils import timezone

from opsadmin.health.report import health_report
from opsadmin.jobs.schedule import tasks
from opsadmin.logbook import happened as telling
from opsadmin.logbook import incidents, outages
from opsadmin.logbook.happened import happened, note_report
from opsadmin.logbook.round import go_round
from opsadmin.models import Condition, Incident, Mark, SampledCounters, SeenAnswer
from opsadmin.pages.logbook import incidents_tile
from opsadmin.workload.sampler import sample
from opsadmin.workload.standing import Standing
from stores import get_store, switching
from stores.engine import breaker
from stores.logbook import TOLD, tell_switches
from stores.models import StoreSwitch
from tests.opsadmin.logbook.reports import critical, report
from tests.opsadmin.pages.counted import point_at

pytestmark = pytest.mark.django_db(databases=["default", "store"], transaction=True)


def look():
    breaker.forget()  # nobody waits until it asks again
    note_report("store", health_report("store", "connection"))


def test_postgresql_is_stopped_and_started(new_postgres, monkeypatch):
    point_at(monkeypatch, new_postgres.dsn("postgres"))
    look()
    assert not Incident.objects.filter(cause="outage").exists()
    new_postgres.stop("immediate")
    connections["store"].close()
    look()
    assert Mark.objects.get(kind="outage").until is None, "the sampler did not come by"
    look()
    sample("store")
    assert Mark.objects.filter(kind="outage").count() == 1
    one = Incident.objects.get(cause="outage")
    assert (one.is_open, one.severity, one.title) == (True, "critical", "PostgreSQL does not answer")
    assert incidents_tile("store").tone == "critical"
    assert "incident" in go_round()
    new_postgres.start()
    breaker.forget()
    go_round()
    one.refresh_from_db()
    assert one.is_open
    assert one.fine_since is not None
    assert Mark.objects.get(kind="outage").until == one.fine_since
    monkeypatch.setattr(incidents, "CLOSE_AFTER", timedelta(0))
    go_round()
    one.refresh_from_db()
    assert not one.is_open
    assert [event.kind for event in one.events.all()] == ["opened", "worse", "fine", "closed"]
    mark = Mark.objects.get(kind="incident", at=one.opened_at)
    assert mark.until == one.closed_at
    # One that is over is not asked after any more.
    new_postgres.stop("immediate")
    connections["store"].close()
    go_round()
    assert Incident.objects.filter(closed_at=None, cause="outage").count() == 0


def test_an_outage_is_told_although_nobody_looked_at_the_health(new_postgres, monkeypatch):
    point_at(monkeypatch, new_postgres.dsn("postgres"))
    monkeypatch.setattr(outages, "SURE_AFTER", timedelta(0))

    def round_while(*, up: bool) -> Mark | None:
        (new_postgres.start if up else lambda: new_postgres.stop("immediate"))()
        connections["store"].close()
        breaker.forget()
        go_round()
        return Mark.objects.filter(kind="outage").order_by("-at").first()

    go_round()
    assert not Mark.objects.filter(kind="outage").exists()
    silence = round_while(up=False)
    assert silence is not None
    assert silence.until is None
    over = round_while(up=True)
    assert over is not None
    assert over.until is not None
    assert not Incident.objects.exists(), "it may have been restarted"
    # A server that its host lets sleep is not asked, unless a look found it silent.
    now = timezone.now()
    sleeper = Standing(clock=now, seen_at=now, system="1.1", started_at=now, sleeps=True)
    SampledCounters.objects.update_or_create(database="store", defaults={"data": sleeper.packed()})
    assert round_while(up=False) == over
    sample("store")
    go_round()
    one = Incident.objects.get()
    assert (one.cause, one.severity) == ("outage", "critical")
    Incident.objects.all().delete()
    Condition.objects.all().delete()
    SampledCounters.objects.all().delete()
    go_round()
    assert Incident.objects.get().cause == "outage"


def test_the_store_leaves_postgresql_by_itself_and_comes_back(outage, monkeypatch):
    go_round()
    assert not Incident.objects.exists()  # that it began there is no incident
    outage.down()
    assert get_store("settings").read()
    go_round()
    go_round()
    one = Incident.objects.get()
    assert (one.cause, one.severity, one.title) == ("outage", "critical", "Store on its JSON copies")
    assert one.opened_at == StoreSwitch.objects.latest("at").at
    look()
    assert Condition.objects.filter(incident=one).count() == 2  # PostgreSQL that does not answer is the same one
    outage.back()
    switching.resync(reason="the line is mended", who="anna")
    look()
    monkeypatch.setattr(incidents, "CLOSE_AFTER", timedelta(0))
    look()
    one = Incident.objects.get()
    assert not one.is_open
    texts = [event.text for event in one.events.filter(subject="Store on its JSON copies")]
    assert texts[0].startswith("The host went to its JSON copies by itself: ")
    assert texts[1].startswith("The host is on PostgreSQL again, after ")


def test_a_switch_by_hand_is_told_once_also_where_a_process_died_in_between(outage):
    tell_switches()
    switching.switch("filesystem", "an upgrade", "anna")
    tell_switches()
    one = Incident.objects.get()
    assert one.severity == "warning"
    kept = SeenAnswer.objects.get(name=TOLD)
    kept.data = kept.data[1:]  # it was told, and that not kept
    kept.save()
    tell_switches()
    assert Incident.objects.count() == 1
    assert one.events.count() == 2
    assert "by anna: an upgrade" in one.events.last().text


def test_what_was_before_the_first_time_is_told_as_it_stands_alone(outage):
    switching.switch("filesystem", "an upgrade", "anna")
    switching.switch("postgres", "upgraded", "anna")
    tell_switches()
    assert not Incident.objects.exists()
    switching.switch("filesystem", "another", "anna")
    SeenAnswer.objects.all().delete()
    tell_switches()
    assert Incident.objects.get().events.count() == 2


def test_the_schedule_has_it():
    assert "logbook" in {task.name for task in tasks()}


def test_a_switch_that_could_not_be_written_down_is_told_the_next_time(outage, monkeypatch):
    tell_switches()
    switching.switch("filesystem", "an upgrade", "anna")
    with monkeypatch.context() as context:
        context.setattr("stores.logbook.happened", lambda *given, **more: False)
        tell_switches()
    assert not Incident.objects.exists()
    tell_switches()
    assert Incident.objects.get().is_open


def test_a_site_database_that_refuses_costs_a_line_in_the_log(monkeypatch, caplog, no_sources):
    def refuse(*arguments):
        raise DatabaseError("the address is s3cret")

    monkeypatch.setattr(telling, "take_in", refuse)
    monkeypatch.setattr(telling, "_append", refuse)
    with caplog.at_level(logging.ERROR):
        happened("deploy", "Version 2.", database="store")
        happened("switch", "Away.", database="store", severity="critical")
        look()
    assert len([one for one in caplog.records if "was not noted" in one.getMessage()]) == 3
    assert "s3cret" not in caplog.text


def test_looks_that_end_at_the_same_moment_make_one_incident():
    begin = threading.Barrier(4)
    failed = []

    def one_look(minute):
        begin.wait(10)
        try:
            note_report("store", report(minute, critical("index.invalid"), critical("connection.answers")))
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one_look, args=(number / 100,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failed
    one = Incident.objects.get()
    assert Condition.objects.filter(incident=one).count() == 2
    assert [event.kind for event in one.events.all()] == ["opened", "worse", "worse"]
