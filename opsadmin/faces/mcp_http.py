"""One HTTP exchange of MCP inside a synchronous view: the SDK's own transport, stateless and answering in JSON, fed with
what Django has read already. It negotiates the protocol's version and checks its headers."""

from __future__ import annotations

import logging
from typing import Any

import anyio
from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Message, Scope

#: Headers that are the connection's own, which Django and its server set for the answer themselves.
_NOT_OURS = ("content-length", "connection")

# They tell of each start and end, and here that is each request. A project that set a level keeps it.
for _name in ("mcp.server.streamable_http", "mcp.server.streamable_http_manager"):
    if logging.getLogger(_name).level == logging.NOTSET:
        logging.getLogger(_name).setLevel(logging.WARNING)


def exchange(request: HttpRequest, body: bytes, server: Server[Any]) -> HttpResponse:
    """The server's answer to a POST."""
    return async_to_sync(_exchange)(_scope(request), body, server)


async def _exchange(scope: Scope, body: bytes, server: Server[Any]) -> HttpResponse:
    response = HttpResponse(status=500)
    unread = [body]

    async def receive() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        await anyio.sleep_forever()  # a disconnect is never told: the whole answer is sent at once
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            response.status_code = message["status"]
            del response.headers["Content-Type"]
            for name, value in message.get("headers", ()):
                if name.decode().lower() not in _NOT_OURS:
                    response.headers[name.decode()] = value.decode()
        else:
            response.write(message.get("body", b""))

    # A manager serves one event loop, and each request has its own.
    manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
    async with manager.run():
        await manager.handle_request(scope, receive, send)
    return response


def _scope(request: HttpRequest) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in request.headers.items()],
    }
