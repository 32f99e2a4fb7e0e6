"""The door for assistants, entered with the SDK's own client: over standard input and over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")
import httpx2
import jsonschema
from django.test import Client
from mcp import Client as McpClient
from mcp import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from opsadmin.core.operation import Caller, Effect
from opsadmin.faces import mcp as door
from opsadmin.faces import mcp_answers
from opsadmin.faces.mcp_server import Offer, server_for
from opsadmin.faces.mcp_tools import input_schema
from opsadmin.faces.tokens import Key, issue
from opsadmin.models import OperationRun
from opsadmin.perform import find, operations
from tests.fixtures.outage import outage  # noqa: F401
from tests.opsadmin.faces import samples
from tests.opsadmin.faces.people import person

ROOT = Path(__file__).resolve().parents[3]
USE, LOOK = "opsadmin.use_api", "opsadmin.view_database"
NOTE, DROP = "opsadmin.add_checkthreshold", "opsadmin.delete_checkthreshold"
NOWHERE = "host=127.0.0.1 port=1 dbname=store user=nobody password=hunter2"

HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}

Talk = Callable[[ClientSession], Awaitable[Any]]


@pytest.fixture(autouse=True)
def _no_loop_of_a_browser():
    """Playwright's own event loop counts as running in this thread from the first browser test to the last."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture
def sample_operations() -> Iterator[None]:
    with samples.registered():
        yield


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content)


# --- standard input --------------------------------------------------------------------------------------------------


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "tests.opsadmin.faces.mcp_process", "ops", "mcp", *options]


@asynccontextmanager
async def stdio_session(*options: str, **environment: str) -> AsyncIterator[ClientSession]:
    parameters = StdioServerParameters(
        command=sys.executable, args=command(*options)[1:], cwd=ROOT, env={**os.environ, **environment}
    )
    async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        yield session


def over_stdio(talk: Talk, *options: str, **environment: str) -> Any:
    async def run() -> Any:
        async with stdio_session(*options, **environment) as session:
            return await talk(session)

    return asyncio.run(asyncio.wait_for(run(), 60))


def test_a_session_on_standard_input():
    async def talk(session: ClientSession) -> None:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert {"sample_numbers", "sample_greet", "sample_broken"} <= tools.keys()
        assert not {"sample_note", "sample_drop"} & tools.keys(), "reads only, unless asked for more"
        assert tools["sample_numbers"].annotations.read_only_hint
        assert "only reads" in tools["sample_numbers"].description

        told = []

        async def progress(done: float, total: float | None, message: str | None) -> None:
            told.append((done, total, message))

        counted = await session.call_tool("sample_numbers", {"limit": 2}, progress_callback=progress)
        assert counted.structured_content == {
            "result": [{"value": 1, "said": "numéro"}, {"value": 2, "said": "numéro"}]
        }
        assert json.loads(text_of(counted)) == counted.structured_content
        assert told == [(1, 2, "half")]

        greeted = await session.call_tool("sample_greet", {"object_name": "anna"})
        assert greeted.structured_content == {"hello": "anna", "door": "mcp"}

        wrong = await session.call_tool("sample_numbers", {"order": "sideways"})
        assert wrong.is_error
        assert "up, down" in text_of(wrong)

        unknown = await session.call_tool("sample_nmbers", {})
        assert unknown.is_error
        assert "sample_numbers" in text_of(unknown)

        beyond = await session.call_tool("sample_note", {"name": "x"})
        assert beyond.is_error
        assert "--allow writes" in text_of(beyond)

        broken = await session.call_tool("sample_broken", {})
        assert broken.is_error
        assert "hunter2" not in text_of(broken)
        assert (await session.call_tool("sample_greet", {"name": "still there"})).structured_content

    over_stdio(talk)


def test_more_is_offered_where_it_is_asked_for(sample_operations):
    async def run() -> None:
        offer = Offer(Caller("anna", "mcp", reach=Effect.DESTROYS), "")
        async with McpClient(server_for(offer)) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools["sample_drop"].annotations.destructive_hint
        assert not tools["sample_note"].annotations.destructive_hint
        assert tools["sample_drop"].input_schema["properties"]["confirm"]["type"] == "boolean"
        assert "confirm" not in tools["sample_note"].input_schema["properties"]

    asyncio.run(run())


def test_a_client_that_checks_its_calls_lets_every_spelling_through(sample_operations):
    schema = input_schema(find("sample_greet"))
    for arguments in ({"name": "anna"}, {"object_name": "anna"}, {"object_name": "anna", "database": "store"}):
        jsonschema.validate(arguments, schema)
    assert schema["properties"]["name"]["description"].startswith("Required.")
    assert "object_name" not in schema["properties"], "one name is advertised"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": 3}, schema)
    for operation in operations():
        jsonschema.Draft202012Validator.check_schema(input_schema(operation))


