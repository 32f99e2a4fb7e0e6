"""What every template may show."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def environment_label(request: HttpRequest) -> dict[str, str]:
    return {"environment_label": settings.ENVIRONMENT_LABEL}
