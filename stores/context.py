"""The host's mode, for the head of every page of the admin: a badge, and a banner while PostgreSQL is not in use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opsadmin.retold import retold
from stores import registry
from stores.backends.failover.mode import CATCHING_UP, Mode
from stores.errors import StoreError
from stores.fallback.journals import waiting_writes
from stores.router import STORE_ALIAS

#: A reason may be a whole error; the page of the store has all of it.
_LONGEST_REASON = 240


@dataclass(frozen=True)
class Badge:
    """`tone`: ok, warning, critical or unknown; `sign` tells them apart without colour. `url` may be empty."""

    tone: str
    sign: str
    text: str
    note: str
    url: str = ""


@dataclass(frozen=True)
class Banner:
    """`title` and `text` are sentences; `url` leads to what helps, named `link`. `database`: the alias that it says does not
    answer; a page that says so itself shows the text within its own banner."""

    tone: str
    title: str
    text: str
    url: str = ""
    link: str = ""
    database: str = ""


def mode_badge(request: HttpRequest) -> dict[str, Any]:
    """`ops_badges` and `ops_banners`: looked for only where a template shows them, and only for people of the site."""
    return {
        "ops_badges": SimpleLazyObject(lambda: _badges(request)),
        "ops_banners": SimpleLazyObject(lambda: _banners(request)),
    }


def _mode(request: HttpRequest) -> Mode | None:
    user = getattr(request, "user", None)
    if user is None or not user.is_active or not user.is_staff:
        return None
    return registry.host().mode()


def _badges(request: HttpRequest) -> list[Badge]:
    try:
        mode = _mode(request)
    except StoreError as error:
        return [Badge("unknown", "?", _("Store not known"), retold(str(error)))]
    return [] if mode is None else [badge_of(mode, _page_url(request))]


def _banners(request: HttpRequest) -> list[Banner]:
    try:
        mode = _mode(request)
        if mode is None or mode.backend == "postgres" or is_as_configured(mode):
            return []
        return [banner_of(mode, waiting_writes(registry.host()), _page_url(request))]
    except StoreError as error:
        return [Banner("critical", _("The store's directory cannot be used."), retold(str(error)))]


def _page_url(request: HttpRequest) -> str:
    if not request.user.has_perm("stores.view_jsondocument"):
        return ""
    try:
        return reverse("admin:ops_store_fallback")
    except NoReverseMatch:
        return ""


def is_as_configured(mode: Mode) -> bool:
    """Whether STORE_BACKEND put the host on its files: then nothing is wrong."""
    return mode.backend == "filesystem" and not mode.automatic and mode.who == "start" and not mode.stop


def badge_of(mode: Mode, url: str = "") -> Badge:
    since = _("since %(when)s") % {"when": when_text(mode.since)}
    if mode.phase:
        text = _("Catching up") if mode.phase == CATCHING_UP else _("Switching")
        return Badge("warning", "↻", text, since, url)
    if mode.stop:
        return Badge("critical", "!", _("Needs a decision"), since, url)
    if mode.backend == "postgres":
        return Badge("ok", "✓", "PostgreSQL", since, url)
    if mode.automatic:
        return Badge("critical", "⚠", _("JSON copy"), since, url)
    if is_as_configured(mode):
        return Badge("unknown", "▪", _("JSON files"), since, url)
    return Badge("warning", "▪", _("JSON copy, by hand"), since, url)


def banner_of(mode: Mode, writes: int, url: str = "") -> Banner:
    values = {"when": when_text(mode.since), "who": mode.who or _("the operator")}
    reason = _sentence(retold(mode.reason))
    waits = _("Reads and writes go to the copy; no write waits for PostgreSQL yet.")
    if writes:
        waits = ngettext(
            "Reads and writes go to the copy; %(n)d write waits for PostgreSQL.",
            "Reads and writes go to the copy; %(n)d writes wait for PostgreSQL.",
            writes,
        ) % {"n": writes}
    link = _("Store & fallback")
    if mode.stop:
        title = _("PostgreSQL answers, but a person must decide before this host returns to it.")
        return Banner("critical", title, f"{_sentence(retold(mode.stop))} {waits}", url, link)
    if mode.automatic:
        title = _("PostgreSQL does not answer since %(when)s.") % values
        return Banner("critical", title, f"{reason} {waits}".strip(), url, link, STORE_ALIAS)
    title = _("The store is on its JSON copy since %(when)s, by %(who)s.") % values
    return Banner("warning", title, f"{reason} {waits}".strip(), url, link)


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    if len(text) > _LONGEST_REASON:
        text = text[: _LONGEST_REASON - 1] + "…"
    return text if not text or text[-1] in ".!?…" else f"{text}."


def when_text(moment: datetime) -> str:
    """`21:03`, with the date where it is not today's."""
    local = timezone.localtime(moment)
    return format_date(local, "H:i" if local.date() == timezone.localdate() else "j M Y H:i")
