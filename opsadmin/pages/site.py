"""What every page has of the admin site that shows it. A project may have several sites."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from opsadmin.core.operation import Caller
from opsadmin.faces.address import address_of

_KEY = "opsadmin.site"


def remember_site(request: HttpRequest, site: admin.AdminSite) -> None:
    """This site shows the page of the request."""
    request.META[_KEY] = site


def site_of(request: HttpRequest) -> admin.AdminSite:
    """The site that shows the page of the request."""
    found: admin.AdminSite = request.META.get(_KEY, admin.site)
    return found


def site_url(request: HttpRequest, name: str, *arguments: str) -> str:
    """The address of a page of the request's site: `site_url(request, "ops_overview")`.

    Raises NoReverseMatch."""
    return reverse(f"admin:{name}", args=arguments, current_app=site_of(request).name)


def render_page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page `admin/opsadmin/<template>.html`, rendered at once: what it reads late must not fail after the view."""
    site = site_of(request)
    every = {**site.each_context(request), "has_sidebar": True, **context}
    return TemplateResponse(request, f"admin/opsadmin/{template}.html", every).render()


def caller_of(request: HttpRequest) -> Caller:
    """The person at the page."""
    user = request.user
    return Caller(user.get_username(), "page", address_of(request), may=user.has_perm)
