"""Mistakes in a project's settings that would make opsadmin work badly, as Django system checks."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register("opsadmin")
def check_template_order(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The templates that stand in for the admin's are found only before the admin's own."""
    names = [config.name for config in apps.get_app_configs()]
    if "django.contrib.admin" not in names:
        return [
            Error(
                "opsadmin needs django.contrib.admin.",
                hint='Add "django.contrib.admin" to INSTALLED_APPS, after "opsadmin".',
                id="opsadmin.E002",
            )
        ]
    if names.index("opsadmin") > names.index("django.contrib.admin"):
        return [
            Error(
                "opsadmin stands after django.contrib.admin in INSTALLED_APPS, so its templates are not found.",
                hint='Move "opsadmin" before "django.contrib.admin".',
                id="opsadmin.E001",
            )
        ]
    return []


@register("opsadmin")
def check_atomic_requests(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """ATOMIC_REQUESTS opens a transaction on the alias at each request, of every view."""
    return [
        Warning(
            f"ATOMIC_REQUESTS is on for the alias {alias!r}: while that PostgreSQL is down every page fails, "
            "the login included.",
            hint="Use transaction.atomic() where a transaction is needed.",
            id="opsadmin.W001",
        )
        for alias, database in settings.DATABASES.items()
        if alias != "default" and database.get("ATOMIC_REQUESTS")
    ]
