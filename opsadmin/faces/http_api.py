"""The operations as JSON over HTTP, for scripts and cron: `GET /ops-api/`, `GET` or `POST /ops-api/NAME/`, and
`POST /ops-api/NAME/preview/`, each with `Authorization: Bearer TOKEN`.

An answer is `{"ok": true, "result": ...}` or `{"ok": false, "error": {...}}`, with the error's status."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from opsadmin.core.errors import OperationError
from opsadmin.core.finding import HealthReport, Status
from opsadmin.core.operation import Caller, Effect, Operation
from opsadmin.core.result import plain
from opsadmin.faces.describe import described
from opsadmin.faces.refused import refused
from opsadmin.faces.tokens import caller_for
from opsadmin.perform import find, operations, perform, preview

logger = logging.getLogger(__name__)

#: Bytes of a request; a call is a few names and a statement.
MAX_BODY = 1_000_000
#: No operation has parameters of these names: the confirmation of what destroys, and the limit of a monitor.
CONFIRM, FAIL_ON = "confirm", "fail_on"


class InternalError(OperationError):
    """A fault of ours."""

    http_status = 500


class NoSuchAddress(OperationError):
    """Nothing is there."""

    http_status = 404


View = Callable[..., HttpResponse]


class WrongMethod(OperationError):
    """The address is not asked that way."""

    http_status = 405

    def __init__(self, message: str, allowed: tuple[str, ...]) -> None:
        super().__init__(message, allowed=allowed)


class TooLarge(OperationError):
    """The request is longer than any call needs to be."""

    http_status = 413


class NoLength(OperationError):
    """The body comes in pieces, which WSGI does not promise to hand on."""

    http_status = 411


class NotJson(OperationError):
    """The body is of another kind than JSON."""

    http_status = 415


def door(view: Callable[[HttpRequest, Caller, str], HttpResponse]) -> View:
    """Let in who shows a token, and say every failure as JSON.

    Cookies are never read, so a page of another site cannot make a browser act with somebody's session: that is what
    the CSRF token is for, and why it is not asked for here."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, name: str = "") -> HttpResponse:
        try:
            response = view(request, caller_for(request), name)
        except WrongMethod as error:
            response = refused(error, Allow=", ".join(error.allowed))
        except OperationError as error:
            response = refused(error)
        except Exception as error:
            logger.exception("[ops] %s over HTTP failed", name or "the list")
            message = _("It failed in a way nobody foresaw (%(kind)s). The site's log has it.")
            response = refused(InternalError(message % {"kind": type(error).__name__}))
        return response

    return guarded


@door
def index(request: HttpRequest, caller: Caller, name: str) -> HttpResponse:
    """What the caller may do, each with the JSON Schema of its parameters."""
    if request.method != "GET":
        raise WrongMethod(_("The list is read with GET."), ("GET",))
    return _done([described(one) for one in operations() if _may(one, caller)])


@door
def operate(request: HttpRequest, caller: Caller, name: str) -> HttpResponse:
    """Do one operation."""
    operation = find(name)
    allowed = ("GET", "POST") if operation.effect is Effect.READS else ("POST",)
    if request.method not in allowed:
        raise WrongMethod(
            _("%(name)s is asked for with %(methods)s.") % {"name": name, "methods": _(" or ").join(allowed)}, allowed
        )
    given = _given(request, operation)
    fail_on = _fail_on(given) if operation.effect is Effect.READS else None
    confirmed = operation.effect is Effect.DESTROYS and given.pop(CONFIRM, False) is True
    result = perform(name, given, caller, confirmed=confirmed)
    return _done(result, 503 if fail_on is not None and _as_bad(operation, result, fail_on) else 200)


