"""What our templates say in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from opsadmin.core.blocks import said_bytes, said_seconds
from opsadmin.core.errors import OperationError
from opsadmin.core.operation import Effect
from opsadmin.models import HealthSnapshot
from opsadmin.perform import title_of
from opsadmin.postgres.aliases import default_alias
from opsadmin.retold import retold
from opsadmin.snapshots import latest

register = template.Library()


register.filter("retold", retold)
register.filter("operation_title", title_of)


@register.filter
def status_word(status: Any) -> str:
    """ok, warning, critical, unknown in the reader's language."""
    return {"ok": _("Fine"), "warning": _("Warning"), "critical": _("Critical")}.get(str(status), _("Not known"))


@register.filter
def effect_word(effect: Effect) -> str:
    """What an operation does to the world, in the reader's language."""
    return {
        Effect.READS: _("Reads only"),
        Effect.WRITES: _("Changes something"),
        Effect.DESTROYS: _("Cannot be undone"),
    }[effect]


@register.filter
def effect_tone(effect: Effect) -> str:
    """The badge of an effect."""
    return {Effect.READS: "unknown", Effect.WRITES: "warning", Effect.DESTROYS: "critical"}[effect]


@register.filter
def outcome_word(outcome: str) -> str:
    """How a run stands, in the reader's language."""
    return {
        "running": _("Running"),
        "done": _("Done"),
        "failed": _("Failed"),
        "cancelled": _("Stopped"),
        "interrupted": _("Interrupted"),
    }.get(outcome, outcome)


@register.filter
def group_word(group: str) -> str:
    """A group of operations or an area of checks as a heading, in the reader's language where it is one of ours."""
    ours = {
        "health": _("Health"),
        "catalogue": _("Catalogue"),
        "index": _("Indexes"),
        "connection": _("Connections"),
        "vacuum": _("Vacuum"),
        "sequence": _("Sequences"),
        "replication": _("Replication"),
        "buffer": _("Buffers"),
        "constraint": _("Constraints"),
        "table": _("Tables"),
        "query": _("Queries"),
        "security": _("Security"),
        "configuration": _("Configuration"),
        "store": _("Store"),
        "runs": _("Runs"),
        "logbook": _("Incidents and decisions"),
        "alerts": _("Alerts"),
    }
    return ours.get(group) or group.replace("_", " ").capitalize()


@register.filter
def clock(moment: datetime | None) -> str:
    """`04:10`, with the date where it is not today's."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    return format_date(local, "H:i" if local.date() == timezone.localdate() else "j M Y H:i")


@register.filter
def ago(moment: datetime | None) -> str:
    """How long ago: `4 s`, `12 min`, `2 d 3 h`."""
    if moment is None:
        return "–"
    return said_seconds(max(1, int((timezone.now() - moment).total_seconds())))


@register.filter
def size(value: float | None) -> str:
    """Bytes as PostgreSQL says them."""
    return "–" if value is None else said_bytes(value)


@register.filter
def duration(seconds: float) -> str:
    """`4 s`, `12 min`, `2 h 3 min`."""
    return said_seconds(seconds)


@register.simple_tag
def last_report() -> HealthSnapshot | None:
    """How the newest report of the default database came out; None where there is none. PostgreSQL is not asked."""
    try:
        return latest(default_alias(), whole=False)
    except OperationError:
        return None
