"""The logbook at every door: what its operations take, return and refuse."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from opsadmin.api import NotPermitted, OperationError, call
from opsadmin.core.blocks import blocks_of
from opsadmin.core.operation import Caller
from opsadmin.models import Decision, Incident, OperationRun
from opsadmin.perform import perform
from tests.opsadmin.logbook.reports import critical
from tests.opsadmin.logbook.test_incidents import note

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_sources")]


def test_incidents():
    assert call("list_incidents") == []
    note(0, critical("index.invalid"))
    (one,) = call("list_incidents", state="open")
    assert (one.title, one.state, one.severity) == ("Index invalid", "open", "critical")
    call("note_incident", incident=one.incident, text="Looked at it.")
    call("close_incident", incident=one.incident, text="Done.")
    assert call("list_incidents", state="open") == []
    assert call("close_incident", incident=one.incident, again=True).state == "open"
    whole = call("get_incident", incident=one.incident)
    json.dumps(whole.as_dict())
    assert [entry.kind for entry in whole.timeline] == ["opened", "worse", "note", "closed", "reopened"]
    assert len(blocks_of(whole)) == 3
    assert call("open_incident", title="Slow", severity="warning").title == "Slow"
    runs = OperationRun.objects.order_by("pk").values_list("operation", flat=True)
    assert list(runs) == ["note_incident", "close_incident", "close_incident", "open_incident"]


def test_decisions():
    one = call("record_decision", title="No index", text="None.", status="accepted")
    two = call("record_decision", title="One index", text="One.", supersedes=one.decision)
    assert [told.status for told in call("list_decisions")] == ["proposed", "superseded"]
    assert call("list_decisions", status="superseded")[0].superseded_by == two.decision
    changed = call("record_decision", decision=two.decision, title="One index", text="Two.", status="accepted")
    assert (changed.decision, changed.text) == (two.decision, "Two.")
    assert Decision.objects.count() == 2


@pytest.mark.parametrize(
    "name, given, words",
    [
        ("get_incident", {"incident": 99}, "There is no incident 99"),
        ("get_incident", {"incident": 0}, "at least 1"),
        ("note_incident", {"incident": 99, "text": "x"}, "There is no incident 99"),
        ("list_incidents", {"state": "shut"}, "must be one of"),
        ("open_incident", {"title": " "}, "needs a title"),
        ("open_incident", {"title": "x" * 201}, "201 characters"),
        ("open_incident", {"title": "x", "severity": "bad"}, "must be one of"),
        ("open_incident", {"title": "x", "text": "x" * 10_001}, "10001 characters"),
        ("record_decision", {"title": "x", "text": " "}, "Say what was decided"),
        ("record_decision", {"title": " ", "text": "x"}, "needs a title"),
        ("record_decision", {"title": "x", "text": "x", "status": "maybe"}, "must be one of"),
        ("record_decision", {"title": "x", "text": "x", "incident": 99}, "There is no incident 99"),
        ("record_decision", {"title": "x", "text": "x", "run": 99}, "There is no run 99"),
        ("record_decision", {"title": "x", "text": "x", "supersedes": 99}, "There is no decision 99"),
        ("record_decision", {"title": "x", "text": "x", "decision": 99}, "There is no decision 99"),
        ("record_decision", {"title": "x", "text": "x" * 20_001}, "20001 characters"),
        ("list_incidents", {"database": "nowhere"}, "must be one of"),
    ],
)
def test_what_is_refused(name, given, words):
    with pytest.raises(OperationError, match=words):
        call(name, **given)
    assert not Incident.objects.exists()
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "name, permission",
    [
        ("list_incidents", "view_incident"),
        ("get_incident", "view_incident"),
        ("open_incident", "write_incident"),
        ("note_incident", "write_incident"),
        ("close_incident", "write_incident"),
        ("list_decisions", "view_decision"),
        ("record_decision", "write_decision"),
        ("list_alerts", "view_alertdelivery"),
        ("test_alert", "test_alert"),
    ],
)
def test_each_takes_its_permission(name, permission):
    given = {"incident": 1, "text": "x", "title": "x"}
    fields = {"get_incident": ("incident",), "note_incident": ("incident", "text"), "close_incident": ("incident",)}
    fields |= {"open_incident": ("title",), "record_decision": ("title", "text")}
    caller = Caller("anna", "http", may=lambda one: False)
    with pytest.raises(NotPermitted, match=f"opsadmin.{permission} "):
        perform(name, {field: given[field] for field in fields.get(name, ())}, caller)


def test_the_command(capsys):
    call_command("ops", "open_incident", "--title", "Slow « ü »")
    capsys.readouterr()
    call_command("ops", "list_incidents", "--json")
    (one,) = json.loads(capsys.readouterr().out)
    assert one["title"] == "Slow « ü »"
    call_command("ops", "get_incident", "--incident", str(one["incident"]))
    assert "# Incident" in capsys.readouterr().out
