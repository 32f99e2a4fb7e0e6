"""Whether a browser on somebody else's page sent the request. A program sends no Origin; a page that lured a browser to
an address of this network (DNS rebinding) cannot leave its own out."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.http import is_same_domain


def is_foreign(request: HttpRequest) -> bool:
    """True where the request names an origin that is neither this site nor one of settings.CSRF_TRUSTED_ORIGINS."""
    origin = request.headers.get("Origin")
    if origin is None or origin == f"{request.scheme}://{request.get_host()}":
        return False
    return not any(_matches(origin, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS)


def _matches(origin: str, trusted: str) -> bool:
    if "*" not in trusted:
        return origin == trusted
    try:
        shown, pattern = urlsplit(origin), urlsplit(trusted.replace("*", "", 1))
    except ValueError:
        return False
    return shown.scheme == pattern.scheme and is_same_domain(shown.netloc, pattern.netloc)
