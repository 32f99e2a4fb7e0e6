"""The operations over HTTP: who is let in, what is taken, and the status of each answer."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.test import Client

from opsadmin.faces import http_api
from opsadmin.faces.tokens import issue
from opsadmin.models import ApiToken, OperationRun
from tests.fixtures.outage import outage  # noqa: F401
from tests.opsadmin.faces import command_samples as samples
from tests.opsadmin.faces.people import person

ROOT = Path(__file__).resolve().parents[3]
USE, LOOK, CHANGE = "opsadmin.use_api", "opsadmin.view_database", "opsadmin.add_checkthreshold"
pytestmark = pytest.mark.django_db(databases=["default"])


@pytest.fixture(autouse=True)
def _sample_operations() -> Iterator[None]:
    with samples.registered():
        yield


class Script:
    """A caller with a token."""

    def __init__(self, secret: str = "", **defaults: Any) -> None:
        self.client = Client(enforce_csrf_checks=True, **defaults)
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/ops-api/{path}", query, headers=self.headers)

    def post(self, path: str, body: Any = None, content_type: str = "application/json") -> Any:
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.post(f"/ops-api/{path}", data, content_type=content_type, headers=self.headers)


@pytest.fixture
def script() -> Script:
    return Script(issue(person("anna", USE, LOOK, CHANGE), "cron", "destroys")[1])


def error_of(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert body["ok"] is False
    assert set(body) == {"ok", "error"}
    found: dict[str, Any] = body["error"]
    return found


def result_of(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content
    assert response.headers["Cache-Control"] == "no-store"
    body = response.json()
    assert body["ok"] is True
    return body["result"]


# --- who is let in ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "rows/", "rows", "change/preview/", "nothing/at/all", "nope/"])
def test_nobody_gets_anything_without_a_token(path):
    response = Script().get(path)
    assert "needs a token" in error_of(response, 401)["message"]
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="opsadmin"'
    assert error_of(Script("ops_wrong").get(path), 401)["kind"] == "NotAuthenticated"


def test_a_session_is_no_token():
    client = Client()
    client.force_login(person("anna", USE, LOOK, is_superuser=True))
    assert client.get("/ops-api/").status_code == 401


def test_no_cookie_is_set_and_no_session_read(script):
    response = script.get("rows/")
    assert not response.cookies
    assert "Cookie" not in response.headers.get("Vary", "")


def test_the_user_must_be_allowed_to_use_tokens(script):
    ApiToken.objects.get().user.user_permissions.clear()
    assert error_of(script.get("rows/"), 403)["kind"] == "NotPermitted"


def test_permission_and_reach_both_bind():
    looker = Script(issue(person("bob", USE, LOOK), "all", "destroys")[1])
    error = error_of(looker.post("change/", {"schema": "public", "name": "i"}), 403)
    assert error["message"] == "bob (all) may not do change: the permission opsadmin.add_checkthreshold is missing."
    reader = Script(issue(person("carla", USE, LOOK, CHANGE), "dash", "reads")[1])
    error = error_of(reader.post("change/", {"schema": "public", "name": "i"}), 403)
    assert "because it writes and this token is made for what reads at most" in error["message"]
    assert error_of(reader.post("change/preview/", {"schema": "public", "name": "i"}), 403)
    writer = Script(issue(person("dora", USE, LOOK, CHANGE), "job", "writes")[1])
    assert result_of(writer.post("change/", {"schema": "public", "name": "i"}))
    assert error_of(writer.post("drop/", {"schema": "public", "name": "i", "confirm": True}), 403)
    assert samples.called == ["changed i"]


def test_the_list_holds_what_the_caller_may_do(script):
    listed = {one["name"]: one for one in result_of(script.get(""))}
    assert listed["drop"]["effect"] == "destroys"
    assert listed["everything"]["parameters"]["required"] == ["queries"]
    assert listed["rows"]["preview"] is False
    reader = Script(issue(person("bob", USE, LOOK), "r")[1])
    names = {one["name"] for one in result_of(reader.get(""))}
    assert "rows" in names
    assert "change" not in names


# --- what is taken ---------------------------------------------------------------------------------------------------


def test_parameters_in_the_address(script):
    found = result_of(
        script.get("everything/", queries=["SELECT 1", "SELECT 2"], sort_by="size", analyze="true", params="[1]")
    )
    assert found["given"]["queries"] == ["SELECT 1", "SELECT 2"]
    assert (found["given"]["sort_by"], found["given"]["analyze"], found["given"]["params"]) == ("size", True, [1])
    one = result_of(script.get("everything/", statements="SELECT 'é'", order_by="size"))["given"]
    assert (one["queries"], one["sort_by"]) == (["SELECT 'é'"], "size")


def test_parameters_in_the_body(script):
    body = {"queries": ["a", "b"], "hypothetical_indexes": [{"table": "t"}], "max_index_size_mb": 2, "note": "é\n"}
    found = result_of(script.post("everything/", body))["given"]
    assert (found["queries"], found["max_size_mb"], found["note"]) == (["a", "b"], 2.0, "é\n")
    assert result_of(script.post("rows/", ""))
    assert result_of(script.post("rows", {}))
    assert result_of(script.post("everything/?sort_by=size", {"queries": ["a"]}))["given"]["sort_by"] == "size"
    caller = samples.called[0]
    assert (caller.name, caller.door, caller.address) == ("anna (cron)", "http", "127.0.0.1")


@pytest.mark.parametrize(
    "body, status, says",
    [
        ("{", 400, "no valid JSON (Expecting property name"),
        (b"\xff", 400, "no valid JSON"),
        ("[1]", 400, "must be a JSON object"),
        ("null", 400, "must be a JSON object"),
        ('{"queries": ["a"], "max_size_mb": NaN}', 400, "no valid JSON"),
        ("[" * 100_000, 400, "no valid JSON"),
        ('{"queries": ["a"], "max_size_mb": 1' + "0" * 400 + "}", 400, "it must be a number"),
        ('{"queries": ["a"], "max_size_mb": ' + "9" * 5000 + "}", 400, "no valid JSON"),
        ('{"queries": ["\\ud800"]}', 400, "a list of texts of valid characters"),
        ('{"queries": ["a\\u0000b"]}', 400, "a list of texts of valid characters"),
        ('{"queries": ["a"], "nope": 1}', 400, "There is no parameter 'nope'."),
        ('{"queries": ["a"], "statements": ["b"]}', 400, "given twice"),
        ('{"queries": ["a"], "fail_on": "never"}', 400, "must be one of warning, critical"),
        ('{"queries": ["a"], "fail_on": ["warning"]}', 400, "must be one of warning, critical"),
        ('{"queries": ["a"], "fail_on": "warning"}', 400, "no health report"),
        ('{"queries": ["a"], "database": "nope"}', 400, "it must be one of store"),
        ('{"queries": ["' + "x" * http_api.MAX_BODY + '"]}', 413, "larger than 1000000 bytes"),
        ('{"queries": ["' + "x" * 3_000_000 + '"]}', 413, "larger than 1000000 bytes"),
    ],
)
def test_what_is_asked_wrongly(script, body, status, says):
    assert says in error_of(script.post("everything/", body), status)["message"]


def test_an_error_says_what_is_allowed(script):
    assert error_of(script.get("everything/", queries="a", sort_by="colour"), 400) == {
        "kind": "OperationError",
        "message": "sort_by is 'colour'; it must be one of name, size.",
        "parameter": "sort_by",
        "allowed": ["name", "size"],
    }
    assert "given twice" in error_of(script.get("everything/?queries=a&table=t&table=u"), 400)["message"]
    both = script.post("everything/?queries=a", {"queries": ["b"]})
    assert "in the address and in the body" in error_of(both, 400)["message"]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""])
def test_another_kind_of_body(script, kind):
    error = error_of(script.post("rows/", '{"database": "store"}', kind), 415)
    assert "application/json" in error["message"]
    assert result_of(script.post("rows/", "{}", "application/json; charset=utf-8"))


def test_methods(script):
    for method, path, allowed in (
        ("get", "change/", "POST"),
        ("put", "rows/", "GET, POST"),
        ("delete", "rows/", "GET, POST"),
        ("post", "", "GET"),
        ("get", "change/preview/", "POST"),
    ):
        response = getattr(script.client, method)(f"/ops-api/{path}", headers=script.headers)
        assert error_of(response, 405)["allowed"] == allowed.split(", ")
        assert response.headers["Allow"] == allowed
    assert samples.called == []


def test_addresses_that_are_not(script):
    assert error_of(script.get("nope/"), 404)["kind"] == "UnknownOperation"
    assert error_of(script.post("nope/preview/", {}), 404)["kind"] == "UnknownOperation"
    assert "nothing at this address" in error_of(script.get("a/b/c"), 404)["message"]
    assert "has no preview" in error_of(script.post("rows/preview/", {}), 400)["message"]


# --- results ---------------------------------------------------------------------------------------------------------


def test_a_result_is_what_the_command_prints(script):
    assert result_of(script.get("rows/")) == [row.as_dict() for row in samples.rows(None, None)]
    assert result_of(script.get("nothing/")) == []


def test_failures(script, caplog):
    assert error_of(script.get("fails/"), 503) == {
        "kind": "OperationFailed",
        "message": "The disk is full: 0 bytes left.",
        "hint": "Make room.",
    }
    error = error_of(script.get("breaks/"), 500)
    assert error["kind"] == "InternalError"
    assert "hunter2" not in json.dumps(error)
    assert "breaks over HTTP failed" in caplog.text


@pytest.mark.parametrize(
    "status, limit, code",
    [("critical", "critical", 503), ("warning", "critical", 200), ("warning", "warning", 503), ("ok", "warning", 200)],
)
def test_a_monitor_gets_a_status(script, status, limit, code):
    assert result_of(script.get("health/", status=status, fail_on=limit), code)["score"] <= 100
    assert result_of(script.get("health/", status=status))["server"] == "store, PostgreSQL 15.1"


def test_what_writes_is_logged_with_who_and_from_where(script):
    assert result_of(script.post("change/", {"schema": "public", "name": 'odd "i"'})) == {"given": {"name": 'odd "i"'}}
    run = OperationRun.objects.get()
    assert (run.caller, run.door, run.address, run.outcome) == ("anna (cron)", "http", "127.0.0.1", "done")


def test_what_destroys_needs_a_yes(script):
    named = {"schema": "public", "name": "i"}
    for body in (named, {**named, "confirm": False}, {**named, "confirm": "true"}, {**named, "confirm": 1}):
        assert error_of(script.post("drop/", body), 409)["kind"] == "NotConfirmed"
    assert error_of(script.post("drop/?confirm=true", named), 409)
    assert samples.called == []
    assert result_of(script.post("drop/preview/", {**named, "confirm": True})) == {
        "sentences": ["The index i would go."],
        "sql": 'DROP INDEX "public"."i"',
        "refusal": "",
    }
    assert samples.called == []
    assert result_of(script.post("drop/", {**named, "confirm": True}))
    assert samples.called == ["changed i"]


# --- the site around it ----------------------------------------------------------------------------------------------


def test_https(script, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert script.get("rows/").status_code == 301
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    script.headers["X-Forwarded-Proto"] = "https"
    assert result_of(script.get("rows/"))


@pytest.mark.django_db(databases=["default", "store"], transaction=True)
def test_it_answers_while_postgresql_is_down(script, outage):  # noqa: F811
    outage.down()
    assert error_of(script.get("list_schemas/"), 503)["message"] == "PostgreSQL does not answer."
    assert result_of(script.get(""))
    outage.back()


def test_a_token_of_the_settings_works_without_the_site_database(settings, django_db_blocker):
    secret = "a secret of at least 32 characters"
    digest = hashlib.sha256(secret.encode()).hexdigest()
    settings.OPSADMIN = {"API_TOKEN_SHA256": [{"name": "cron", "sha256": digest, "reach": "writes"}]}
    with django_db_blocker.block():
        assert result_of(Script(secret).get("health/", status="ok"))["overall_status"] == "unknown"


def test_a_served_site(live_server, script):
    address = f"{live_server.url}/ops-api"
    with httpx2.Client(headers=script.headers, timeout=30) as client:
        assert client.get(f"{address}/rows/").json()["ok"] is True
        assert client.post(f"{address}/rows", json={}).json()["ok"] is True
        assert client.get(f"{address}/").headers["Cache-Control"] == "no-store"
        assert client.get(f"{address}/rows/", headers={"Authorization": "Bearer ops_no"}).status_code == 401


def test_gunicorn(tmp_path):
    """The deployment's own server, with the token of the environment and PostgreSQL out of reach."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    secret = "a secret of at least 32 characters"
    environment = {
        **os.environ,
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "VAR_DIR": str(tmp_path),
        "SITE_DATABASE_URL": f"sqlite:///{tmp_path}/missing/site.sqlite3",
        "POSTGRES_URL": "host=127.0.0.1 port=1 dbname=store user=nobody password=hunter2",
        "OPS_API_TOKEN": secret,
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "switchbot_site/gunicorn.conf.py", "switchbot_site.wsgi"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            for line in server.stderr:
                if "Listening at" in line:
                    break
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                client.headers["Authorization"] = f"Bearer {secret}"
                listed = client.get("/ops-api/").json()
                assert "analyze_db_health" in {one["name"] for one in listed["result"]}
                down = client.get("/ops-api/list_schemas/")
                assert down.status_code == 503
                assert down.json()["error"]["message"] == "PostgreSQL does not answer."
                sick = client.get("/ops-api/analyze_db_health/", params={"fail_on": "critical"})
                assert sick.status_code == 503
                assert sick.json()["result"]["overall_status"] == "critical"
                pieces = client.post("/ops-api/list_schemas", content=iter([b'{"nope":', b"1}"]))
                assert pieces.status_code == 411
                client.headers["Authorization"] = "Bearer ops_unknown"
                lost = client.get("/ops-api/")
                assert lost.status_code == 503
                assert lost.json()["error"]["message"].startswith("The site database does not answer")
        finally:
            server.terminate()
            server.communicate(timeout=30)