def test_postgresql_down_is_told_to_the_model_and_nothing_of_its_address():
    async def talk(session: ClientSession) -> None:
        down = await session.call_tool("sample_numbers", {})
        assert down.is_error
        assert "PostgreSQL does not answer" in text_of(down)
        assert not any(word in text_of(down) for word in ("hunter2", "nobody", "127.0.0.1"))
        assert (await session.call_tool("sample_greet", {"name": "anna"})).structured_content

    over_stdio(talk, POSTGRES_URL=NOWHERE)


@contextmanager
def started(*options: str) -> Iterator[subprocess.Popen[str]]:
    """A server that has answered once."""
    with subprocess.Popen(
        command(*options), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        send(process, "ping")
        assert json.loads(process.stdout.readline())["id"] == 1
        yield process


def send(process: subprocess.Popen[str], method: str, **params: Any) -> None:
    """One message, without waiting for the answer."""
    process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}) + "\n")
    process.stdin.flush()


def test_it_ends_with_its_input():
    with started() as process:
        said, complained = process.communicate(timeout=20)
    assert process.returncode == 0
    assert said == ""
    assert "Traceback" not in complained


def test_a_signal_lets_the_call_that_runs_end(tmp_path):
    begun, go_on, ended = tmp_path / "begun", tmp_path / "go on", tmp_path / "ended"
    os.mkfifo(begun)
    os.mkfifo(go_on)
    with started() as process:
        send(process, "initialize", **HELLO)
        assert json.loads(process.stdout.readline())["result"]
        send(process, "tools/call", name="sample_wait", arguments={"name": str(tmp_path)})
        begun.read_text()  # until the call has opened its end
        process.send_signal(signal.SIGTERM)
        go_on.write_text("")
        process.wait(20)
        assert process.returncode == 0
        assert ended.exists()
        assert "Traceback" not in process.stderr.read()


def test_a_script_for_the_postgres_mcp_server():
    """Its tool names and its spellings, on the real `manage.py`, which offers the real operations."""

    async def run() -> None:
        parameters = StdioServerParameters(
            command=sys.executable, args=["manage.py", "ops", "mcp"], cwd=ROOT, env=dict(os.environ)
        )
        async with McpClient(parameters) as client:
            health = await client.call_tool("analyze_db_health", {"health_type": "index,vacuum"})
            assert not health.is_error, text_of(health)
            assert health.structured_content["overall_status"] in ("ok", "warning", "critical")
            listed = await client.call_tool("list_objects", {"schema_name": "pg_catalog", "object_type": "view"})
            assert "pg_stat_activity" in text_of(listed)

    asyncio.run(asyncio.wait_for(run(), 60))


def test_contradicting_options(capsys):
    with pytest.raises(SystemExit, match="2"):
        door.run_stdio(["--read-only", "--allow", "writes"])
    said = capsys.readouterr()
    assert said.out == ""
    assert "contradict" in said.err


# --- HTTP ------------------------------------------------------------------------------------------------------------

http = [
    pytest.mark.django_db(databases=["default", "store"], transaction=True),
    pytest.mark.usefixtures("sample_operations"),
]


def over_http(url: str, secret: str, talk: Callable[[McpClient], Awaitable[Any]], mode: str = "auto") -> Any:
    async def run() -> Any:
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {secret}"}, timeout=30) as line:
            async with McpClient(streamable_http_client(url, http_client=line), mode=mode) as client:
                return await talk(client)

    return asyncio.run(asyncio.wait_for(run(), 60))


