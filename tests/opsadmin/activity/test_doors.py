"""Queries, sessions and locks from every door: Python, command, page, HTTP, MCP."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from opsadmin import api
from opsadmin.faces.tokens import issue
from opsadmin.models import OperationRun
from tests.opsadmin.faces.people import person

pytestmark = pytest.mark.django_db(databases=["default", "store"])
USE, LOOK, CANCEL, END = (
    f"opsadmin.{name}" for name in ("use_api", "view_database", "cancel_query", "terminate_session")
)
LOCK = 'LOCK TABLE shop."Order s" IN ACCESS EXCLUSIVE MODE'


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def command(*words: str) -> str:
    out = io.StringIO()
    call_command("ops", *words, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def post(secret: str, path: str, body: dict[str, Any]) -> Any:
    return Client().post(
        path,
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}", "Accept": "application/json, text/event-stream"},
    )


def mcp(secret: str, name: str, **given: Any) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": given}}
    answer: dict[str, Any] = post(secret, "/mcp/", body).json()["result"]
    return answer


@pytest.fixture
def secret() -> str:
    return issue(person("anna", USE, LOOK, CANCEL, END), "all", "destroys")[1]


@pytest.fixture
def looker() -> Client:
    client = Client()
    client.force_login(person("bob", LOOK))
    return client


#: What an answer holds that must be the same from every door.
ESSENCE: dict[str, Callable[[Any], Any]] = {
    "get_top_queries": lambda found: {one["queryid"] for one in found if "AS doors" in one["sql"]},
    "list_sessions": lambda found: {
        (one["pid"], one["state"], one["blocks"]) for one in found if one["application"] == "doors"
    },
    "list_locks": lambda found: (found["roots"], [one["depth"] for one in found["entries"]]),
}


@pytest.mark.parametrize(
    "name, given, shown",
    [
        ("get_top_queries", {"text": "AS doors", "sort_by": "resources"}, "AS doors"),
        ("list_sessions", {"older_than_seconds": 0}, "idle in transaction"),
        ("list_locks", {}, "AccessShareLock on shop"),
    ],
)
def test_what_reads(others, secret, looker, request, name, given, shown):
    holder, waiter = others.connect("doors"), others.connect("waiter")
    if name == "get_top_queries":
        request.getfixturevalue("pg_stat_statements")
        others.connect("statements", autocommit=True).execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        holder.execute("SELECT pg_sleep(0.2) AS doors")
    holder.execute(LOCK)
    others.begin(waiter, 'SELECT FROM shop."Order s"')
    essence = ESSENCE[name]
    result = getattr(api, name)(**given)
    expected = essence([one.as_dict() for one in result] if isinstance(result, list) else result.as_dict())
    assert expected
    words = [name, *(f"--{key.replace('_', '-')}={value}" for key, value in given.items())]
    assert essence(json.loads(command(*words, "--json"))) == expected
    assert shown in command(*words)
    assert essence(post(secret, f"/ops-api/{name}/", given).json()["result"]) == expected
    found = mcp(secret, name, **given)["structuredContent"]
    assert essence(found.get("result", found)) == expected
    page = looker.get(f"/admin/ops/run/{name}/", {**given, "_run": "1"})
    assert page.status_code == 200
    assert shown in page.content.decode()
    assert looker.get("/admin/ops/run/terminate_session/").status_code == 403


@pytest.mark.parametrize("door", ["command", "http", "mcp", "page"])
def test_ending_a_session(others, secret, door):
    victim = others.connect("victim")
    victim.execute("SELECT 1")
    pid = victim.info.backend_pid
    given = {"pid": pid}
    if door == "command":
        assert "rolled back" in command("terminate-session", f"--pid={pid}", "--preview")
        assert "Ended: session" in command("terminate-session", f"--pid={pid}", "--yes")
    elif door == "http":
        assert post(secret, "/ops-api/terminate_session/", given).status_code == 409
        shown = post(secret, "/ops-api/terminate_session/preview/", given).json()["result"]
        assert shown["sql"].startswith(f"SELECT pg_terminate_backend({pid}")
        done = post(secret, "/ops-api/terminate_session/", {**given, "confirm": True}).json()["result"]
        assert done["ended"] is True
    elif door == "mcp":
        assert "rolled back" in mcp(secret, "terminate_session", **given)["content"][0]["text"]
        assert mcp(secret, "terminate_session", **given, confirm=True)["structuredContent"]["ended"] is True
    else:
        client = Client()
        client.force_login(person("carla", LOOK, END))
        page = client.post("/admin/ops/run/terminate_session/", {**given, "_step": "preview"})
        assert "rolled back" in page.content.decode()
        form = page.context["token"]
        done = client.post(
            "/admin/ops/run/terminate_session/", {**given, "_step": "run", "_form": form, "_confirm": "yes"}
        )
        assert "Ended: session" in done.content.decode()
    others.until("SELECT WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", pid)
    run = OperationRun.objects.get(operation="terminate_session")
    assert (run.door, run.outcome, run.result["application"]) == (door, "done", "victim")


@pytest.mark.parametrize("permission", [LOOK, CANCEL])
def test_ending_needs_its_own_permission(others, permission):
    victim = others.connect("victim")
    secret = issue(person("dora", USE, permission), "all", "destroys")[1]
    body = {"pid": victim.info.backend_pid, "confirm": True}
    for path in ("/ops-api/terminate_session/", "/ops-api/terminate_session/preview/"):
        answer = post(secret, path, {"pid": body["pid"]} if "preview" in path else body)
        assert answer.status_code == 403
        assert "opsadmin.terminate_session is missing" in answer.json()["error"]["message"]
    victim.execute("SELECT 1")
