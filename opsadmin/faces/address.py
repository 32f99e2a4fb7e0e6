"""Where a request comes from, for the log of runs."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The client's address, at most 64 characters; empty where there is none (a unix socket). A project that says with
    SECURE_PROXY_SSL_HEADER that a proxy of its own stands before it gets what that proxy forwarded; elsewhere anybody
    could write that header."""
    forwarded = request.headers.get("X-Forwarded-For", "").strip() if settings.SECURE_PROXY_SSL_HEADER else ""
    return (forwarded or str(request.META.get("REMOTE_ADDR") or ""))[:64]