class TestOverHttp:
    pytestmark = http

    @pytest.fixture
    def url(self, live_server: Any) -> str:
        return f"{live_server.url}/mcp/"

    @pytest.mark.parametrize("mode", ["legacy", "auto"])
    def test_a_session(self, url, mode):
        _token, secret = issue(person("anna", USE, LOOK), "assistant", "reads")

        async def talk(client: McpClient) -> None:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert {"sample_numbers", "sample_greet"} <= names
            assert not {"sample_note", "sample_drop"} & names
            counted = await client.call_tool("sample_numbers", {"limit": 2, "order": "down"})
            assert [one["value"] for one in counted.structured_content["result"]] == [2, 1]
            assert json.loads(text_of(counted)) == counted.structured_content
            assert (await client.call_tool("sample_greet", {"object_name": "anna"})).structured_content["door"] == "mcp"
            wrong = await client.call_tool("sample_greet", {"name": "nobody"})
            assert wrong.is_error
            assert text_of(wrong) == "There is no nobody. Allowed: anna, bob. Try list_people."
            assert wrong.structured_content["error"]["allowed"] == ["anna", "bob"]
            unknown = await client.call_tool("sample_gree", {})
            assert unknown.is_error
            assert "sample_greet" in text_of(unknown)
            beyond = await client.call_tool("sample_note", {"name": "x"})
            assert beyond.is_error
            assert "sample_note writes" in text_of(beyond)

        over_http(url, secret, talk, mode)
        assert samples.done == []

    def test_what_the_user_may_not_do_is_neither_listed_nor_done(self, url):
        _token, secret = issue(person("anna", USE), "assistant", "destroys")

        async def talk(client: McpClient) -> CallToolResult:
            assert (await client.list_tools()).tools == []
            return await client.call_tool("sample_numbers", {})

        refused = over_http(url, secret, talk)
        assert refused.is_error
        assert LOOK in text_of(refused)

    def test_what_destroys_asks_first(self, url):
        _token, secret = issue(person("anna", USE, LOOK, NOTE, DROP), "assistant", "destroys")

        async def talk(client: McpClient) -> None:
            asked = await client.call_tool("sample_drop", {"name": 'odd "name"'})
            assert not asked.is_error
            assert asked.structured_content["done"] is False
            assert text_of(asked).startswith("Nothing was done yet.")
            assert "confirm=true" in text_of(asked)
            assert 'DROP INDEX "odd "name""' in text_of(asked)
            assert samples.done == []
            await client.call_tool("sample_drop", {"name": "i", "confirm": "yes"})
            assert samples.done == [], "only true is a yes"
            refused = await client.call_tool("sample_drop", {"name": "pk"})
            assert refused.is_error
            assert "held by a constraint" in text_of(refused)
            assert (await client.call_tool("sample_drop", {"name": "i", "confirm": True})).structured_content
            await client.call_tool("sample_note", {"name": "n"})

        over_http(url, secret, talk)
        assert samples.done == ["dropped i", "n"]
        runs = OperationRun.objects.order_by("pk")
        assert [(run.operation, run.caller, run.door, run.address) for run in runs] == [
            ("sample_drop", "anna (assistant)", "mcp", "127.0.0.1"),
            ("sample_note", "anna (assistant)", "mcp", "127.0.0.1"),
        ]

    def test_postgresql_down(self, url, outage):  # noqa: F811
        _token, secret = issue(person("anna", USE, LOOK), "assistant")
        outage.down()

        async def talk(client: McpClient) -> CallToolResult:
            assert (await client.list_tools()).tools
            return await client.call_tool("sample_numbers", {})

        down = over_http(url, secret, talk)
        assert down.is_error
        assert "PostgreSQL does not answer" in text_of(down)


def test_behind_gunicorn(tmp_path, free_tcp_port):
    """A worker that does one thing at a time, and a token of the environment: the site database is not even made."""
    secret = "of this test, and long enough for one"
    environment = {**os.environ, "PORT": str(free_tcp_port), "VAR_DIR": str(tmp_path), "OPS_API_TOKEN": secret}
    server = [sys.executable, "-m", "gunicorn", "-c", "switchbot_site/gunicorn.conf.py", "-k", "sync", "-w", "1"]

    async def talk(client: McpClient) -> None:
        health = await client.call_tool("analyze_db_health", {"health_type": "index,vacuum"})
        assert not health.is_error, text_of(health)
        assert health.structured_content["overall_status"]

    with subprocess.Popen([*server, "switchbot_site.wsgi"], cwd=ROOT, env=environment, stderr=subprocess.PIPE) as site:
        try:
            for line in site.stderr:
                if b"Booting worker" in line:
                    break
            url = f"http://127.0.0.1:{free_tcp_port}"
            over_http(f"{url}/mcp", secret, talk)
            answer = httpx2.get(f"{url}/metrics", headers={"Authorization": f"Bearer {secret}"}, timeout=30)
            assert 'opsadmin_up{database="store"} 1.0' in answer.text
        finally:
            site.terminate()
            site.communicate(timeout=30)


