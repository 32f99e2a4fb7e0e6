"""/healthz (is this process alive?) and /readyz (do both databases answer?)."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import Error, connections
from django.http import HttpRequest, HttpResponse, JsonResponse

from stores import registry
from stores.errors import StoreError

#: One answer of /readyz serves everybody for this long: a prober must not keep a Neon compute awake, nor pile up
#: connections on a database that is down.
REMEMBERED_SECONDS = 5.0

_lock = threading.Lock()
_remembered: tuple[float, dict[str, str]] | None = None


class HealthMiddleware:
    """Answers /healthz before host checks, redirects and sessions: the platform's prober uses its own host name,
    and a redirect would count as healthy and hide a fault. It asks neither database: on Neon a probe every few
    seconds would keep the compute awake for ever, and an outage there must not restart the site."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        return self.get_response(request)


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the site database and the store answer, 503 otherwise, with a word for each; `mode` says where the
    documents are read and written meanwhile (`postgres` or `filesystem`). Where READYZ_TOKEN is
    set, a caller must show it (`Authorization: Bearer TOKEN`), else 401."""
    expected = settings.READYZ_TOKEN
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if expected and not secrets.compare_digest(shown.encode(), expected.encode()):
        return JsonResponse({"status": "unauthorized"}, status=401)
    answers = _answers()
    ready = all(answer == "ok" for answer in answers.values())
    return JsonResponse(
        {"status": "ok" if ready else "unavailable", **answers, "mode": _mode()},
        status=200 if ready else 503,
        headers={"Cache-Control": "no-store"},
    )


def _answers() -> dict[str, str]:
    global _remembered
    with _lock:
        if _remembered is not None and time.monotonic() - _remembered[0] < REMEMBERED_SECONDS:
            return _remembered[1]
        answers = {"site": _answer("default"), "store": _answer("store")}
        _remembered = (time.monotonic(), answers)
        return answers


def _mode() -> str:
    try:
        return registry.host().mode().backend
    except StoreError:
        return "unknown"


def _answer(alias: str) -> str:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        connections[alias].close()
        return "no answer"
    return "ok"
