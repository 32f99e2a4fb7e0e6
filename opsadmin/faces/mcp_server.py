"""The registry of operations as a server of the Model Context Protocol, whatever line it speaks over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.utils.translation import gettext as _
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams

from opsadmin.core.errors import NotConfirmed, NotPermitted, OperationError, OperationFailed
from opsadmin.core.operation import Caller, Effect, Operation, Progress
from opsadmin.faces.mcp_answers import preview_answer, refusal, result_answer
from opsadmin.faces.mcp_tools import CONFIRM, tool_of
from opsadmin.perform import find, operations, perform, preview

logger = logging.getLogger(__name__)

NAME = "opsadmin"


@dataclass(frozen=True)
class Offer:
    """What one connection may do: for whom (whose reach is the furthest effect), and the sentence that says how to get
    more."""

    caller: Caller
    more: str

    def includes(self, operation: Operation) -> bool:
        """Whether the operation is listed: what is refused anyway only misleads a model."""
        return operation.effect.rank <= self.caller.reach.rank and self.caller.may(operation.permission)


def server_for(offer: Offer, *, before_call: Callable[[], None] = lambda: None) -> Server[dict[str, Any]]:
    """A server whose tools are the operations that the offer includes. `before_call` runs on the thread of the call."""

    async def list_tools(
        context: ServerRequestContext[dict[str, Any]], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        def listed() -> ListToolsResult:
            before_call()
            return _tools(offer)

        return await sync_to_async(listed)()

    async def call_tool(context: ServerRequestContext[dict[str, Any]], params: CallToolRequestParams) -> CallToolResult:
        def report(progress: Progress) -> None:
            async_to_sync(context.session.report_progress)(progress.done, progress.total, progress.message or None)

        def answer() -> CallToolResult:
            before_call()
            return _answer(offer, params.name, params.arguments or {}, report)

        # On the thread that Django's connections belong to: the request's own, or the one that serves standard input.
        return await sync_to_async(answer)()

    return Server(
        NAME,
        title=_("PostgreSQL operations"),
        instructions=_(
            "Looks after the PostgreSQL databases of a Django project. Begin with analyze_db_health: it lists what is "
            "wrong, worst first, with the fix. Leave out `database` for the default one. An error says what to change "
            "in the call."
        ),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        get_tool_input_schema=lambda name: None,  # no argument of ours is repeated in a header
    )


def _tools(offer: Offer) -> ListToolsResult:
    try:
        return ListToolsResult(tools=[tool_of(one) for one in operations() if offer.includes(one)])
    except Exception as error:  # as it stands it would go to the client, address and all
        logger.exception("[mcp] the operations could not be listed")
        raise MCPError(INTERNAL_ERROR, _("The operations could not be listed. The server's log says more.")) from error


def _answer(offer: Offer, name: str, arguments: dict[str, Any], report: Callable[[Progress], None]) -> CallToolResult:
    try:
        return _done(offer, name, arguments, report)
    except OperationError as error:
        return refusal(error)
    except Exception as error:  # the model gets a sentence, the operator the traceback
        logger.exception("[mcp] the operation %s failed", name)
        return refusal(
            OperationFailed(
                _("%(name)s failed inside (%(error)s).") % {"name": name, "error": type(error).__name__},
                hint=_("The server's log says more."),
            )
        )


def _done(offer: Offer, name: str, arguments: dict[str, Any], report: Callable[[Progress], None]) -> CallToolResult:
    operation = find(name)
    if operation.effect.rank > offer.caller.reach.rank:
        raise NotPermitted(
            _("%(name)s %(effect)s, and this connection may only do what %(reach)s. %(more)s")
            % {"name": name, "effect": operation.effect, "reach": offer.caller.reach, "more": offer.more}
        )
    given = dict(arguments)
    confirmed = operation.effect is Effect.DESTROYS and given.pop(CONFIRM, None) is True
    try:
        return result_answer(operation, perform(name, given, offer.caller, confirmed=confirmed, report=report))
    except NotConfirmed:
        return preview_answer(operation, preview(name, given, offer.caller))
