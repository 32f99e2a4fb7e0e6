"""How a door over HTTP says no: the error as JSON, with the headers that its status asks for."""

from __future__ import annotations

from django.http import JsonResponse

from opsadmin.core.errors import OperationError


def refused(error: OperationError, status: int | None = None, **headers: str) -> JsonResponse:
    """The answer to a request that was not done; `status` stands in for the error's own."""
    status = status or error.http_status
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="opsadmin"'
    return JsonResponse(
        {"ok": False, "error": error.as_dict()}, status=status, headers={"Cache-Control": "no-store", **headers}
    )
