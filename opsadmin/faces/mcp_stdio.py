"""MCP on standard input and output: `manage.py ops mcp`, started by an assistant on the operator's own machine.

Nothing but the protocol reaches standard output: the SDK keeps the real one for itself while it serves, and what
anybody prints goes to standard error with the log."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections
from mcp.server.stdio import stdio_server

from opsadmin.faces.mcp_server import Offer, server_for


def serve(offer: Offer) -> None:
    """Serve until the client closes its end, or SIGTERM or SIGINT comes."""
    asyncio.run(_serve(offer))


async def _serve(offer: Offer) -> None:
    loop = asyncio.get_running_loop()
    leaving: set[asyncio.Task[None]] = set()

    def leave() -> None:
        leaving.add(loop.create_task(_leave()))

    with contextlib.suppress(NotImplementedError):  # not on Windows, where the client ends the process
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, leave)
    server = server_for(offer, before_call=close_old_connections)  # no request begins here that would
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
    await _close_connections()


async def _leave() -> None:
    """End the process although the reader's thread waits for a line that may never come; a call that runs is let end,
    since closing waits for its turn on the same thread."""
    await _close_connections()
    os._exit(0)


async def _close_connections() -> None:
    await sync_to_async(connections.close_all)()
