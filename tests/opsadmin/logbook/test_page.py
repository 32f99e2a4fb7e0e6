"""The page "Incidents & decisions": its lists, an incident, the form, and who may do what."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry

from opsadmin.logbook import incidents
from opsadmin.logbook.decisions import TEMPLATES
from opsadmin.models import AlertDelivery, Condition, Decision, Incident, IncidentEvent, OperationRun
from opsadmin.pages.logbook import incidents_tile
from tests.opsadmin.faces.people import person
from tests.opsadmin.logbook.reports import BEGIN, at, critical
from tests.opsadmin.logbook.test_incidents import note

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_sources")]
PAGE = "/admin/ops/logbook/"


@pytest.fixture
def lead(client):
    client.force_login(person("lead", is_superuser=True))
    return client


def text(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_empty(lead):
    assert "No incident so far." in text(lead.get(PAGE))
    assert "Nothing was decided here yet." in text(lead.get(PAGE, {"part": "decisions"}))
    assert "Nobody is told." in text(lead.get(PAGE, {"part": "alerts"}))
    assert "No incident is like that." in text(lead.get(PAGE, {"q": "x"}))
    assert "No decision is like that." in text(lead.get(PAGE, {"part": "decisions", "status": "accepted"}))
    assert incidents_tile("store") is None


def test_an_incident_is_listed_read_noted_closed_and_opened_again(lead):
    note(0, critical("index.invalid", object='public."a.b <i>"', fix_sql="REINDEX INDEX x;"))
    one = Incident.objects.get()
    OperationRun.objects.create(operation="drop_index", effect="destroys", database="store", caller="bert", door="page")
    assert "Index invalid" in text(lead.get(PAGE))
    assert "Index invalid" not in text(lead.get(PAGE, {"state": "closed"}))
    assert "Index invalid" in text(lead.get(PAGE, {"q": "a.b <I>"}))
    shown = text(lead.get(PAGE, {"incident": one.pk}))
    for words in ("a.b &lt;i&gt;", "REINDEX INDEX x;", "drop_index", "Opened by itself"):
        assert words in shown
    assert "<i>" not in shown
    assert "The note is empty." in text(lead.post(PAGE, {"action": "note", "incident": one.pk, "text": " "}))
    for action in ("note", "close", "reopen"):
        answer = lead.post(PAGE, {"action": action, "incident": one.pk, "text": f"I {action}."}, follow=True)
        assert f"I {action}." in text(answer)
    shown = text(lead.post(PAGE, {"action": "reopen", "incident": one.pk, "text": "Kept <text>"}))
    assert "is open already" in shown
    assert "Kept &lt;text&gt;" in shown
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == [
        "note: I note.",
        "close: I close.",
        "reopen: I reopen.",
    ]
    tile = incidents_tile("store")
    assert (tile.figure, tile.tone) == ("1 open", "critical")


def test_the_file_of_an_incident(lead):
    message = "`a` *b* <i>|#\n# no heading"
    note(0, critical("index.invalid", message=message, hint="Build it.", fix_sql="SELECT '```';\nSELECT 2;"))
    one = Incident.objects.get()
    incidents.note(one, "First\n# second", "anna")
    answer = lead.get(PAGE, {"incident": one.pk, "export": "markdown"})
    assert answer["Content-Disposition"] == f'attachment; filename="incident-{one.pk}.md"'
    said = answer.content.decode()
    assert said.startswith(f"# Incident {one.pk}: Index invalid\n")
    assert "\\`a\\` \\*b\\* \\<i\\>\\|\\# \\# no heading" in said
    assert "**Critical**: Index invalid: \\`a\\`" in said
    assert "  > First\n  > \\# second" in said
    assert "  ````sql\n  SELECT '```';\n  SELECT 2;\n  ````" in said
    assert [line for line in said.splitlines() if line.startswith("#")] == [
        f"# Incident {one.pk}: Index invalid",
        "## Timeline",
        "## What to do",
    ]


def test_a_long_one_is_cut_and_small(lead):
    note(0, *(critical(f"index.check_{number}", fix_sql="SELECT 1; " * 150) for number in range(60)))
    one = Incident.objects.first()
    Condition.objects.update(incident=one)
    IncidentEvent.objects.bulk_create(
        IncidentEvent(incident=one, at=at(minute), kind="note", text="long " * 2000) for minute in range(500)
    )
    answer = lead.get(PAGE, {"incident": one.pk})
    assert "entries are left out here" in text(answer)
    assert "50 more." in text(answer)
    assert len(answer.content) < 100_000


def test_paging(lead):
    for number in range(25):
        Incident.objects.create(
            database="store", cause="noted", severity="warning", title=f"No. {number:02}", opened_at=BEGIN
        )
    first = text(lead.get(PAGE))
    assert "1–20 of 25" in first
    assert "page=2" in first
    assert "21–25 of 25" in text(lead.get(PAGE, {"page": "2"}))
    for odd in ("99", "0", "-1", "x", "9" * 50, "²"):
        text(lead.get(PAGE, {"page": odd}))


def test_one_is_opened_by_hand(lead):
    answer = lead.post(PAGE, {"action": "open", "title": "", "severity": "warning"})
    assert "This field is required." in text(answer)
    answer = lead.post(PAGE, {"action": "open", "title": "Disk « smells »", "severity": "critical"}, follow=True)
    assert "Disk « smells »" in text(answer)
    assert Incident.objects.get().opened_by == "lead"


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_decision_begins_with_a_template(lead, template):
    shown = text(lead.get(PAGE, {"write": template}))
    for part in (TEMPLATES[template].title, TEMPLATES[template].label):
        assert str(part) in shown


def test_a_decision_is_written_changed_superseded_and_exported(lead):
    note(0, critical("index.invalid"))
    incident = Incident.objects.get()
    given = {
        "action": "decide",
        "title": "No <b>more</b> indexes",
        "status": "accepted",
        "decision": "None.\n\n- not one",
        "context": "c",
        "consequences": "q",
        "incident": incident.pk,
    }
    wrong = text(lead.post(PAGE, {**given, "incident": 999, "run": 999}))
    assert "There is no incident 999." in wrong
    assert "There is no run 999." in text(lead.post(PAGE, {**given, "run": 999}))
    assert "This field is required." in text(lead.post(PAGE, {**given, "decision": " "}))
    shown = text(lead.post(PAGE, given, follow=True))
    assert "No &lt;b&gt;more&lt;/b&gt; indexes" in shown
    one = Decision.objects.get()
    assert (one.incident, one.written_by, one.database) == (incident, "lead", "store")
    assert one.title in text(lead.get(PAGE, {"decision": one.pk, "edit": 1})).replace("&lt;", "<").replace("&gt;", ">")
    text(lead.post(PAGE, {**given, "decision_number": one.pk, "title": "Few"}, follow=True))
    text(lead.post(PAGE, {**given, "title": "Some", "supersedes": one.pk}, follow=True))
    one.refresh_from_db()
    assert (one.title, one.status, one.superseded_by.title) == ("Few", "superseded", "Some")
    assert "It no longer counts." in text(lead.get(PAGE, {"decision": one.pk}))
    own = lead.get(PAGE, {"decision": one.pk, "export": "markdown"}).content.decode()
    assert own.startswith(f"# {one.pk}. Few\n")
    assert "## Decision\n\nNone.\n\n- not one\n" in own
    every = lead.get(PAGE, {"part": "decisions", "export": "markdown"}).content.decode()
    assert f"## {one.pk}. Few" in every
    assert ". Some\n" in every
    assert "cannot supersede itself" in text(
        lead.post(PAGE, {**given, "decision_number": one.pk, "supersedes": one.pk})
    )


@pytest.mark.parametrize("number", ["0", "99", "x", "-1", "9" * 30, "²", "1;", ""])
def test_what_is_not_there(lead, number):
    assert lead.get(PAGE, {"incident": number}).status_code == 404
    assert lead.get(PAGE, {"decision": number}).status_code == 404
    assert lead.post(PAGE, {"action": "note", "incident": number}).status_code == 404


def test_alerts_show_hosts_alone(lead, settings):
    hooks = [{"url": "http://localhost:1/s3cret"}, {"url": "http://example.com/s3cret"}]
    settings.OPSADMIN = {**settings.OPSADMIN, "ALERTS": {"WEBHOOKS": hooks, "EMAIL": ["a@example.com"]}}
    AlertDelivery.objects.create(
        channel="gone",
        subject="Critical: <b>",
        message={},
        created_at=BEGIN,
        next_at=BEGIN,
        state="given_up",
        attempts=3,
    )
    shown = text(lead.get(PAGE, {"part": "alerts"}))
    for words in ("localhost", "a@example.com", "only https://", "Critical: &lt;b&gt;", "Given up", "3 attempts"):
        assert words in shown
    assert "s3cret" not in shown


def test_who_may_do_what(client):
    note(0, critical("index.invalid"))
    one = Incident.objects.get()
    client.force_login(person("nobody", "opsadmin.view_database"))
    assert client.get(PAGE).status_code == 403
    assert client.get(PAGE, {"incident": one.pk}).status_code == 403
    client.force_login(person("reader", "opsadmin.view_incident"))
    shown = text(client.get(PAGE, {"incident": one.pk}))
    assert "Write the note" not in shown
    assert "Alerts" not in shown.split("Timeline")[0].split("logbook-parts")[-1]
    for part in ("decisions", "alerts"):
        assert client.get(PAGE, {"part": part}).status_code == 403
    for action in ("note", "close", "reopen", "open", "decide", "test"):
        assert client.post(PAGE, {"action": action, "incident": one.pk}).status_code == 403, action
    assert client.get(PAGE, {"write": "blank"}).status_code == 403
    view = ("opsadmin.view_incident", "opsadmin.view_decision")
    client.force_login(person("writer", *view, "opsadmin.write_decision"))
    assert "Write down a decision" in text(client.get(PAGE, {"part": "decisions"}))
    assert incidents.open_incidents("store") == [one]