class TestRequests:
    """What a request must be, before the protocol looks at it."""

    pytestmark = http
    CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "sample_greet", "arguments": {}}}

    @pytest.fixture
    def secret(self, db: None) -> str:
        return issue(person("anna", USE, LOOK), "assistant")[1]

    def post(self, secret: str = "", body: Any = CALL, path: str = "/mcp/", **headers: str) -> Any:
        accept = {"Accept": "application/json, text/event-stream"}
        shown = {"Authorization": f"Bearer {secret}"} if secret else {}
        return Client(enforce_csrf_checks=True).post(
            path,
            body if isinstance(body, str) else json.dumps(body),
            content_type="application/json",
            headers={**accept, **shown, **headers},
        )

    def call(self, secret: str, tool: str, **arguments: Any) -> Any:
        return self.post(secret, {**self.CALL, "params": {"name": tool, "arguments": arguments}}).json()

    @pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
    def test_a_call(self, secret, path):
        answer = self.post(secret, path=path)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "name" in answer.json()["result"]["content"][0]["text"]

    def test_a_token_is_needed(self, secret):
        for shown in ("", "ops_wrong"):
            answer = self.post(shown)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert "token" in answer.json()["error"]["message"]

    def test_a_session_of_the_site_is_no_key(self):
        client = Client()
        client.force_login(person("anna", USE, LOOK, is_superuser=True))
        assert client.post("/mcp/", "{}", content_type="application/json").status_code == 401

    @pytest.mark.parametrize("method", ["get", "delete", "put", "options"])
    def test_only_post(self, secret, method):
        answer = getattr(Client(headers={"Authorization": f"Bearer {secret}"}), method)("/mcp/")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "POST"

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "null", "http://testserver.evil.example", "https://[", ""]
    )
    def test_pages_of_other_sites(self, secret, origin):
        assert self.post(secret, Origin=origin).status_code == 403

    @pytest.mark.parametrize("origin", ["http://testserver", "https://ops.example.com", "https://a.example.org"])
    def test_pages_of_this_site(self, secret, settings, origin):
        settings.CSRF_TRUSTED_ORIGINS = ["https://ops.example.com", "https://*.example.org"]
        assert self.post(secret, Origin=origin).status_code == 200

    def test_another_host_name(self, secret):
        assert self.post(secret, Host="evil.example").status_code == 400

    @pytest.mark.parametrize(
        ("body", "status"),
        [("{", 400), ("[]", 400), ("null", 400), ('{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}', 200)],
    )
    def test_what_is_no_call(self, secret, body, status):
        answer = self.post(secret, body)
        assert answer.status_code == status
        assert answer.json()["error"]["code"] < 0

    def test_a_list_that_cannot_be_made_tells_nothing_of_why(self, secret, monkeypatch):
        def may(key: Any, permission: str) -> bool:
            raise RuntimeError("password=hunter2")

        monkeypatch.setattr(Key, "may", may)
        answer = self.post(secret, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert "could not be listed" in answer.json()["error"]["message"]
        assert "hunter2" not in answer.content.decode()

    @pytest.mark.parametrize("accept", ["*/*", "application/json"])
    def test_a_plain_client(self, secret, accept):
        assert self.post(secret, Accept=accept).status_code == 200

    def test_a_long_request(self, secret):
        assert self.post(secret, " " * (door.MAX_BODY + 1)).status_code == 413

    def test_an_unknown_version_of_the_protocol(self, secret):
        answer = self.post(secret, **{"MCP-Protocol-Version": "2031-01-01"})
        assert answer.status_code == 400
        assert "protocolVersion" in answer.json()["error"]["message"]

    def test_a_notification(self, secret):
        answer = self.post(secret, {"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert answer.status_code == 202

    def test_without_the_extra(self, secret, monkeypatch):
        monkeypatch.setattr(door, "find_spec", lambda name: None)
        answer = self.post(secret)
        assert answer.status_code == 501
        assert "pip install" in answer.json()["error"]["message"]

    def test_a_long_result_is_cut_in_the_text_and_whole_in_the_structure(self, secret):
        result = self.call(secret, "sample_numbers", limit=5000)["result"]
        text, note = (block["text"] for block in result["content"])
        assert len(text) == mcp_answers.MAX_TEXT
        assert "structuredContent" in note
        assert "limit" in note
        assert len(result["structuredContent"]["result"]) == 5000

    def test_a_result_that_is_too_long_says_what_makes_it_shorter(self, secret):
        result = self.call(secret, "sample_numbers", limit=60_000)["result"]
        assert result["isError"]
        assert "limit, order" in result["content"][0]["text"]
        assert "structuredContent" not in result or "error" in result["structuredContent"]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"name": "a", "object_name": "b"}, "given twice"),
            ({"nmae": "a"}, "There is no parameter 'nmae'"),
            ({"name": 3}, "must be a text"),
            ({"name": "a", "database": "nowhere"}, "must be one of store"),
            ({"name": "a", "confirm": True}, "There is no parameter 'confirm'"),
            ({"name": "\ud800"}, ""),
        ],
    )
    def test_wrong_arguments(self, secret, arguments, said):
        answer = self.call(secret, "sample_greet", **arguments)
        assert said in json.dumps(answer, ensure_ascii=False)
