"""/healthz (is this process alive?) and /readyz (do both databases answer?)."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse


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
