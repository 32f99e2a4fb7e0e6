"""The store on the Overview: where the documents live, how old their copy is, and where its findings are settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from opsadmin.pages.actions import Action
from opsadmin.pages.tiles import Tile
from opsadmin.retold import retold
from stores import registry
from stores.backends.protocol import KINDS
from stores.checks.copy_age import OLD_SECONDS
from stores.context import badge_of
from stores.errors import StoreError
from stores.router import STORE_ALIAS
from stores.templatetags.humanized import age

PERMISSION = "stores.view_jsondocument"


def store_tile(database: str) -> Tile | None:
    """Reads the host's own files alone."""
    if database != STORE_ALIAS:
        return None
    try:
        url = reverse("admin:ops_store_fallback")
    except NoReverseMatch:
        url = ""
    try:
        mode = registry.host().mode()
        note, is_old = _copy()
    except StoreError as error:
        return Tile(_("Store mode"), _("Not known"), retold(str(error)), "critical", url, PERMISSION)
    badge = badge_of(mode)
    tone = badge.tone if badge.tone in ("warning", "critical") else "warning" if is_old else ""
    return Tile(_("Store mode"), badge.text, note if mode.backend == "postgres" else badge.note, tone, url, PERMISSION)


def store_action(finding: Mapping[str, Any], database: str) -> Action | None:
    """Where a finding of the store is settled, and what goes on while its PostgreSQL does not answer."""
    if database != STORE_ALIAS:
        return None
    try:
        return Action(_("Store & fallback"), reverse("admin:ops_store_fallback"), PERMISSION)
    except NoReverseMatch:
        return None


def _copy() -> tuple[str, bool]:
    """What to say of the JSON copies, and whether that is bad."""
    if not all(Path(settings.STORE_PATHS[kind]).exists() for kind in KINDS):
        return _("there is no JSON copy yet"), True
    seen = [known.seen_at for kind in KINDS if (known := registry.host().known(kind).latest()) is not None]
    if not seen:
        return _("JSON copy of unknown age"), True
    seconds = max(0.0, (datetime.now(UTC) - min(seen)).total_seconds())
    return _("JSON copy %(age)s old") % {"age": age(seconds)}, seconds > OLD_SECONDS
