"""Who writes to the store: a name that travels with each write into its revision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_writer: ContextVar[str] = ContextVar("store_writer", default="")
_reason: ContextVar[str] = ContextVar("store_reason", default="")


def current_writer() -> str:
    """`admin:NAME` in a request, `command:NAME` in a command, else empty."""
    return _writer.get()


def current_reason() -> str:
    """Why the present write is made, as `restore revision 12`; else empty."""
    return _reason.get()


@contextmanager
def writing_as(writer: str, reason: str = "") -> Iterator[None]:
    """Within this block writes carry this name and reason."""
    tokens = _writer.set(writer), _reason.set(reason)
    try:
        yield
    finally:
        _writer.reset(tokens[0])
        _reason.reset(tokens[1])


class WriterMiddleware:
    """Names the signed-in user as the writer for the length of the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = getattr(request, "user", None)
        # is_authenticated reads the session: only pages that write pay for it.
        if request.method in ("GET", "HEAD") or user is None or not user.is_authenticated:
            return self.get_response(request)
        with writing_as(f"admin:{user.get_username()}"):
            return self.get_response(request)
