"""Figures as a person says them."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def status_word(status: str) -> str:
    """ok, warning, critical, unknown in the reader's language."""
    return {"ok": _("Fine"), "warning": _("Warning"), "critical": _("Critical")}.get(str(status), _("Not known"))


@register.filter
def age(seconds: float | None) -> str:
    """An age: `12 s`, `5 min`, `3 h`, `4 d`."""
    if seconds is None:
        return "–"
    for unit, length in ((_("d"), 86_400), (_("h"), 3600), (_("min"), 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    unit = _("s")
    return f"{seconds:.0f} {unit}"


@register.filter
def moment(text: str | None) -> str:
    """An ISO time, as `2026-07-18T14:22:07.48+00:00`, in the page's time zone: `2026-07-18 16:22:07`."""
    return f"{localtime(datetime.fromisoformat(text)):%Y-%m-%d %H:%M:%S}" if text else "–"


@register.filter
def figure_name(name: str) -> str:
    """`connect_errors` as words."""
    return name.replace("_", " ")


@register.filter
def verdict(name: str) -> str:
    """What a resync did, or would do, with a document, in the reader's language."""
    words = {
        "same": _("the same"),
        "ours": _("the copy's changes"),
        "theirs": _("PostgreSQL's changes"),
        "merged": _("merged"),
        "stop": _("stopped"),
    }
    return words.get(str(name), str(name))
