"""Tokens: the keys for the doors without a password, HTTP and MCP.

    Authorization: Bearer ops_...

A token acts for its user, with that user's permissions of the moment and at most with the effect it was made for. Only
its SHA-256 is kept: a secret of 256 random bits cannot be guessed from it, so a slow hash as for passwords would only
make each call slow. Beside the tokens of the table a project may name digests in OPSADMIN["API_TOKEN_SHA256"], for
cron: those need neither a user nor the site database."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from opsadmin.core.errors import NotPermitted, OperationError, OperationFailed
from opsadmin.core.operation import Caller, Effect
from opsadmin.faces.address import address_of
from opsadmin.models import ApiToken

logger = logging.getLogger(__name__)

PREFIX = "ops_"
#: How much of the secret is shown in lists; 37 unknown characters stay.
HINT_LENGTH = len(PREFIX) + 6
#: What no secret is longer than; anybody may send a header of 8 kB.
MAX_LENGTH = 256
#: The permission that a user needs to make tokens and to use them.
PERMISSION = "opsadmin.use_api"
#: `last_used_at` is as exact as this: not each call is worth a write.
USE_NOTED_EVERY = timedelta(minutes=1)


class NotAuthenticated(OperationError):
    """The request shows no token, or one that is not valid."""

    http_status = 401


@dataclass(frozen=True)
class Key:
    """A valid token. `holder` is its user; None for one of the settings, which holds every permission."""

    name: str
    reach: Effect
    holder: Any = None

    def may(self, permission: str) -> bool:
        return self.holder is None or bool(self.holder.has_perm(permission))

    @property
    def caller_name(self) -> str:
        return self.name if self.holder is None else f"{self.holder.get_username()} ({self.name})"


def issue(user: Any, name: str, reach: str = Effect.READS, expires_at: datetime | None = None) -> tuple[ApiToken, str]:
    """A new token and its secret, which is kept nowhere.

    Raises `OperationError` for a wrong name, reach or time, `NotPermitted` where the user may not use tokens."""
    name = name.strip()
    check_new(user, name, reach, expires_at)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        name=name,
        user=user,
        digest=digest_of(secret),
        hint=secret[:HINT_LENGTH],
        reach=str(reach),
        expires_at=expires_at,
    )
    return token, secret


def check_new(user: Any, name: str, reach: str, expires_at: datetime | None) -> None:
    """Whether such a token may be made.

    Raises as `issue`."""
    longest = ApiToken._meta.get_field("name").max_length or 0
    if not name.strip() or len(name) > longest or not name.isprintable():
        raise OperationError(
            _("A token needs a name of 1 to %(most)d printable characters.") % {"most": longest}, parameter="name"
        )
    if reach not in list(Effect):
        allowed = tuple(effect.value for effect in Effect)
        raise OperationError(
            _("reach is %(reach)r; it must be one of %(allowed)s.") % {"reach": reach, "allowed": ", ".join(allowed)},
            parameter="reach",
            allowed=allowed,
        )
    if expires_at is not None and expires_at <= timezone.now():
        raise OperationError(_("The token would have expired already."), parameter="expires_at")
    _check_user(user)


def digest_of(secret: str) -> str:
    """The SHA-256 of a secret, in hexadecimal: what is kept of it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def caller_for(request: HttpRequest, door: str = "http") -> Caller:
    """Who sends this request, by its bearer token. Reads no cookie and no session.

    Raises `NotAuthenticated`, `NotPermitted` (the user may not use tokens), `OperationFailed` (the site database does
    not answer)."""
    scheme, _blank, secret = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise NotAuthenticated(
            _("This address needs a token."),
            hint=_("Send the header Authorization: Bearer TOKEN. `manage.py ops token create` makes one."),
        )
    address = address_of(request)
    try:
        key = key_of(secret.strip())
    except OperationError as error:
        logger.warning("[ops] a token was refused, from %s: %s", address or "a socket", error.message)
        raise
    return Caller(key.caller_name, door, address, key.may, key.reach)


def key_of(secret: str) -> Key:
    """The valid token with that secret; notes that it was used.

    Raises as `caller_for`."""
    if len(secret) > MAX_LENGTH:
        raise NotAuthenticated(_("This token is not known."))
    digest = digest_of(secret)
    return _key_of_settings(digest) or _key_of_table(digest)


def _key_of_settings(digest: str) -> Key | None:
    entries: list[Mapping[str, str]] = getattr(settings, "OPSADMIN", {}).get("API_TOKEN_SHA256", [])
    # No early end: how long it takes says nothing about the entries.
    matching = [entry for entry in entries if hmac.compare_digest(entry["sha256"].lower(), digest)]
    return Key(matching[0]["name"], Effect(matching[0].get("reach", Effect.READS))) if matching else None


def _key_of_table(digest: str) -> Key:
    try:
        # The index compares digests, not secrets: its timing tells nobody a secret.
        token = ApiToken.objects.select_related("user").filter(digest=digest).first()
        if token is None:
            raise NotAuthenticated(_("This token is not known."), hint=_("It was mistyped, or revoked."))
        now = timezone.now()
        if token.expires_at is not None and token.expires_at <= now:
            raise NotAuthenticated(
                _("This token expired at %(time)s.") % {"time": f"{token.expires_at:%Y-%m-%d %H:%M %Z}"},
                hint=_("Make a new one: `manage.py ops token create`."),
            )
        if not token.user.is_active:
            raise NotAuthenticated(_("The user of this token is no longer active."))
        _check_user(token.user)
    except DatabaseError as error:
        logger.error("[ops] the tokens could not be read: %s", type(error).__name__)
        raise OperationFailed(_("The site database does not answer, so no token can be looked up.")) from error
    _note_use(token, now)
    return Key(token.name, Effect(token.reach), token.user)


def _check_user(user: Any) -> None:
    names = {"user": user.get_username(), "permission": PERMISSION}
    if not user.is_active:
        raise NotPermitted(_("The user %(user)s is not active.") % names, parameter="user")
    if not user.has_perm(PERMISSION):
        raise NotPermitted(
            _("The user %(user)s may not use tokens: the permission %(permission)s is missing.") % names,
            parameter="user",
        )


def _note_use(token: ApiToken, now: datetime) -> None:
    if token.last_used_at is not None and now - token.last_used_at < USE_NOTED_EVERY:
        return
    try:
        ApiToken.objects.filter(pk=token.pk).filter(
            Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
        ).update(last_used_at=now)
    except DatabaseError as error:
        logger.warning("[ops] the use of a token could not be noted: %s", type(error).__name__)
