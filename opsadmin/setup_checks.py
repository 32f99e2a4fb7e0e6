"""Mistakes in a project's settings that would make opsadmin work badly, as Django system checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from opsadmin.alerts.channels import problems
from opsadmin.core.operation import Effect


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


@register("opsadmin")
def check_api_tokens(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A digest that is none lets nobody in, or fails at each call. The entries themselves are not shown: one may be
    the token in place of its digest."""
    entries = getattr(settings, "OPSADMIN", {}).get("API_TOKEN_SHA256", [])
    return [
        Error(
            f'Entry {number} of OPSADMIN["API_TOKEN_SHA256"] is not {{"name": ..., "sha256": ..., "reach": ...}}.',
            hint=f"sha256 has 64 hexadecimal digits; reach is one of {', '.join(Effect)}, or left out for reads.",
            id="opsadmin.E003",
        )
        for number, entry in enumerate(entries, start=1)
        if not _is_token(entry)
    ]


@register("opsadmin")
def check_alerts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What is wrong in OPSADMIN["ALERTS"] is left out there, and nobody would be told."""
    return [
        Error(problem, hint="docs/core/alerts.md shows how it is written.", id="opsadmin.E004")
        for problem in problems()
    ]


def _is_token(entry: Any) -> bool:
    return (
        isinstance(entry, Mapping)
        and isinstance(entry.get("name"), str)
        and bool(re.fullmatch(r"[0-9a-fA-F]{64}", str(entry.get("sha256"))))
        and entry.get("reach", Effect.READS) in list(Effect)
    )
