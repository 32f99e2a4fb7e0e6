"""Alerts from the environment: where they go, and through which mail server."""

from __future__ import annotations

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from switchbot_site.environment import Environment

#: Of django-environ's answer, what Django has a setting for.
_NAMES = (
    "EMAIL_BACKEND",
    "EMAIL_HOST",
    "EMAIL_PORT",
    "EMAIL_HOST_USER",
    "EMAIL_HOST_PASSWORD",
    "EMAIL_USE_TLS",
    "EMAIL_USE_SSL",
)


def alert_options(env: Environment) -> dict[str, Any]:
    """OPSADMIN["ALERTS"]."""
    hooks = (("json", env("ALERT_WEBHOOK_URL")), ("slack", env("ALERT_SLACK_URL")))
    host = env("RENDER_EXTERNAL_HOSTNAME")
    return {
        "EMAIL": env("ALERT_EMAIL"),
        "WEBHOOKS": [{"url": url, "shape": shape} for shape, url in hooks if url],
        "LEAST": env("ALERT_LEAST_SEVERITY").lower(),
        "COOLDOWN_MINUTES": env("ALERT_COOLDOWN_MINUTES"),
        "LABEL": env("ENVIRONMENT_LABEL"),
        "SITE_URL": env("SITE_URL") or (f"https://{host}" if host else ""),
    }


def mail_settings(url: str | None) -> dict[str, Any]:
    """Django's settings for the mail server of that address; none for None.

    Raises `ImproperlyConfigured`, without the address."""
    if not url:
        return {}
    try:
        found = environ.Env.email_url_config(url)
    except Exception:
        raise ImproperlyConfigured(
            "EMAIL_URL cannot be read. It is written smtp+tls://user:password@host:587, with %40 for an @ in the password."
        ) from None
    return {name: found[name] for name in _NAMES if found.get(name) is not None}