@door
def look_ahead(request: HttpRequest, caller: Caller, name: str) -> HttpResponse:
    """What one operation would do."""
    operation = find(name)
    if request.method != "POST":
        raise WrongMethod(_("A preview is asked for with POST."), ("POST",))
    if operation.preview is None:
        raise OperationError(_("%(name)s has no preview.") % {"name": name})
    given = _given(request, operation)
    given.pop(CONFIRM, None)
    return _done(preview(name, given, caller))


@door
def nothing_here(request: HttpRequest, caller: Caller, name: str) -> NoReturn:
    """Any other address below /ops-api/."""
    raise NoSuchAddress(_("There is nothing at this address."), hint=_("GET /ops-api/ lists what there is."))


def _may(operation: Operation, caller: Caller) -> bool:
    return operation.effect.rank <= caller.reach.rank and caller.may(operation.permission)


def _given(request: HttpRequest, operation: Operation) -> dict[str, Any]:
    """The parameters from the query string and the body.

    Raises `OperationError`: twice the same one, a body that is too large, not JSON or no object."""
    given = _from_query(request, operation)
    for name, value in _from_body(request).items():
        if name in given:
            raise OperationError(
                _("The parameter %(name)r is in the address and in the body.") % {"name": name}, parameter=name
            )
        given[name] = value
    return given


def _from_query(request: HttpRequest, operation: Operation) -> dict[str, Any]:
    lists = {
        name
        for field in operation.fields
        if field.kind == "list" or isinstance(field.default, list)
        for name in (field.name, *field.spellings)
    }
    given: dict[str, Any] = {}
    for name, values in request.GET.lists():
        if name in lists:
            given[name] = values if len(values) > 1 else values[0]
        elif len(values) > 1:
            raise OperationError(_("The parameter %(name)r is given twice.") % {"name": name}, parameter=name)
        else:
            given[name] = values[0]
    return given


def _from_body(request: HttpRequest) -> Mapping[str, Any]:
    if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
        # Django would take it for an empty one, and the operation would run without its parameters.
        raise NoLength(_("The body has no length. Send the header Content-Length in place of Transfer-Encoding."))
    try:
        body = request.body
    except UnreadablePostError:
        raise OperationError(_("The body ended before its length.")) from None
    except RequestDataTooBig:  # Django's own limit, before anything is read
        body = None
    if body is None or len(body) > MAX_BODY:
        raise TooLarge(_("The body is larger than %(most)d bytes.") % {"most": MAX_BODY})
    if not body.strip():
        return {}
    if request.content_type != "application/json":
        raise NotJson(
            _("The body is %(kind)s; it must be application/json.") % {"kind": request.content_type or _("of no kind")},
            hint=_("Send the header Content-Type: application/json."),
        )
    try:
        found = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        where = f" ({error.msg}, line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise OperationError(_("The body is no valid JSON%(where)s.") % {"where": where}) from None
    if not isinstance(found, dict):
        raise OperationError(_("The body must be a JSON object with the parameters by name."))
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _fail_on(given: dict[str, Any]) -> Status | None:
    value = given.pop(FAIL_ON, None)
    if value is None:
        return None
    allowed = (Status.WARNING.value, Status.CRITICAL.value)
    if value not in allowed:
        raise OperationError(
            _("fail_on is %(value)r; it must be one of %(allowed)s.") % {"value": value, "allowed": ", ".join(allowed)},
            parameter=FAIL_ON,
            allowed=allowed,
        )
    return Status(value)


def _as_bad(operation: Operation, result: Any, limit: Status) -> bool:
    if not isinstance(result, HealthReport):
        raise OperationError(
            _("fail_on has nothing to judge: the result of %(name)s is no health report.") % {"name": operation.name},
            parameter=FAIL_ON,
        )
    return result.overall_status.rank >= limit.rank


def _done(result: Any, status: int = 200) -> HttpResponse:
    return JsonResponse(
        {"ok": True, "result": plain(result)},
        status=status,
        json_dumps_params={"separators": (",", ":")},
        headers={"Cache-Control": "no-store"},
    )
