"""The token of the environment with which cron calls the operations over HTTP."""

from __future__ import annotations

import hashlib

from django.core.exceptions import ImproperlyConfigured

#: Shorter ones could be guessed, and their digest tried offline.
SHORTEST = 32


def environment_tokens(secret: str | None) -> list[dict[str, str]]:
    """What OPSADMIN["API_TOKEN_SHA256"] holds for OPS_API_TOKEN: its digest, since settings may be shown.

    Raises `ImproperlyConfigured` where it is too short."""
    if not secret:
        return []
    if len(secret) < SHORTEST:
        raise ImproperlyConfigured(
            f"OPS_API_TOKEN has {len(secret)} characters; it must have at least {SHORTEST}. "
            "This makes one: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return [{"name": "OPS_API_TOKEN", "sha256": hashlib.sha256(secret.encode()).hexdigest(), "reach": "writes"}]
