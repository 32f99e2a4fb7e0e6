"""Pages that read the store answer 200 when PostgreSQL does not answer, never 500: with what they showed last."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ERROR_FLAG
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from opsadmin.retold import retold
from stores import registry
from stores.backends.failover.mode import Mode
from stores.engine.patience import waiting_at_most
from stores.errors import StoreUnavailable
from stores.fallback import last_known
from stores.fallback.asking import present_mode, refusal_of, store_breaker

__all__ = ["OutageMixin", "answer_in_outage", "is_outage"]

logger = logging.getLogger(__name__)

_telling = threading.Lock()


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
        return retold(str(error).strip().partition("\n")[0])
    state = getattr(error.__cause__, "sqlstate", None)
    return _("The server reported SQLSTATE %(state)s.") % {"state": state} if state else _("The line is down.")


def tell_the_host(mode: Mode | None) -> None:
    """A page has found PostgreSQL silent while the host is on it: let the documents' store look for itself, in its
    own time. It goes over to the copies where it finds the same."""
    if mode is None or mode.backend != "postgres" or not _telling.acquire(blocking=False):
        return

    def look() -> None:
        try:
            registry.store_for("settings").health_check()
        except Exception:
            logger.exception("[store] The store could not be looked at.")
        finally:
            _telling.release()

    try:
        threading.Thread(target=look, name="store-look", daemon=True).start()
    except RuntimeError:  # the process ends
        _telling.release()


def answer_in_outage(
    request: HttpRequest, error: BaseException, *, title: Any, may_view: bool = True, list_url: str = ""
) -> HttpResponse:
    """The page that stands in for one whose data cannot be read: with what it showed last, if `may_view`. `list_url`:
    a page that may have shown something, where this one has not."""
    mode = present_mode()
    known = last_known.find(request.path) if may_view else None
    elsewhere = None
    if known is None and may_view and list_url and list_url != request.path:
        elsewhere = last_known.find(list_url)
    context = {
        **admin.site.each_context(request),
        "title": capfirst(title),
        "reason": first_line(error),
        "retry_url": request.get_full_path() if request.method == "GET" else request.path,
        "was_write": request.method == "POST",
        # Then the banner of every page says why.
        "is_told": bool(mode and mode.automatic and mode.backend == "filesystem"),
        "known": known,
        "known_elsewhere": elsewhere,
        "filtered": bool(request.GET),
    }
    return TemplateResponse(request, "admin/stores/outage.html", context).render()


class OutageMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A ModelAdmin whose views wait no longer for PostgreSQL than the store itself does, keep what their lists show,
    and answer with that instead of an exception."""

    def get_urls(self) -> list[Any]:
        patterns = super().get_urls()
        for pattern in patterns:
            if hasattr(pattern, "callback"):
                pattern.callback = self._surviving(pattern.callback)
        return patterns

    def _surviving(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def surviving(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            mode = present_mode()
            if mode is not None and mode.backend == "postgres":
                store_breaker().forget_before(mode.since)
            try:
                with waiting_at_most(settings.STORE_DEADLINE_SECONDS, refusal=refusal_of(mode)):
                    response = view(request, *args, **kwargs)
                    # A list is read while its template is rendered: do that here, where the error can be caught.
                    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                        response = response.render()
            except (OperationalError, InterfaceError, StoreUnavailable) as error:
                if not is_outage(error):
                    raise
                return self._in_outage(request, error, mode)
            # Django answers a list's database error by redirecting to ?e=1, which fails in the same way.
            if isinstance(response, HttpResponseRedirect) and response.url.endswith(f"?{ERROR_FLAG}=1"):
                return self._in_outage(request, StoreUnavailable(), mode)
            last_known.keep(request, response, str(capfirst(self.opts.verbose_name_plural)))
            return response

        for name in ("model_admin", "admin_site", "login_required"):
            if hasattr(view, name):
                setattr(surviving, name, getattr(view, name))
        return surviving

    def _in_outage(self, request: HttpRequest, error: BaseException, mode: Mode | None) -> HttpResponse:
        tell_the_host(mode)
        return answer_in_outage(
            request,
            error,
            title=self.opts.verbose_name_plural,
            may_view=self.has_view_permission(request),
            list_url=reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
        )
