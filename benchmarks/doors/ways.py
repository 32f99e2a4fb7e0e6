"""The ways in: each asks for an operation as its users do, and says what came back."""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
import shlex
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from typing import Any

import httpx2
from mcp import Client, ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from benchmarks.doors.site import ROOT, USER, Site
from opsadmin.core.operation import Effect, Operation

TIMEOUT = 60


@dataclass(frozen=True)
class Answer:
    """`outcome`: done, preview, or the kind of the error. `result`: what was answered, as JSON has it; of an error its
    message and hint. `text`: all of it, as it came. `by_words`: a page, of which only words can be compared."""

    outcome: str
    result: Any
    request: str
    text: str
    ms: float
    by_words: bool = False

    @property
    def size(self) -> int:
        return len(self.text.encode())


def error_of(found: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return found["kind"], {name: found.get(name, "") for name in ("message", "hint")}


class Python:
    """`opsadmin.api`, in this process."""

    name = "Python"

    def ask(self, operation: Operation, given: dict[str, Any], *, preview: bool) -> Answer:
        from opsadmin import api
        from opsadmin.core.errors import OperationError
        from opsadmin.core.result import plain
        from opsadmin.perform import preview as look_ahead

        words = ", ".join(f"{name}={value!r}" for name, value in given.items())
        request = f"opsadmin.api.{operation.name}({words})"
        if preview:
            request = f"opsadmin.perform.preview({operation.name!r}, {given!r}, opsadmin.api.python_caller())"
        begun = time.perf_counter()
        try:
            if preview:
                result = plain(look_ahead(operation.name, given, api.python_caller()))
            else:
                result = plain(api.call(operation.name, confirmed=operation.effect is Effect.DESTROYS, **given))
            outcome = "preview" if preview else "done"
        except OperationError as error:
            outcome, result = error_of(error.as_dict())
        ms = (time.perf_counter() - begun) * 1000
        text = json.dumps(result, ensure_ascii=False, indent=1)
        return Answer(outcome, json.loads(text), request, text, ms)


class Command:
    """`manage.py ops`, a process for each call."""

    name = "command"

    def __init__(self, site: Site) -> None:
        self.site = site

    def ask(self, operation: Operation, given: dict[str, Any], *, preview: bool) -> Answer:
        words = ["ops", operation.name]
        for name, value in given.items():
            option = f"--{name.replace('_', '-')}"
            match value:
                case bool():
                    words.append(option if value else f"--no-{name.replace('_', '-')}")
                case list() if name == "queries":
                    words += [part for one in value for part in ("--query", one)]
                case str():
                    words += [option, value]
                case _:
                    words += [option, json.dumps(value)]
        words += ["--json", *(["--preview"] if preview else [])]
        words += ["--yes"] if operation.effect is Effect.DESTROYS and not preview else []
        begun = time.perf_counter()
        done = self.site.manage(*words)
        ms = (time.perf_counter() - begun) * 1000
        out, err = done.stdout.decode(), done.stderr.decode()
        request = shlex.join(["manage.py", *words])
        if done.returncode == 0:
            return Answer("preview" if preview else "done", json.loads(out), request, out, ms)
        text = f"exit code {done.returncode}\n{out}{err}"
        return Answer(*error_of(json.loads(err.splitlines()[-1])), request, text, ms)


class Http:
    """`/ops-api/`."""

    name = "HTTP"

    def __init__(self, site: Site, at_end: ExitStack) -> None:
        headers = {"Authorization": f"Bearer {site.token}"}
        self.client = at_end.enter_context(httpx2.Client(base_url=site.url, headers=headers, timeout=TIMEOUT))

    def ask(self, operation: Operation, given: dict[str, Any], *, preview: bool) -> Answer:
        path = f"/ops-api/{operation.name}/{'preview/' if preview else ''}"
        body = {**given, **({"confirm": True} if operation.effect is Effect.DESTROYS and not preview else {})}
        begun = time.perf_counter()
        answer = self.client.post(path, json=body)
        ms = (time.perf_counter() - begun) * 1000
        request = f"POST {path}\nAuthorization: Bearer {self.client.headers['Authorization'][7:]}\n\n{json.dumps(body)}"
        text = f"{answer.status_code} {answer.reason_phrase}\n\n{answer.text}"
        found = answer.json()
        if found["ok"]:
            return Answer("preview" if preview else "done", found["result"], request, text, ms)
        return Answer(*error_of(found["error"]), request, text, ms)


class Loop:
    """A thread with an event loop, for the SDK's clients, which stay open from one call to the next."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def do(self, work: Awaitable[Any]) -> Any:
        async def within() -> Any:
            return await asyncio.wait_for(work, TIMEOUT)

        return asyncio.run_coroutine_threadsafe(within(), self.loop).result()

    def hold(self, opened: Callable[[AsyncExitStack], Awaitable[Any]], at_end: ExitStack) -> Any:
        """What `opened` opens, closed at the end by the task that opened it, as the SDK wants."""
        ready: asyncio.Future[Any] = asyncio.run_coroutine_threadsafe(self._future(), self.loop).result()
        over = asyncio.run_coroutine_threadsafe(self._event(), self.loop).result()

        async def live() -> None:
            try:
                async with AsyncExitStack() as stack:
                    ready.set_result(await opened(stack))
                    await over.wait()
            except BaseException as error:
                if not ready.done():
                    ready.set_exception(error)

        task = asyncio.run_coroutine_threadsafe(live(), self.loop)
        at_end.callback(task.result, TIMEOUT)
        at_end.callback(self.loop.call_soon_threadsafe, over.set)
        return self.do(ready)

    async def _future(self) -> asyncio.Future[Any]:
        return self.loop.create_future()

    async def _event(self) -> asyncio.Event:
        return asyncio.Event()


class Mcp:
    """A tool of the same name, called with the SDK's client."""

    def __init__(self, name: str, loop: Loop, session: Any) -> None:
        self.name = name
        self.loop = loop
        self.session = session

    def ask(self, operation: Operation, given: dict[str, Any], *, preview: bool) -> Answer | None:
        if preview and operation.effect is not Effect.DESTROYS:
            return None  # a tool that can be undone has no preview
        arguments = {**given, **({"confirm": True} if operation.effect is Effect.DESTROYS and not preview else {})}
        begun = time.perf_counter()
        found: CallToolResult = self.loop.do(self.session.call_tool(operation.name, arguments))
        ms = (time.perf_counter() - begun) * 1000
        request = json.dumps({"method": "tools/call", "params": {"name": operation.name, "arguments": arguments}})
        text = found.model_dump_json(by_alias=True, exclude_none=True)
        content = found.structured_content or {}
        if "error" in content and found.is_error:
            return Answer(*error_of(content["error"]), request, text, ms)
        if preview:
            return Answer("preview", content["preview"], request, text, ms)
        return Answer("done", content["result"] if set(content) == {"result"} else content, request, text, ms)


def mcp_stdio(site: Site, loop: Loop, at_end: ExitStack) -> Mcp:
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["manage.py", "ops", "mcp", "--allow", "destroys"],
        cwd=ROOT,
        env={**os.environ, **site.environment},
    )

    async def opened(stack: AsyncExitStack) -> ClientSession:
        read, write = await stack.enter_async_context(stdio_client(parameters))
        session = await stack.enter_async_context(ClientSession(read, write))
        await session.initialize()
        return session

    return Mcp("MCP stdio", loop, loop.hold(opened, at_end))


