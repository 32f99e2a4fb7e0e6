"""The admin of tokens, runs, thresholds and ignored findings: who may what, and that a token is shown once."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from opsadmin.faces.tokens import issue, key_of
from opsadmin.models import ApiToken, CheckThreshold, IgnoredFinding, OperationRun
from tests.opsadmin.faces.people import person

pytestmark = pytest.mark.django_db(databases=["default"])
USE = "opsadmin.use_api"
TOKENS = "/admin/opsadmin/apitoken/"
NEW = {"name": "cron", "reach": "reads", "expires_at_0": "", "expires_at_1": ""}


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def secret_in(page: str) -> str:
    found = re.search(r"ops_[\w-]{43}", html.unescape(page))
    assert found, page
    return found[0]


def test_a_new_token_is_shown_once_and_kept_nowhere():
    client = signed_in(person("anna", USE))
    answer = client.post(f"{TOKENS}add/", {**NEW, "reach": "writes"})
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    secret = secret_in(answer.content.decode())
    assert (key_of(secret).caller_name, key_of(secret).reach) == ("anna (cron)", "writes")
    token = ApiToken.objects.get()
    assert secret not in str(answer.cookies)
    assert secret not in str(dict(client.session))
    for address in (TOKENS, f"{TOKENS}{token.pk}/change/", f"{TOKENS}{token.pk}/history/"):
        page = client.get(address, follow=True)
        assert page.status_code == 200
        assert "cron" in page.content.decode()
        assert secret not in page.content.decode()
    assert secret not in str([vars(entry) for entry in LogEntry.objects.all()])


def test_a_person_makes_tokens_for_themselves_only():
    other = person("root", is_superuser=True)
    client = signed_in(person("anna", USE))
    assert b'name="user"' not in client.get(f"{TOKENS}add/").content
    client.post(f"{TOKENS}add/", {**NEW, "user": other.pk})
    assert ApiToken.objects.get().user.username == "anna"


def test_a_superuser_chooses_among_those_who_may():
    anna, bob = person("anna", USE), person("bob")
    client = signed_in(person("root", is_superuser=True))
    refused = client.post(f"{TOKENS}add/", {**NEW, "user": bob.pk})
    assert "The user bob may not use tokens" in html.unescape(refused.content.decode())
    assert not ApiToken.objects.exists()
    secret = secret_in(client.post(f"{TOKENS}add/", {**NEW, "user": anna.pk}).content.decode())
    assert key_of(secret).caller_name == "anna (cron)"


@pytest.mark.parametrize(
    "wrong, says",
    [
        ({"name": ""}, "required"),
        ({"name": "two\x07"}, "printable"),
        ({"reach": "all"}, "valid choice"),
        ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, "expired already"),
    ],
)
def test_a_token_asked_for_wrongly(wrong, says):
    answer = signed_in(person("anna", USE)).post(f"{TOKENS}add/", {**NEW, **wrong})
    assert answer.status_code == 200
    assert says in answer.content.decode()
    assert not ApiToken.objects.exists()


def test_nobody_sees_or_revokes_another_ones_token():
    theirs, _secret = issue(person("bob", USE), "of bob")
    client = signed_in(person("anna", USE))
    assert "of bob" not in client.get(TOKENS).content.decode()
    assert client.post(f"{TOKENS}{theirs.pk}/delete/", {"post": "yes"}).status_code == 302
    assert client.post(
        TOKENS, {"action": "delete_selected", "_selected_action": [theirs.pk], "post": "yes"}
    ).status_code in (200, 302)
    assert ApiToken.objects.filter(pk=theirs.pk).exists()


def test_its_owner_revokes_it_and_cannot_change_it():
    anna = person("anna", USE)
    token, _secret = issue(anna, "cron")
    client = signed_in(anna)
    assert client.post(f"{TOKENS}{token.pk}/change/", {**NEW, "reach": "destroys"}).status_code == 403
    client.post(f"{TOKENS}{token.pk}/delete/", {"post": "yes"})
    assert not ApiToken.objects.exists()


def test_without_the_permission_there_are_no_tokens():
    client = signed_in(person("anna", "opsadmin.view_database"))
    assert client.get(TOKENS).status_code == 403
    assert client.get(f"{TOKENS}add/").status_code == 403
    auditor = signed_in(person("otto", "opsadmin.view_apitoken"))
    issue(person("bob", USE), "of bob")
    assert "of bob" in auditor.get(TOKENS).content.decode()
    assert auditor.get(f"{TOKENS}add/").status_code == 403


def test_the_log_of_runs_is_the_page_runs():
    run = OperationRun.objects.create(operation="drop_index", effect="destroys", caller="bob", door="page")
    client = signed_in(person("root", is_superuser=True))
    assert client.get("/admin/opsadmin/operationrun/").url == "/admin/ops/progress/"
    assert client.get(f"/admin/opsadmin/operationrun/{run.pk}/change/").url == f"/admin/ops/progress/?run={run.pk}"
    assert "/admin/opsadmin/operationrun/" not in client.get("/admin/").content.decode()


def test_the_log_of_runs_is_read_only_also_without_that_page(monkeypatch):
    monkeypatch.setattr("opsadmin.admin.runs.OperationRunAdmin._page", lambda admin: "")
    run = OperationRun.objects.create(
        operation="create_index",
        effect="writes",
        caller="anna (<b>cron</b>)",
        door="http",
        outcome="failed",
        error="No.",
        elapsed_ms=1234.5,
        parameters={"sql": '<script>alert("é")</script>'},
        result=[1, None],
    )
    OperationRun.objects.create(operation="drop_index", effect="destroys", caller="bob", door="page")
    client = signed_in(person("root", is_superuser=True))
    listed = client.get("/admin/opsadmin/operationrun/", {"q": "anna"}).content.decode()
    assert "✗ failed" in listed
    assert "1 234 ms" in listed
    assert "drop_index" not in listed.split("<tbody>")[1].split("</tbody>")[0]
    shown = client.get(f"/admin/opsadmin/operationrun/{run.pk}/change/").content.decode()
    assert "&lt;script&gt;" in shown
    assert "<script>alert" not in shown
    assert client.get("/admin/opsadmin/operationrun/add/").status_code == 403
    assert client.post(f"/admin/opsadmin/operationrun/{run.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/opsadmin/operationrun/{run.pk}/change/", {"error": ""}).status_code == 403


def test_a_threshold_is_chosen_from_what_the_checks_have():
    client = signed_in(person("root", is_superuser=True))
    address = "/admin/opsadmin/checkthreshold/"
    page = client.get(f"{address}add/").content.decode()
    names = re.findall(r'<option value="([a-z_.0-9]+)"', page)
    assert "connection.idle_in_transaction" in {name.rsplit(".", 1)[0] for name in names}
    refused = client.post(f"{address}add/", {"name": "index.nope.min", "value": "1"})
    assert "valid choice" in refused.content.decode()
    assert client.post(f"{address}add/", {"name": names[0], "value": "7"}).status_code == 302
    gone = CheckThreshold.objects.create(name="old.check.number", value=1)
    kept = client.post(f"{address}{gone.pk}/change/", {"name": "old.check.number", "value": "2"})
    assert kept.status_code == 302
    assert dict(CheckThreshold.objects.values_list("name", "value")) == {names[0]: 7, "old.check.number": 2}


def test_ignored_findings_say_whether_they_still_count():
    IgnoredFinding.objects.create(check_id="index.unused", object="public.*", reason="Young.")
    IgnoredFinding.objects.create(check_id="old", reason="Was.", until=timezone.now() - timedelta(days=1))
    page = signed_in(person("root", is_superuser=True)).get("/admin/opsadmin/ignoredfinding/").content.decode()
    assert re.findall(r'field-state">(\w+)<', page) == ["ignored", "over"]
    assert signed_in(person("anna")).get("/admin/opsadmin/ignoredfinding/").status_code == 403
