"""The door for AI assistants (Model Context Protocol): every operation is a tool of the same name. On standard input
for an assistant beside the checkout, over HTTP for one elsewhere. Needs the extra [mcp]."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Sequence
from importlib.util import find_spec

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from opsadmin.core.errors import OperationError, OperationFailed
from opsadmin.core.operation import Caller, Effect
from opsadmin.faces import tokens
from opsadmin.faces.origin import is_foreign
from opsadmin.faces.refused import refused

#: Bytes of a request; a call is a few names and a statement.
MAX_BODY = 1_000_000


def missing() -> str:
    """What to install, empty where it is there."""
    if find_spec("mcp") is not None:
        return ""
    return _("MCP needs the package mcp: pip install 'switchbot-store-ops[mcp]', or 'mcp>=2,<3'.")


def run_stdio(arguments: Sequence[str] = ()) -> int:
    """Serve on standard input and output; the exit code. `arguments` as typed after `ops mcp`.

    Raises `OperationFailed` without the extra."""
    parser = argparse.ArgumentParser(prog="manage.py ops mcp", description=_("Serve the operations to an assistant."))
    parser.add_argument(
        "--read-only",
        action="store_true",
        help=_("Offer only what reads. This is the default."),
    )
    parser.add_argument(
        "--allow",
        choices=[effect.value for effect in Effect],
        default=Effect.READS.value,
        help=_("Offer also what writes, or what destroys (which asks for confirm=true)."),
    )
    options = parser.parse_args(arguments)
    if options.read_only and options.allow != Effect.READS:
        parser.error(_("--read-only and --allow %(effect)s contradict each other.") % {"effect": options.allow})
    if sentence := missing():
        raise OperationFailed(sentence)
    from opsadmin.faces.mcp_server import Offer
    from opsadmin.faces.mcp_stdio import serve

    caller = Caller(_account(), "mcp", reach=Effect(options.allow))
    serve(Offer(caller, _("Start it with `--allow writes` or `--allow destroys` for more.")))
    return 0


@csrf_exempt  # no cookie is read: whoever has no token gets nothing, whichever page sent them
def endpoint(request: HttpRequest) -> HttpResponse:
    """Streamable HTTP, stateless: each POST is answered whole. There is no stream to listen to, so no GET."""
    if sentence := missing():
        return refused(OperationError(sentence), 501)
    if request.method != "POST":
        return refused(OperationError(_("This address takes POST only.")), 405, Allow="POST")
    if is_foreign(request):
        return refused(OperationError(_("Requests from pages of another site are not answered.")), 403)
    try:
        caller = tokens.caller_for(request, "mcp")
    except OperationError as error:
        return refused(error)
    try:
        body = _body(request)
    except OperationError as error:
        return refused(error, 413)
    except UnreadablePostError:
        return refused(OperationError(_("The body ended before its length.")), 400)
    from opsadmin.faces.mcp_http import exchange
    from opsadmin.faces.mcp_server import Offer, server_for

    response = exchange(request, body, server_for(Offer(caller, _("The token's reach says so; another may do more."))))
    response.headers["Cache-Control"] = "no-store"
    return response


def _body(request: HttpRequest) -> bytes:
    sentence = _("The request is longer than %(most)d bytes.") % {"most": MAX_BODY}
    try:
        if len(request.body) > MAX_BODY:
            raise OperationError(sentence)
    except RequestDataTooBig:  # Django's own limit, before anything is read
        raise OperationError(sentence) from None
    return request.body


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "assistant"
