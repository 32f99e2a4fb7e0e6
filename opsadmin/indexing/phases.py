"""How far an index has come, from what pg_stat_progress_create_index says."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

#: For each phase where it begins and ends on a scale of 100, and what it counts. The reading of the table and the loading
#: take most of the time; how long the waits take nobody knows, so they take no room.
_PHASES: dict[str, tuple[float, float, str]] = {
    "initializing": (0, 1, ""),
    "waiting for writers before build": (1, 1, ""),
    "building index": (1, 60, "blocks"),
    "building index: initializing": (1, 2, ""),
    "building index: scanning table": (2, 35, "blocks"),
    "building index: sorting live tuples": (35, 40, ""),
    "building index: loading tuples in tree": (40, 60, "tuples"),
    "waiting for writers before validation": (60, 60, ""),
    "index validation: scanning index": (60, 75, "blocks"),
    "index validation: sorting tuples": (75, 78, ""),
    "index validation: scanning table": (78, 98, "blocks"),
    "waiting for old snapshots": (98, 98, ""),
    "waiting for readers before marking dead": (98, 99, ""),
    "waiting for readers before dropping": (99, 100, ""),
}


def percent_of(row: dict[str, Any]) -> float | None:
    """How far on a scale of 100; None in a phase that is not known."""
    phase = row["phase"] or ""
    if phase not in _PHASES:
        phase = phase.partition(":")[0]
    if phase not in _PHASES:
        return None
    begin, end, unit = _PHASES[phase]
    done, total = (row[f"{unit}_done"], row[f"{unit}_total"]) if unit else (0, 0)
    share = min(1.0, (done or 0) / total) if total else 0.0
    return round(begin + (end - begin) * share, 1)


def said_phase(row: dict[str, Any]) -> str:
    """The phase for people, with its numbers."""
    phase = row["phase"] or ""
    words = {
        "initializing": _("Beginning"),
        "waiting for writers before build": _("Waiting for transactions that write to the table"),
        "building index": _("Building"),
        "building index: initializing": _("Building"),
        "building index: scanning table": _("Reading the table"),
        "building index: sorting live tuples": _("Sorting"),
        "building index: loading tuples in tree": _("Writing the index"),
        "waiting for writers before validation": _("Waiting for transactions that write to the table"),
        "index validation: scanning index": _("Checking: reading the index"),
        "index validation: sorting tuples": _("Checking: sorting"),
        "index validation: scanning table": _("Checking: reading the table"),
        "waiting for old snapshots": _("Built; waiting for transactions that began before it"),
        "waiting for readers before marking dead": _("Waiting for those that read the old index"),
        "waiting for readers before dropping": _("Waiting for those that read the old index"),
    }
    text = words.get(phase, phase or _("Beginning"))
    for unit, several in (("blocks", _("pages")), ("tuples", _("rows"))):
        if row[f"{unit}_total"] and _counts(phase) in ("", unit):
            numbers = {"done": row[f"{unit}_done"] or 0, "total": row[f"{unit}_total"], "unit": several}
            return f"{text}: " + _("%(done)d of %(total)d %(unit)s") % numbers
    return text


def is_wait(row: dict[str, Any]) -> bool:
    """Whether the phase itself says that others are waited for."""
    return str(row["phase"] or "").startswith("waiting")


def _counts(phase: str) -> str:
    return _PHASES.get(phase, (0, 0, ""))[2] or ("none" if phase in _PHASES else "")
