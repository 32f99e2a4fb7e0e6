"""Pages that read the store answer 200 with an explanation when PostgreSQL does not answer, never 500."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from django.contrib import admin
from django.contrib.admin.views.main import ERROR_FLAG
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from stores.errors import StoreUnavailable

__all__ = ["OutageMixin", "answer_in_outage", "is_outage"]


def is_outage(error: BaseException) -> bool:
    """Whether the error says that the store's PostgreSQL does not answer (and not that the site database is busy,
    which raises the same Django class)."""
    if isinstance(error, StoreUnavailable):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    cause = error.__cause__
    return cause is None or isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)


def first_line(error: BaseException) -> str:
    """What the error says, without libpq's details: they hold host, port and role."""
    if isinstance(error, StoreUnavailable) or error.__cause__ is None:
        return str(error).strip().partition("\n")[0]
    state = getattr(error.__cause__, "sqlstate", None)
    return _("The server reported SQLSTATE %(state)s.") % {"state": state} if state else _("The line is down.")


def answer_in_outage(request: HttpRequest, error: BaseException, *, title: Any) -> HttpResponse:
    """The page that stands in for one whose data cannot be read."""
    context = {
        **admin.site.each_context(request),
        "title": capfirst(title),
        "reason": first_line(error),
        "retry_url": request.get_full_path() if request.method == "GET" else request.path,
        "was_write": request.method == "POST",
    }
    return TemplateResponse(request, "admin/stores/outage.html", context).render()


class OutageMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A ModelAdmin whose views answer with the outage page instead of an exception."""

    def get_urls(self) -> list[Any]:
        patterns = super().get_urls()
        for pattern in patterns:
            if hasattr(pattern, "callback"):
                pattern.callback = self._surviving(pattern.callback)
        return patterns

    def _surviving(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def surviving(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                response = view(request, *args, **kwargs)
                # A list is read while its template is rendered: do that here, where the error can be caught.
                if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                    response = response.render()
            except (OperationalError, InterfaceError, StoreUnavailable) as error:
                if not is_outage(error):
                    raise
                return answer_in_outage(request, error, title=self.opts.verbose_name_plural)
            # Django answers a list's database error by redirecting to ?e=1, which fails in the same way.
            if isinstance(response, HttpResponseRedirect) and response.url.endswith(f"?{ERROR_FLAG}=1"):
                return answer_in_outage(request, StoreUnavailable(), title=self.opts.verbose_name_plural)
            return response

        for name in ("model_admin", "admin_site", "login_required"):
            if hasattr(view, name):
                setattr(surviving, name, getattr(view, name))
        return surviving
