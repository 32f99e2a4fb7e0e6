"""What every template may show, also the error pages, which no admin view fills."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest


def site_names(request: HttpRequest) -> dict[str, Any]:
    return {
        "environment_label": settings.ENVIRONMENT_LABEL,
        "site_header": admin.site.site_header,
        "site_title": admin.site.site_title,
    }
