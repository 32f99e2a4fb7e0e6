"""What the page "Indexes" says of one: why it may go or must stay, in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from opsadmin.core.blocks import said, said_bytes, said_number


def titles() -> dict[str, str]:
    """Of every list."""
    return {
        "unused": _("Unused"),
        "idle": _("Idle, but needed"),
        "duplicate": _("Duplicate"),
        "invalid": _("Invalid"),
        "bloated": _("Bloated"),
        "all": _("All"),
    }


def leads() -> dict[str, str]:
    """What each list is, as a sentence."""
    return {
        "unused": _("Nobody read them since the counters began, and nothing else needs them."),
        "idle": _("Nobody read them either, and each has a reason to stay: dropping one may do harm."),
        "duplicate": _("Another index does the same work, or all of it and more."),
        "invalid": _("Left over from an attempt that failed: every write pays for them, no query uses them."),
        "bloated": _("More than half empty, by an estimate from what the last VACUUM or ANALYZE saw."),
        "all": _("Every index outside PostgreSQL's own schemas."),
    }


def empties() -> dict[str, str]:
    """What is said where a list has nothing."""
    return {
        "unused": _("No index is known to be unused."),
        "idle": _("Every index was read."),
        "duplicate": _("No index does another one's work."),
        "invalid": _("Every index is valid."),
        "bloated": _("No index is more than half empty."),
        "all": _("There is no index."),
    }


def forbidding(row: Mapping[str, Any]) -> str:
    """What speaks against dropping it, in a few words; empty where nothing is known to."""
    name = row.get("constraint_name")
    if row.get("is_primary"):
        return _("primary key")
    if name and row.get("is_exclusion"):
        return _("exclusion constraint %(name)s") % {"name": name}
    if name:
        return _("unique constraint %(name)s") % {"name": name}
    if row.get("is_referenced"):
        return _("a foreign key refers to it")
    if row.get("is_unique") and row.get("is_valid", True):
        return _("keeps values unique")
    if row.get("is_replica_identity"):
        return _("replica identity")
    if row.get("is_partition"):
        return _("part of a partitioned index")
    because = {
        "foreign_key": _("serves a foreign key alone"),
        "clustered": _("the table was clustered by it"),
        "expression": _("its expression has statistics for the planner"),
        "no_rows": _("its table is empty"),
        "not_sure": _("too small, or counted for too short a time"),
    }
    return because.get(row.get("because", ""), "")


def remark(row: Mapping[str, Any]) -> str:
    """What the list says of it, beside its figures."""
    match row.get("check"):
        case "index.unused":
            return _("its table was read %(reads)s times in other ways") % {"reads": said_number("", row["reads"])}
        case "index.duplicate":
            return _("does the same work as %(kept)s") % row
        case "index.redundant":
            return _("is the beginning of %(kept)s") % row
        case "index.invalid":
            return str(row["state"])
        case "index.bloat":
            return _("%(percent)s empty: %(needed)s would do") % {
                "percent": said_number("percent", row["wasted_percent"]),
                "needed": said_bytes(row["needed_bytes"]),
            }
    return ""


def on(row: Mapping[str, Any]) -> str:
    """Its method where that is not the usual one, and its columns."""
    if "columns" not in row:
        return ""
    method = "" if row["method"] == "btree" else f"{row['method']} "
    partial = _(", partial") if row["is_partial"] else ""
    return f"{method}({', '.join(row['columns'])}){partial}"


def figures(row: Mapping[str, Any]) -> dict[str, str]:
    """Its size, how often it was read, and when last; empty what is not known."""
    has_size = row.get("bytes") is not None and not row.get("is_partitioned")
    return {
        "size": said_bytes(row["bytes"]) if has_size else "–",
        "scans": "–" if row.get("scans") is None or row.get("is_partitioned") else said_number("", row["scans"]),
        "used": said("", row["used_at"]) if row.get("used_at") else "",
    }