def mcp_http(site: Site, loop: Loop, at_end: ExitStack) -> Mcp:
    async def opened(stack: AsyncExitStack) -> Client:
        headers = {"Authorization": f"Bearer {site.token}"}
        line = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=TIMEOUT))
        return await stack.enter_async_context(Client(streamable_http_client(f"{site.url}/mcp/", http_client=line)))

    return Mcp("MCP HTTP", loop, loop.hold(opened, at_end))


class Page:
    """The operation's page in the admin, as a browser without scripts uses it: its form sent, and for what changes
    something the preview's form after it."""

    name = "page"

    def __init__(self, site: Site, at_end: ExitStack) -> None:
        self.client = at_end.enter_context(httpx2.Client(base_url=site.url, timeout=TIMEOUT, follow_redirects=True))
        self.client.get("/admin/login/")
        entered = self.client.post(
            "/admin/login/?next=/admin/", data=self._form({"username": USER, "password": site.password})
        )
        if "Log out" not in entered.text:
            raise SystemExit(f"Nobody could log in: {entered.status_code}")

    def ask(self, operation: Operation, given: dict[str, Any], *, preview: bool) -> Answer:
        from django.urls import reverse

        path = reverse("admin:ops_run_operation", args=[operation.name])
        fields = {
            name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in given.items()
        }
        begun = time.perf_counter()
        answer = self.client.post(path, data=self._form(fields))
        reads = operation.effect is Effect.READS
        if not reads and not preview and (match := re.search(r'name="_form" value="([^"]+)"', answer.text)):
            more = {"_step": "run", "_form": match[1], "_confirm": "yes"}
            answer = self.client.post(path, data=self._form({**fields, **more}))
        ms = (time.perf_counter() - begun) * 1000
        request = f"POST {path}\n\n{json.dumps(fields, ensure_ascii=False)}"
        text = f"{answer.status_code} {answer.reason_phrase}\n\n{answer.text}"
        if preview:
            return Answer("preview" if 'id="preview-head"' in answer.text else "error", None, request, text, ms, True)
        if reads:
            kept = self.client.post(path, data=self._form({**fields, "_format": "json"}))
            if kept.headers["Content-Type"] != "application/json":
                return Answer("error", {"message": f"{kept.status_code}, no JSON"}, request, text, ms, True)
            found = kept.json()
            if isinstance(found, dict) and set(found) == {"error"}:
                return Answer(*error_of(found["error"]), request, text, ms)
            return Answer("done", found, request, text, ms)
        if answer.history and "run=" in str(answer.url):  # long work: a page that shows how far it has come
            return Answer("done", None, request, text, ms, True)
        kept = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", answer.text, re.S)
        if 'role="status"' not in answer.text or not kept:
            return Answer("error", None, request, text, ms, True)
        for one in kept:
            try:
                return Answer("done", json.loads(html.unescape(one)), request, text, ms)
            except ValueError:
                continue
        return Answer("error", None, request, text, ms, True)

    def _form(self, fields: dict[str, str]) -> dict[str, str]:
        return {**fields, "csrfmiddlewaretoken": self.client.cookies.get("csrftoken") or ""}
