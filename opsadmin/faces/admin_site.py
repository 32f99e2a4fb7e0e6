"""The pages in the admin site: their addresses and their group in the sidebar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext as _

from opsadmin.faces.bundle import bundle
from opsadmin.faces.operation_page import operation_page
from opsadmin.pages.registry import Page, pages
from opsadmin.pages.site import remember_site


class OperationsSiteMixin(admin.AdminSite):
    """Add to a project's AdminSite class: `class MySite(OperationsSiteMixin, AdminSite)`."""

    def get_urls(self) -> list[URLPattern | URLResolver]:
        autodiscover_modules("pages")
        own: list[URLPattern | URLResolver] = [
            path(f"ops/{page.slug}/", self.admin_view(self._guarded(page)), name=page.url_name) for page in pages()
        ]
        # It asks for the permission of its operation.
        run = path("ops/run/<str:name>/", self.admin_view(self._known(operation_page)), name="ops_run_operation")
        files = path("ops/files.<str:kind>", bundle, name="ops_bundle")
        return [*own, run, files, *super().get_urls()]

    def _guarded(self, page: Page) -> Callable[..., HttpResponseBase]:
        def view(request: HttpRequest) -> HttpResponseBase:
            if not request.user.has_perm(page.permission):
                raise PermissionDenied
            return page.view(request)

        return self._known(view)

    def _known(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        def known(request: HttpRequest, **parameters: str) -> HttpResponseBase:
            remember_site(request, self)
            return view(request, **parameters)

        return known

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().each_context(request)
        # On a narrow screen the admin hides its sidebar.
        if request.path.startswith(f"{reverse(f'{self.name}:index')}ops/"):
            found["ops_tabs"] = [
                {"title": page.title, "url": url, "is_current": request.path.startswith(url)}
                for page in self._allowed(request)
                for url in [reverse(f"{self.name}:{page.url_name}")]
            ]
        return found

    def _allowed(self, request: HttpRequest) -> list[Page]:
        return [page for page in pages() if request.user.has_perm(page.permission)]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        found: list[Any] = super().get_app_list(request, app_label)
        if app_label is not None:
            return found
        allowed = self._allowed(request)
        if not allowed:
            return found
        operations = {
            "name": _("Operations"),
            "app_label": "operations",
            "app_url": reverse(f"{self.name}:index"),
            "has_module_perms": True,
            "models": [
                {
                    "name": page.title,
                    "object_name": page.url_name,
                    "admin_url": reverse(f"{self.name}:{page.url_name}"),
                    "add_url": None,
                    "view_only": True,
                    "perms": {"view": True},
                }
                for page in allowed
            ],
        }
        # What an operator opens first, then the store's tables, then access.
        store_first = sorted(found, key=lambda app: app["app_label"] != "stores")
        return [operations, *store_first]


class OperationsSite(OperationsSiteMixin):
    """Django's admin site with the operations: `opsadmin.admin_config` makes it the default one."""
