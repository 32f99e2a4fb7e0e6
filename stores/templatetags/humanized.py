"""Figures as a person says them."""

from __future__ import annotations

from django import template
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
    return f"{seconds:.0f} {_('s')}"


@register.filter
def cut_seconds(moment: str) -> str:
    """`2026-07-18T14:22:07.48+00:00` as `2026-07-18 14:22:07`."""
    return str(moment)[:19].replace("T", " ")
